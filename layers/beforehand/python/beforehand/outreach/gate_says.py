"""What the gate would say to a message, asked before there is one: nothing is sent or kept."""

from datetime import datetime

from beforehand.api.problems import not_found
from beforehand.api.routes import Answer, Call
from beforehand.errors import NotFoundError
from beforehand.outreach.delivery.model import LEASE
from beforehand.outreach.gate.decide import decide
from beforehand.outreach.gate.facts_store import PostgresFacts
from beforehand.outreach.gate.legal import shipped
from beforehand.outreach.gate.model import Action, Facts, Planned
from beforehand.outreach.gate.suppressed import suppressed_in
from beforehand.outreach.model import Hold
from beforehand.outreach.policies_store import PostgresPolicies
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.suppression.model import Kept
from beforehand.outreach.suppression.pepper import pepper
from beforehand.outreach.suppression.store import PostgresSuppressions


class Said(Answer):
    """What the gate would say, by which policy; `until` and `hold` where it holds."""

    action: Action
    because: str
    rule: str
    until: datetime | None
    hold: Hold | None
    policy_version: str


def policy_at(call: Call, at: datetime) -> ContactPolicy:
    """The policy in force at a moment. Raises the refusal of a moment before the first."""
    try:
        return PostgresPolicies(call.transaction).in_force(at)
    except NotFoundError:
        raise not_found("policy at that moment") from None


def facts_of(call: Call, customer_id: str, *, policy: ContactPolicy, at: datetime) -> Facts:
    """What the gate is told of a customer. Raises the refusal of one that is not there."""
    store = PostgresFacts(call.transaction, suppressed_in(call.transaction, pepper(call.settings.files_bucket)))
    facts = store.of([customer_id], policy=policy, as_of=at)[customer_id]
    if not facts.person.reachable:
        raise not_found("customer")
    return facts


def suppressions_of(call: Call, customer_id: str) -> list[Kept]:
    """Why the gate lets nothing go to the addresses that a customer has now, the newest first."""
    secret = pepper(call.settings.files_bucket)
    return PostgresSuppressions(call.transaction).of_customer(customer_id, pepper=secret)


def would_say(facts: Facts, planned: Planned, *, policy: ContactPolicy, at: datetime) -> Said:
    """What the gate says at a moment to a message that is planned."""
    said = decide(facts.person, planned, facts.history, policy, shipped(), as_of=at, margin=LEASE)
    return Said(
        action=said.action,
        because=said.because,
        rule=said.rule,
        until=said.until,
        hold=said.hold,
        policy_version=policy.version,
    )
