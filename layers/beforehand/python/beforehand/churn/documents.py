"""The files of a scan: what one function leaves in the bucket for the next, and the result for people."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from beforehand.churn.model import Asked, Context, Contribution, LeftAlone, Pattern, Plan, Purchases, Signals
from beforehand.events import CustomerId
from beforehand.events.churn import run_file
from beforehand.outreach.model import Channel
from beforehand.results import Status


class Document(BaseModel):
    """Base of the files; a newer release may add fields that an older one leaves out of account."""

    # A function uses two or three of the documents and pays, when it first does, for no others.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)


class Brief(Document):
    """All that the message for one customer rests on. Holds their name; lies under the key of the bucket.

    `model_calls` is how often a language model may be asked for it: this letter's part of the run's budget.
    """

    run_id: UUID
    customer_id: CustomerId
    due_at: datetime
    profile: str
    position: int
    health: float
    risk: float
    velocity: float | None = None
    coverage: float
    name: str | None
    language: str | None
    channel: Channel
    signals: Signals
    contributions: tuple[Contribution, ...]
    purchases: Purchases
    context: Context
    pattern: Pattern
    plan: Plan
    model_calls: int = 0


class BriefLine(Document):
    """One customer of a scan, as a screen shows them; nothing that tells who it is but the id."""

    position: int
    customer_id: CustomerId
    segment: str | None
    loyalty_tier: str | None
    health: float
    risk: float
    issue: str
    language: str | None


class Briefs(Document):
    """The index of a run's briefs, best first, and how many were at risk but left alone.

    `scored` counts the customers there are, `rescored` those who were looked at since their facts changed.
    """

    run_id: UUID
    due_at: datetime
    profile: str
    scored: int | None = None
    rescored: int | None = None
    at_risk: int
    left_alone: LeftAlone = LeftAlone()
    customers: tuple[BriefLine, ...]


class Draft(Document):
    """The message for one customer; where `refused` says why, it must not leave."""

    run_id: UUID
    customer_id: CustomerId
    language: str
    language_name: str
    subject: str
    body: str
    tone: str
    because: str
    refused: str | None = None
    model: Asked | None = None


class ModelAsked(Document):
    """A language model is asked for one customer's message: written before the first call, once."""

    run_id: UUID
    customer_id: CustomerId


class Intervention(Document):
    """What became of one customer of a scan."""

    position: int
    customer_id: CustomerId
    segment: str | None
    loyalty_tier: str | None
    health: float
    risk: float
    issue: str
    action: str | None
    priority: str | None
    escalate: bool
    case_id: UUID | None = None
    case_due_at: datetime | None = None
    language: str | None
    language_name: str | None
    outreach_id: UUID | None
    status: Status
    because: str


class ScanResult(Document):
    """Everything that a screen shows of a finished scan; `total_` figures are of all finished scans.

    `model_letters` of the messages were written by a language model; `estimated_cost` is what its tokens cost at
    the prices that the stage names, None where it names none.
    """

    run_id: UUID
    due_at: datetime
    started_at: datetime
    finished_at: datetime
    seconds: float
    health_threshold: float | None
    risk_threshold: float
    max_interventions: int
    min_lifetime_value: float | None = None
    segments: tuple[str, ...] | None = None
    at_risk: int
    left_alone: LeftAlone = LeftAlone()
    insufficient: int
    proposed: int
    skipped: int
    failed: int
    cases: int = 0
    model_calls: int = 0
    model_letters: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    estimated_cost: float | None = None
    customers: tuple[Intervention, ...]
    total_scans: int
    total_proposed: int

    @property
    def proposed_per_scan(self) -> float:
        """Interventions proposed in an average scan."""
        return self.total_proposed / self.total_scans if self.total_scans else 0.0


class RememberedCase(Document):
    """The case of an intervention that a person took over."""

    case_id: UUID
    state: str
    due_at: datetime
    done_at: datetime | None
    answer: str | None


class MemoryLine(Document):
    """One intervention as it is remembered: what was seen, the cause, the plan, and what has come of it since.

    The message itself is not in it: it lies with the outreach of that id. `state` is the outreach's.
    """

    customer_id: CustomerId
    decision_id: UUID
    run_id: UUID | None
    decided_at: datetime
    rule: str
    seen: dict[str, float | str | None]
    cause: str | None
    issue: str | None
    evidence: tuple[str, ...]
    plan: dict[str, Any] | None
    action: str
    because: str
    outreach_id: UUID | None
    channel: str | None
    language: str | None
    state: str | None
    due_at: datetime | None
    not_after: datetime | None
    case: RememberedCase | None


def brief_file(run_id: UUID, customer_id: str) -> str:
    """Where the brief of one customer lies."""
    return run_file(run_id, f"briefs/{customer_id}.json")


def briefs_file(run_id: UUID) -> str:
    """Where the index of a run's briefs lies."""
    return run_file(run_id, "briefs.json")


def draft_file(run_id: UUID, customer_id: str) -> str:
    """Where the draft for one customer lies."""
    return run_file(run_id, f"drafts/{customer_id}.json")


def asked_file(run_id: UUID, customer_id: str) -> str:
    """Where it stands that a language model is asked for one customer's message."""
    return run_file(run_id, f"asked/{customer_id}.json")


def result_file(run_id: UUID) -> str:
    """Where the result of a run lies."""
    return run_file(run_id, "result.json")
