"""The files of a scan: what one function leaves in the bucket for the next, and the result for people."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from beforehand.churn.model import Context, Contribution, Pattern, Plan, Purchases, Signals
from beforehand.events import CustomerId
from beforehand.events.churn import run_file
from beforehand.outreach.model import Channel
from beforehand.results import Status


class Document(BaseModel):
    """Base of the files; a newer release may add fields that an older one leaves out of account."""

    # A function uses two or three of the documents and pays, when it first does, for no others.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)


class Brief(Document):
    """All that the message for one customer rests on. Holds their name; lies under the key of the bucket."""

    run_id: UUID
    customer_id: CustomerId
    due_at: datetime
    profile: str
    position: int
    health: float
    risk: float
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
    """The index of a run's briefs, best first, and how many were at risk but left alone."""

    run_id: UUID
    due_at: datetime
    profile: str
    at_risk: int
    opted_out: int
    unreachable: int
    resting: int
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
    language: str | None
    language_name: str | None
    outreach_id: UUID | None
    status: Status
    because: str


class ScanResult(Document):
    """Everything that a screen shows of a finished scan; `total_` figures are of all finished scans."""

    run_id: UUID
    due_at: datetime
    started_at: datetime
    finished_at: datetime
    seconds: float
    health_threshold: float | None
    risk_threshold: float
    max_interventions: int
    at_risk: int
    opted_out: int
    unreachable: int
    resting: int
    insufficient: int
    proposed: int
    skipped: int
    failed: int
    customers: tuple[Intervention, ...]
    total_scans: int
    total_proposed: int

    @property
    def proposed_per_scan(self) -> float:
        """Interventions proposed in an average scan."""
        return self.total_proposed / self.total_scans if self.total_scans else 0.0


def brief_file(run_id: UUID, customer_id: str) -> str:
    """Where the brief of one customer lies."""
    return run_file(run_id, f"briefs/{customer_id}.json")


def briefs_file(run_id: UUID) -> str:
    """Where the index of a run's briefs lies."""
    return run_file(run_id, "briefs.json")


def draft_file(run_id: UUID, customer_id: str) -> str:
    """Where the draft for one customer lies."""
    return run_file(run_id, f"drafts/{customer_id}.json")


def result_file(run_id: UUID) -> str:
    """Where the result of a run lies."""
    return run_file(run_id, "result.json")
