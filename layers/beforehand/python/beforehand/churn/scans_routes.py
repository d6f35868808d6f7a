"""The routes of scans: which there were, what they found, one more, and what came of all."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, TypeAdapter

from beforehand.adapters.postgres import Row
from beforehand.api.pages import Page, PageAsked, after, page
from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Answer, Asked, Call, Routes
from beforehand.churn.scan import AHEAD
from beforehand.churn.standing_store import PostgresScanList
from beforehand.names import Schedule
from beforehand.outbox.scans import start_scan
from beforehand.outbox.store import PostgresOutbox
from beforehand.schedules.model import next_due, run_id_of

BY_DUE = TypeAdapter(tuple[datetime, UUID])
FIGURES = ("opted_out", "unreachable", "in_hand", "resting", "over_budget", "held_out")
routes = Routes()


class ScanPath(Asked):
    """Which scan."""

    run_id: UUID


class ScansAsked(PageAsked):
    """Which page of the scans."""


class NewScan(Asked):
    """A scan as of a moment, now unless said otherwise; options not given are those of scheduled scans."""

    due_at: AwareDatetime | None = None
    risk_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    max_interventions: Annotated[int, Field(ge=1, le=1000)] | None = None


class ScanAskedFor(Answer):
    """A scan that will begin in a moment."""

    run_id: UUID
    due_at: datetime
    because: str


class Scan(Answer):
    """One scan; figures are null until it has them."""

    run_id: UUID
    due_at: datetime
    state: Literal["running", "finished", "abandoned"]
    started_at: datetime
    finished_at: datetime | None
    at_risk: int | None
    proposed: int | None
    skipped: int | None
    failed: int | None


class LeftAlone(Answer):
    """Why some of those at risk were not approached."""

    opted_out: int
    unreachable: int
    in_hand: int
    resting: int
    over_budget: int
    held_out: int


class Candidate(Answer):
    """One who was treated, and what was decided."""

    position: int
    customer_id: str
    rank: float
    health: float
    risk: float
    action: str | None
    because: str | None
    outreach_id: UUID | None


class ScanInFull(Scan):
    """One scan with its thresholds, why some were left alone, and whom it treated."""

    health_threshold: float | None
    risk_threshold: float | None
    max_interventions: int | None
    min_lifetime_value: float | None
    segments: tuple[str, ...] | None
    insufficient: int | None
    left_alone: LeftAlone | None
    candidates: tuple[Candidate, ...]


class Statistics(Answer):
    """What all finished scans did together, and when the next is due."""

    scans: int
    at_risk_found: int
    proposed: int
    proposed_per_scan: float
    last_scan_at: datetime | None
    next_scan_at: datetime


@routes.add("GET /v1/scans")
def list_scans(call: Call, query: ScansAsked) -> Page[Scan]:
    """List scans, newest first."""
    found = PostgresScanList(call.transaction).page(
        schedule=Schedule.CHURN_SCAN, after=after(query, BY_DUE), limit=query.limit + 1
    )
    return page(found, query, lambda row: Scan(**_figures(row)), lambda row: (row["due_at"], row["run_id"]))


@routes.add("GET /v1/scans/{run_id}")
def show_scan(call: Call, path: ScanPath) -> ScanInFull:
    """Show what one scan found and whom it treated; one that was just asked for is there when it has begun."""
    scans = PostgresScanList(call.transaction)
    row = scans.find(path.run_id)
    if row is None:
        raise not_found("scan; one that was asked for is here when it has begun")
    left_alone = {name: row.pop(name) for name in FIGURES}
    return ScanInFull(
        **_figures(row),
        left_alone=None if left_alone["resting"] is None else LeftAlone(**left_alone),
        candidates=tuple(Candidate(**one) for one in scans.candidates(path.run_id)),
    )


@routes.add("POST /v1/scans", status=HTTPStatus.ACCEPTED, refuses=(HTTPStatus.CONFLICT,), commands=True)
def ask_for_scan(call: Call, body: NewScan) -> ScanAskedFor:
    """Scan once more; the answer comes before the scan has begun."""
    due_at = (body.due_at or call.now).astimezone(UTC)
    if due_at > call.now + AHEAD:
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "A scan is as of a moment.", {"due_at": "lies in the future"})
    run_id = run_id_of(Schedule.CHURN_SCAN, due_at)
    run = PostgresScanList(call.transaction).find(run_id)
    if run is not None:
        raise refuse(
            HTTPStatus.CONFLICT,
            f"That due time has the scan {run_id}, which is {run['state']}.",
            {"due_at": "has its scan"},
        )
    command = start_scan(due_at, risk_threshold=body.risk_threshold, max_interventions=body.max_interventions)
    added = PostgresOutbox(call.transaction).add(command, now=call.now)
    if not added.added:
        raise refuse(HTTPStatus.CONFLICT, f"That scan {added.because}.", {"due_at": "was asked for already"})
    options = {"due_at": due_at, **body.model_dump(exclude={"due_at"}, exclude_none=True)}
    call.audit("scan.ask", run_id, after=options, because="a person asked for a scan")
    return ScanAskedFor(run_id=run_id, due_at=due_at, because=added.because)


@routes.add("GET /v1/statistics")
def show_statistics(call: Call) -> Statistics:
    """Show what all scans did together, and when the next is due."""
    found = PostgresScanList(call.transaction).totals(Schedule.CHURN_SCAN)
    return Statistics(
        **found,
        proposed_per_scan=found["proposed"] / found["scans"] if found["scans"] else 0.0,
        next_scan_at=next_due(call.now, minutes=call.settings.scan_every_minutes),
    )


def _figures(row: Row) -> dict[str, Any]:
    """The run with what it counted in the place of its options and statistics."""
    counted = row["statistics"] or {}
    rest = {name: value for name, value in row.items() if name not in ("options", "statistics")}
    return {**rest, **{name: counted.get(name) for name in ("proposed", "skipped", "failed")}}
