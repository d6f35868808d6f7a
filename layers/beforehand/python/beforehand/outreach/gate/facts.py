"""What the gate was told, read back from an entry of the journal (`delivery/deciding.py` makes them)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from beforehand.errors import BeforehandError
from beforehand.outreach.gate.model import Contact, Person, Planned
from beforehand.outreach.model import Channel, Purpose

KIND = "gate"
"""The kind of the gate's decisions in the journal."""

Facts = Mapping[str, Any]


class NoFactsError(BeforehandError):
    """An entry of the journal does not hold what the gate was told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entered:
    """A decision of the gate as the journal holds it; `rule` is the policy's version and the rule's name."""

    decision_id: UUID
    decided_at: datetime
    customer_id: str
    outreach_id: UUID
    action: str
    rule: str
    facts: Facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Everything that one decision of the gate rested on. The policy is named by its version."""

    person: Person
    planned: Planned
    history: tuple[Contact, ...]
    policy_version: str
    as_of: datetime
    margin: timedelta


def inputs_of(entered: Entered) -> Inputs:
    """What the gate was told. Raises NoFactsError for an entry that does not hold it."""
    facts = entered.facts
    try:
        return Inputs(
            person=_person(entered.customer_id, facts),
            planned=Planned(
                outreach_id=entered.outreach_id,
                purpose=Purpose(facts["purpose"]),
                channel=Channel(facts["channel"]),
                due_at=datetime.fromisoformat(facts["due_at"]),
                not_after=datetime.fromisoformat(facts["not_after"]),
                automated=facts["automated"],
            ),
            history=tuple(_contacts(facts["history"])),
            policy_version=str(facts["policy_version"]),
            as_of=entered.decided_at,
            # The release before left no margin, and its decisions are replayed as they were made.
            margin=timedelta(seconds=facts.get("margin_seconds", 0)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NoFactsError(f"The entry does not hold what the gate was told ({type(error).__name__})") from None


def _person(customer_id: str, told: Facts) -> Person:
    preferred = told["preferred_channel"]
    return Person(
        customer_id=customer_id,
        zone=told["zone"],
        country=told["country"],
        region=told["region"],
        consent=told["consent"],
        preferred_channel=None if preferred is None else Channel(preferred),
        reachable=frozenset(map(Channel, told["reachable"])),
        suppressed=frozenset(map(Channel, told["suppressed"])),
        case_open=told["case_open"],
    )


def _contacts(told: Sequence[Facts]) -> Iterator[Contact]:
    for one in told:
        yield Contact(
            outreach_id=UUID(one["outreach_id"]),
            purpose=Purpose(one["purpose"]),
            channel=Channel(one["channel"]),
            at=datetime.fromisoformat(one["at"]),
        )
