"""What `why` answers: about an outreach, or about a customer, in one document."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from beforehand.api.routes import Answer
from beforehand.journal import why as rules


class PlannedBy(Answer):
    """The planner's decision: on which facts, in words, and by which version of what."""

    at: datetime
    by: str
    action: str
    because: str
    rule: str
    reasons: tuple[str, ...]
    run_id: UUID | None


class GateDecision(Answer):
    """One decision of the gate; `until` is where it held."""

    decision_id: UUID
    at: datetime
    action: str
    because: str
    rule: str
    until: datetime | None
    replayed: Literal["same", "different", "cannot tell"] | None
    replay_because: str | None


class WhyAttempt(Answer):
    """One call to a provider, and what the provider answered."""

    attempt: int
    channel: str
    policy_version: str
    claimed_at: datetime
    ended_at: datetime | None
    outcome: str | None
    provider_id: str | None
    because: str | None


class WhyOutcome(Answer):
    """One report of a provider."""

    at: datetime
    received_at: datetime
    provider: str
    event_id: str
    attempt: int | None
    kind: str
    did: str


class WhyCase(Answer):
    """A case: what a person is to do, and how far it is."""

    case_id: UUID
    kind: str
    state: str
    subject: str
    because: str
    opened_at: datetime
    due_at: datetime
    taken_by: str | None
    taken_at: datetime | None
    done_by: str | None
    done_at: datetime | None
    answer: str | None
    otherwise: str | None
    otherwise_at: datetime | None
    otherwise_because: str | None


class Touched(Answer):
    """What a person, or a task, did to it."""

    at: datetime
    who: str
    role: str | None
    action: str
    because: str


class Message(Answer):
    """The message, as text or as a template with what goes into it."""

    subject: str
    body: str
    language: str
    template: str | None
    template_version: int | None
    variables: dict[str, Any] | None


class WhyOutreach(Answer):
    """Everything about one outreach; `waits` says what for and until when, null where it is over."""

    outreach_id: UUID
    customer_id: str
    purpose: str
    cycle: str
    step: int
    channel: str
    language: str
    state: str
    since: datetime
    because: str
    hold: str | None
    waits: str | None
    due_at: datetime
    next_at: datetime | None
    not_after: datetime
    policy_version: str | None
    follows_id: UUID | None
    planned: PlannedBy
    gate: tuple[GateDecision, ...]
    attempts: tuple[WhyAttempt, ...]
    outcomes: tuple[WhyOutcome, ...]
    cases: tuple[WhyCase, ...]
    touched: tuple[Touched, ...]
    message: Message | None


class WhyCheck(Answer):
    """One thing that is asked before somebody is contacted."""

    about: str
    answer: rules.Answer
    because: str


class WhyPlanned(Answer):
    """One outreach of a customer in a line."""

    outreach_id: UUID
    purpose: str
    channel: str
    state: str
    hold: str | None
    since: datetime
    due_at: datetime
    next_at: datetime | None
    because: str
    state_because: str | None


class WhyCustomer(Answer):
    """How one customer stands: may they be contacted, what was done with them last, what is planned next."""

    customer_id: str
    segment: str | None
    loyalty_tier: str | None
    language: str | None
    zone: str | None
    country: str | None
    contact: rules.Answer
    because: str
    checks: tuple[WhyCheck, ...]
    health: float | None
    risk: float | None
    coverage: float | None
    at_risk_since: date | None
    decided: PlannedBy | None
    last: tuple[WhyPlanned, ...]
    next: tuple[WhyPlanned, ...]
    cases: tuple[WhyCase, ...]


class Why(Answer):
    """One answer: about an outreach or about a customer, and how the id was read."""

    kind: rules.Kind
    subject: str
    resolved: str
    as_of: datetime
    outreach: WhyOutreach | None
    customer: WhyCustomer | None
