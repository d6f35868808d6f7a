"""What the gate was told, as the journal keeps it: enough to decide again, and no name and no address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from beforehand.errors import BeforehandError
from beforehand.journal.model import Decision
from beforehand.outreach.gate.model import Action, Contact, Person, Planned, Verdict
from beforehand.outreach.model import Channel, Purpose

KIND = "gate"
CAPABILITY = "outreach"

Facts = Mapping[str, Any]


class NoFactsError(BeforehandError):
    """An entry of the journal does not hold what the gate was told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Everything that one decision of the gate rested on. The policy is named by its version."""

    person: Person
    planned: Planned
    history: tuple[Contact, ...]
    policy_version: str
    as_of: datetime


def entry(inputs: Inputs, verdict: Verdict) -> Decision:
    """The journal's entry of one decision of the gate.

    It belongs to no run: the journal tells two decisions about one outreach apart by their moments.
    """
    return Decision(
        decided_at=inputs.as_of,
        capability=CAPABILITY,
        kind=KIND,
        action=verdict.action,
        because=verdict.because,
        rule=f"contact {inputs.policy_version} {verdict.rule}",
        customer_id=inputs.person.customer_id,
        outreach_id=inputs.planned.outreach_id,
        facts=facts_of(inputs, verdict),
    )


def is_news(last: tuple[str, str] | None, decision: Decision) -> bool:
    """Whether a decision differs from the last one about its outreach, given as its action and its rule.

    A message that is held for a case is looked at each hour: the same answer again is not entered again. The words
    of a because may name the time of day, so they are not compared.
    """
    return last != (str(decision.action), decision.rule)


def facts_of(inputs: Inputs, verdict: Verdict) -> dict[str, Any]:
    """The inputs and the verdict as JSON has them."""
    person, planned = inputs.person, inputs.planned
    return {
        "as_of": inputs.as_of.isoformat(),
        "policy": inputs.policy_version,
        "person": {
            "zone": person.zone,
            "country": person.country,
            "region": person.region,
            "consent": person.consent,
            "preferred_channel": person.preferred_channel,
            "reachable": sorted(person.reachable),
            "suppressed": sorted(person.suppressed),
            "case_open": person.case_open,
        },
        "planned": {
            "purpose": planned.purpose,
            "channel": planned.channel,
            "due_at": planned.due_at.isoformat(),
            "not_after": planned.not_after.isoformat(),
            "automated": planned.automated,
        },
        "history": [
            {"outreach_id": str(one.outreach_id), "purpose": one.purpose, "channel": one.channel,
             "at": one.at.isoformat()}
            for one in sorted(inputs.history, key=lambda one: (one.at, one.outreach_id))
        ],
        "hold": verdict.hold,
        "until": None if verdict.until is None else verdict.until.isoformat(),
    }  # fmt: skip


def inputs_of(customer_id: str, outreach_id: UUID, facts: Facts) -> Inputs:
    """What the gate was told, read from an entry. Raises NoFactsError for one that does not hold it."""
    try:
        return Inputs(
            person=_person(customer_id, facts["person"]),
            planned=_planned(outreach_id, facts["planned"]),
            history=tuple(_contacts(facts["history"])),
            policy_version=str(facts["policy"]),
            as_of=datetime.fromisoformat(facts["as_of"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NoFactsError(
            f"The entry about {outreach_id} does not hold what the gate was told ({type(error).__name__}: {error})"
        ) from None


def verdict_of(action: str, because: str, rule: str, facts: Facts) -> tuple[Action, str, str, datetime | None]:
    """What an entry says was decided: action, the rule's own name, the because, and until when."""
    until = facts.get("until")
    return (
        Action(action),
        rule.rpartition(" ")[2],
        because,
        None if until is None else datetime.fromisoformat(until),
    )


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


def _planned(outreach_id: UUID, told: Facts) -> Planned:
    return Planned(
        outreach_id=outreach_id,
        purpose=Purpose(told["purpose"]),
        channel=Channel(told["channel"]),
        due_at=datetime.fromisoformat(told["due_at"]),
        not_after=datetime.fromisoformat(told["not_after"]),
        automated=told["automated"],
    )


def _contacts(told: Sequence[Facts]) -> list[Contact]:
    return [
        Contact(
            outreach_id=UUID(one["outreach_id"]),
            purpose=Purpose(one["purpose"]),
            channel=Channel(one["channel"]),
            at=datetime.fromisoformat(one["at"]),
        )
        for one in told
    ]
