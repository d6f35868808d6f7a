"""Whom messages are for, what is said to them, and which gate they meet."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from beforehand.adapters.postgres import PostgresDatabase
from beforehand.ids import from_content
from beforehand.outreach.delivery.claiming import Decide
from beforehand.outreach.delivery.documents import Message
from beforehand.outreach.delivery.model import Due
from beforehand.outreach.delivery.store import PostgresDelivery
from beforehand.outreach.gate.decide import decide
from beforehand.outreach.gate.legal import shipped
from beforehand.outreach.gate.model import Action, Contact, Facts, Person, Planned, Verdict
from beforehand.outreach.model import Channel, Proposal, Purpose
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.store import PostgresOutreach

CUSTOMERS = "F-"
"""How the ids of these tests' customers begin."""


class Words:
    """Writes a message of what the proposal says."""

    def write(self, due: Due, facts: Facts, *, attempt: int, within: datetime | None) -> Message:
        return Message(
            outreach_id=due.outreach_id, customer_id=due.customer_id, attempt=attempt, to=str(facts.email),
            contact=contact_of(due.customer_id), subject=due.subject, body=due.body,
            language=due.language, within=within,
        )  # fmt: skip


def contact_of(customer_id: str) -> str:
    """Under which name somebody's suppression stands."""
    return from_content("contact", customer_id).hex


def facts_of(customer_ids: Sequence[str]) -> Mapping[str, Facts]:
    """Everybody is awake, reachable and glad of the message."""
    return {
        one: Facts(
            person=Person(
                customer_id=one, zone="UTC", country=None, consent=True, reachable=frozenset({Channel.EMAIL})
            ),
            history=(),
            email=f"{one.lower()}@example.com",
        )
        for one in customer_ids
    }


POLICY, LEGAL = ContactPolicy(), shipped()


def shipped_gate(at: datetime) -> Decide:
    """The gate as it is, under the policy as it is shipped."""
    return partial(decide, policy=POLICY, legal=LEGAL, as_of=at)


def noon_on_a_wednesday(database: PostgresDatabase) -> timedelta:
    """How far ahead the next one is (UTC): then a gate is open in Europe and shut in the Pacific."""
    with database.transaction() as t:
        now = PostgresDelivery(t).now()
    day = now.replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=(2 - now.weekday()) % 7)
    return (day if day > now else day + timedelta(days=7)) - now


def sends_all(_at: datetime) -> Decide:
    """A gate that lets everything go."""
    return _send


def _send(_person: Person, _planned: Planned, _history: Sequence[Contact]) -> Verdict:
    return Verdict(action=Action.SEND, because="it may go", rule="all")


def proposal(number: int, *, cycle: str, now: datetime, days: float = 3) -> Proposal:
    """A message that is due now, for somebody of their own."""
    return Proposal(
        customer_id=f"{CUSTOMERS}{number:06}", purpose=Purpose.MANUAL, cycle=cycle, step=0, channel=Channel.EMAIL,
        priority=50, due_at=now, not_after=now + timedelta(days=days), language="en", subject="Hello",
        body="How are you?", because="it is tried out", run_id=None,
    )  # fmt: skip


def plan(database: PostgresDatabase, cycle: str, *, count: int = 1, ahead: timedelta = timedelta(0)) -> list[UUID]:
    """Plans messages that are due at once; their ids."""
    with database.transaction() as t:
        now = PostgresDelivery(t).now() + ahead
        planned = [proposal(number, cycle=cycle, now=now) for number in range(count)]
        PostgresOutreach(t).propose(planned, now=now)
    return [one.outreach_id for one in planned]


def plan_many(
    database: PostgresDatabase, cycle: str, *, count: int, late: timedelta = timedelta(0), days: float = 3
) -> list[UUID]:
    """Plans very many messages in one statement, due so long ago; their ids."""
    with database.transaction() as t:
        now = PostgresDelivery(t).now() - late
        planned = [proposal(number, cycle=cycle, now=now, days=days) for number in range(count)]
        t.run(
            """insert into outreach (outreach_id, customer_id, purpose, cycle, channel, priority, due_at, not_after,
                                     language, subject, body, because, proposed_at)
               select cast(id as uuid), customer, 'manual', :cycle, 'email', 50, :now, :not_after, 'en', 'Hello',
                      'How are you?', 'it is tried out', :now
               from unnest(cast(:ids as text[]), cast(:customers as text[])) as given(id, customer)""",
            ids=[str(one.outreach_id) for one in planned], customers=[one.customer_id for one in planned],
            cycle=cycle, now=now, not_after=now + timedelta(days=days),
        )  # fmt: skip
    return [one.outreach_id for one in planned]
