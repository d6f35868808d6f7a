"""What the gate is told of people, from the database; and who rests because a message of theirs was skipped."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from beforehand.adapters.postgres import Transaction
from beforehand.churn.model import Record
from beforehand.outreach.cases import Kind, NewCase, Role
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.delivery.model import LEASE
from beforehand.outreach.gate.facts_store import Addresses, PostgresFacts
from beforehand.outreach.gate.model import Contact, Facts
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policy import ContactPolicy
from tests.stores.churn_base import keep

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def known(transaction: Transaction, **contact: Any) -> None:
    keep(transaction, [Record(customer_id="C1")], {}, {"C1": contact})


def facts(transaction: Transaction, suppressed: Mapping[str, frozenset[Channel]] | None = None) -> Facts:
    def ask(people: Sequence[Addresses]) -> Mapping[str, frozenset[Channel]]:
        return suppressed or {}

    return PostgresFacts(transaction, ask).of(["C1"], policy=ContactPolicy(), as_of=NOW)["C1"]


def test_the_gate_is_told_how_somebody_wishes_to_be_reached(transaction: Transaction) -> None:
    known(transaction, phone="+919876543210", preferred_channel="sms")
    assert facts(transaction).person.preferred_channel is Channel.SMS


def test_of_whom_nobody_knows_how_they_wish_to_be_reached_the_gate_is_told_nothing(
    transaction: Transaction,
) -> None:
    known(transaction)
    assert facts(transaction).person.preferred_channel is None


def planned(
    transaction: Transaction,
    state: str,
    *,
    proposed: timedelta = DAY,
    attempts: Sequence[tuple[timedelta, Any]] = (),
) -> UUID:
    """An outreach in a state, with attempts begun so long ago that ended so."""
    outreach_id = uuid4()
    transaction.run(
        """insert into outreach (outreach_id, customer_id, purpose, cycle, channel, state, priority, due_at,
                                 not_after, language, subject, body, because, proposed_at, state_at)
           values (:id, 'C1', 'churn_intervention', :cycle, 'email', :state, 50, :at, :until, 'en', 's', 'b', 'why',
                   :at, :now)""",
        id=outreach_id, cycle=str(outreach_id), state=state, at=NOW - proposed, until=NOW + 30 * DAY, now=NOW,
    )  # fmt: skip
    for number, (ago, outcome) in enumerate(attempts, start=1):
        transaction.run(
            """insert into outreach_attempts (outreach_id, attempt, channel, policy_version, claimed_at,
                                              lease_until, outcome)
               values (:id, :attempt, 'email', 'contact-v1', :at, :at, :outcome)""",
            id=outreach_id, attempt=number, at=NOW - ago, outcome=outcome,
        )  # fmt: skip
        transaction.run(
            "update outreach set attempt = :attempt, lease_until = :until where outreach_id = :id",
            attempt=number, until=NOW - ago + LEASE, id=outreach_id,
        )  # fmt: skip
    return outreach_id


def test_a_person_is_told_with_what_is_known_of_them(transaction: Transaction) -> None:
    known(
        transaction, name="Asha", email="a@customers.example", phone="+919876543210", language="hi",
        zone="Asia/Kolkata", country="IN", marketing_consent=True,
    )  # fmt: skip
    found = facts(transaction, {"C1": frozenset({Channel.SMS})})
    assert (found.name, found.language, found.email, found.phone) == (
        "Asha", "hi", "a@customers.example", "+919876543210",
    )  # fmt: skip
    person = found.person
    assert (person.zone, person.country, person.consent, person.case_open) == ("Asia/Kolkata", "IN", True, False)
    assert person.reachable == frozenset(Channel)
    assert person.suppressed == {Channel.SMS}


def test_what_is_not_known_is_none_and_what_is_missing_cannot_be_reached_by(transaction: Transaction) -> None:
    known(transaction, email=None)
    person = facts(transaction).person
    assert (person.zone, person.country, person.region, person.consent) == (None, None, None, None)
    assert person.reachable == {Channel.WEBHOOK}


def test_who_was_deleted_can_be_reached_by_nothing(transaction: Transaction) -> None:
    found = facts(transaction)
    assert (found.person.customer_id, found.person.reachable, found.history) == ("C1", frozenset(), ())


def test_a_case_counts_while_it_is_not_done(transaction: Transaction) -> None:
    known(transaction)
    case = NewCase(
        kind=Kind.ESCALATION, customer_id="C1", cycle="1", outreach_id=None, run_id=None, role=Role.OPERATOR,
        subject="Take over C1", because="why", priority=80, due_at=NOW,
    )  # fmt: skip
    PostgresCases(transaction).open([case], now=NOW)
    assert facts(transaction).person.case_open
    transaction.run("update outreach_cases set state = 'done'")
    assert not facts(transaction).person.case_open


@pytest.mark.parametrize("state", ["claimed", "sent", "delivered", "unknown", "review"])
def test_what_went_or_may_have_gone_is_history_at_the_moment_of_its_claim(
    transaction: Transaction, state: str
) -> None:
    known(transaction)
    went = planned(transaction, state, attempts=[(3 * DAY, "not_now"), (2 * DAY, None)])
    contact = Contact(outreach_id=went, purpose=Purpose.CHURN_INTERVENTION, channel=Channel.EMAIL, at=NOW - 2 * DAY)
    assert facts(transaction).history == (contact,)


@pytest.mark.parametrize("state", ["scheduled", "held", "skipped", "expired", "cancelled", "failed"])
def test_what_did_not_go_is_no_history(transaction: Transaction, state: str) -> None:
    known(transaction)
    planned(transaction, state, attempts=[(DAY, "refused")])
    assert facts(transaction).history == ()


@pytest.mark.parametrize("outcome", ["void", "stopped", "suppressed", "refused", "not_now"])
def test_an_attempt_of_which_it_is_certain_that_nothing_went_is_no_history(
    transaction: Transaction, outcome: str
) -> None:
    known(transaction)
    planned(transaction, "claimed", attempts=[(DAY, outcome)])
    assert facts(transaction).history == ()


def test_history_reaches_back_as_far_as_the_policy_remembers(transaction: Transaction) -> None:
    known(transaction)
    memory = ContactPolicy().memory
    planned(transaction, "sent", attempts=[(memory, "accepted")])
    assert facts(transaction).history == ()
    planned(transaction, "sent", attempts=[(memory - timedelta(seconds=1), "accepted")])
    assert len(facts(transaction).history) == 1


@pytest.mark.parametrize(
    ("state", "ago", "standing"),
    [
        ("sent", DAY, "resting"),
        ("skipped", DAY, "resting"),
        ("expired", DAY, "resting"),
        ("cancelled", DAY, None),
        ("failed", DAY, None),
        ("skipped", 7 * DAY, None),
    ],
)
def test_who_was_skipped_rests_like_who_was_approached(
    transaction: Transaction, state: str, ago: timedelta, standing: str | None
) -> None:
    known(transaction)
    planned(transaction, state, proposed=ago)
    found = transaction.row(
        """select standing from outreach_v_standings_2('churn_intervention', :now, '7 days', 4, '28 days', '7 days')
           where customer_id = 'C1'""",
        now=NOW,
    )
    assert (found and found["standing"]) == standing


def test_who_let_a_message_grow_too_old_does_not_rest(transaction: Transaction) -> None:
    known(transaction)
    planned(transaction, "expired")
    transaction.run("update outreach set not_after = :now where customer_id = 'C1'", now=NOW)
    assert not transaction.rows(
        """select * from outreach_v_standings_2('churn_intervention', :now, '7 days', 4, '28 days', '7 days')
           where customer_id = 'C1'""",
        now=NOW,
    )
