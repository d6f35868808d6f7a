"""How long a person has before a message goes without them: never so long that it is too late for the message."""

from datetime import timedelta

import pytest

from beforehand.outreach.cases import Answer, Kind, Role
from beforehand.outreach.person_first import approval, low_emotion, person_first
from tests.outreach.desk import NOW, proposal


@pytest.mark.parametrize(
    ("ends_in", "waits"),
    [
        (timedelta(days=7), timedelta(hours=4)),
        (timedelta(hours=1), timedelta(minutes=45)),
        (timedelta(minutes=10), timedelta(0)),
        (timedelta(hours=-1), timedelta(0)),
    ],
)
def test_a_person_has_four_hours_or_until_just_before_the_messages_end(
    ends_in: timedelta, waits: timedelta
) -> None:
    made = low_emotion(proposal(not_after=NOW + ends_in), because="c", now=NOW)
    assert made.case.due_at == made.case.otherwise_at == NOW + waits
    assert (made.case.kind, made.case.role, made.case.otherwise) == (Kind.LOW_EMOTION, Role.OPERATOR, Answer.SEND)
    assert (made.proposal.held, made.case.outreach_id) == (True, made.proposal.outreach_id)


def test_every_message_has_a_case_of_its_own_and_always_the_same() -> None:
    wishes = [proposal(), proposal(step=1), proposal(cycle="another"), proposal("C2")]
    ids = [low_emotion(one, because="c", now=NOW).case.case_id for one in wishes]
    assert len(set(ids)) == len(wishes)
    later = NOW + timedelta(days=1)
    assert [low_emotion(one, because="d", now=later).case.case_id for one in wishes] == ids


def test_without_a_default_it_waits_for_a_person() -> None:
    made = person_first(
        proposal(), kind=Kind.ESCALATION, subject="s", because="c", now=NOW, within=timedelta(hours=2),
        otherwise=None,
    )  # fmt: skip
    assert (made.case.otherwise, made.case.otherwise_at, made.case.due_at) == (None, None, NOW + timedelta(hours=2))


def test_an_approval_is_due_in_a_day_or_at_the_messages_end() -> None:
    short = proposal(not_after=NOW + timedelta(hours=2))
    assert [approval(one, now=NOW).case.due_at for one in (proposal(), short)] == [
        NOW + timedelta(days=1), short.not_after,
    ]  # fmt: skip
