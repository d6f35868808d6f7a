"""What the functions of `churn` take and answer."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from beforehand.events import Count, CustomerId, Event
from beforehand.names import Prefix, Schedule


class ScanRequested(Event):
    """A scan is due. Options that are not given come from the function's settings."""

    due_at: AwareDatetime
    schedule: Schedule = Schedule.CHURN_SCAN
    execution: str
    risk_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    max_interventions: Annotated[int, Field(ge=1, le=1000)] | None = None


class ScanScored(Event):
    """The run is open and the base is scored; `claimed` is false when another run has this due time."""

    run_id: UUID
    claimed: bool
    scored: Count
    because: str


class ScanStep(Event):
    """The next step of an open run."""

    run_id: UUID


class ScanSelected(Event):
    """How many are at risk, why some of them may not be approached now, and who is treated, best first.

    Of the `insufficient` too little is known to score them.
    """

    run_id: UUID
    at_risk: Count
    left_alone: Count
    insufficient: Count
    customers: tuple[CustomerId, ...]


class ScanBriefed(Event):
    """The briefs lie in the files bucket, one for each customer."""

    run_id: UUID
    customers: tuple[CustomerId, ...]


class MessageRequested(Event):
    """Write the message for one customer of a run, from its brief."""

    run_id: UUID
    customer_id: CustomerId


class MessageWritten(Event):
    """The draft lies in the files bucket; `language` is the language it is in."""

    run_id: UUID
    customer_id: CustomerId
    language: str
    because: str


class ScanFinished(Event):
    """The run is closed; `subject` and `message` tell the people in charge when `tell` is true."""

    run_id: UUID
    proposed: Count
    skipped: Count
    failed: Count
    tell: bool
    subject: str
    message: str


class MemoryRequested(Event):
    """The memory of these customers is wanted as files; where none is named of all, a part at a time."""

    customer_ids: Annotated[tuple[CustomerId, ...], Field(max_length=200)] = ()
    after: CustomerId | None = None


class MemoryExported(Event):
    """The files that were written, who has no memory, and after whom to go on; None at the end."""

    customers: tuple[CustomerId, ...]
    nothing: tuple[CustomerId, ...]
    lines: Count
    next_after: CustomerId | None


def memory_file(customer_id: str) -> str:
    """Where the memory of a customer lies in the bucket when it was asked for."""
    return f"{Prefix.MEMORY}{customer_id}.jsonl"


def run_file(run_id: UUID, name: str) -> str:
    """Where a run keeps one of its files in the bucket."""
    return f"{Prefix.RUNS}{run_id}/{name}"
