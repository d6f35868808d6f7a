"""What a person may do with one outreach, as a table: every state, every hold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from beforehand.outreach.model import Hold, State
from beforehand.outreach.recalling import Entry, cancel, release
from beforehand.results import Status

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HELD = Entry(
    outreach_id=UUID(int=1), customer_id="C1", state=State.HELD, hold=Hold.PERSON, not_after=NOW + timedelta(days=7)
)
CASE = UUID(int=9)


@pytest.mark.parametrize("state", State)
def test_what_has_gone_or_may_have_is_never_called_back(state: State) -> None:
    move = cancel(replace(HELD, state=state))
    expected = {
        State.SCHEDULED: Status.DONE,
        State.HELD: Status.DONE,
        State.CANCELLED: Status.SKIPPED,
    }.get(state, Status.FAILED)
    assert move.status is expected
    assert ("too late" in move.because) is (expected is Status.FAILED)


@pytest.mark.parametrize("hold", Hold)
def test_whatever_a_message_waits_for_it_can_be_called_back(hold: Hold) -> None:
    assert cancel(replace(HELD, hold=hold)).status is Status.DONE


def test_whoever_reviewed_a_message_is_not_asked_to_once_more() -> None:
    reviewed = replace(HELD, state=State.REVIEW, hold=None)
    assert "end its case" in cancel(replace(reviewed, case_id=CASE)).because
    for move in (cancel(reviewed), release(reviewed, at=NOW)):
        assert move.because.endswith("whoever reviewed it could not tell; propose another that follows it")


def test_a_case_that_stays_open_is_said() -> None:
    assert cancel(replace(HELD, case_id=CASE)).because == f"a person cancelled it; its case {CASE} stays open"


@pytest.mark.parametrize("state", State)
def test_only_what_is_held_can_be_let_go(state: State) -> None:
    expected = {State.HELD: Status.DONE, State.SCHEDULED: Status.SKIPPED}.get(state, Status.FAILED)
    assert release(replace(HELD, state=state), at=NOW).status is expected


@pytest.mark.parametrize("hold", [hold for hold in Hold if hold is not Hold.PERSON])
def test_what_does_not_wait_for_a_person_is_let_go_by_what_it_waits_for(hold: Hold) -> None:
    move = release(replace(HELD, hold=hold), at=NOW)
    assert move.status is Status.FAILED
    assert move.because.startswith("it does not wait for a person, but for ")


def test_what_a_case_decides_about_is_not_let_go_beside_it() -> None:
    move = release(replace(HELD, case_id=CASE), at=NOW)
    assert (move.status, str(CASE) in move.because) == (Status.FAILED, True)


def test_what_is_too_old_is_not_let_go() -> None:
    assert release(HELD, at=HELD.not_after - timedelta(seconds=1)).status is Status.DONE
    late = release(HELD, at=HELD.not_after)
    assert late.because == "it is too late: it had to go before 2026-03-09 09:30 UTC"
