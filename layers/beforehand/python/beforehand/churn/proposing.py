"""The last step of a scan: proposes each message, enters each decision, closes the run and tells the result."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from beforehand.churn.documents import (
    Brief,
    Draft,
    Intervention,
    ScanResult,
    brief_file,
    draft_file,
    result_file,
)
from beforehand.churn.model import Candidate, Selected
from beforehand.churn.telling import told
from beforehand.events.churn import ScanFinished, ScanStep
from beforehand.journal.model import Decision
from beforehand.names import Schedule
from beforehand.outreach.model import Proposal, Purpose
from beforehand.results import Result, Status
from beforehand.schedules.model import Run, Totals

M = TypeVar("M", bound=BaseModel)

VALID_FOR = timedelta(days=7)
ACTIONS = {Status.DONE: "propose", Status.SKIPPED: "skip", Status.FAILED: "fail"}


class Runs(Protocol):
    """The ledger of runs, as far as closing a scan needs it."""

    def hold(self, run_id: UUID) -> Run:
        """One run, which nobody else can close meanwhile. Raises NotFoundError."""

    def finish(self, run_id: UUID, *, statistics: Mapping[str, Any], now: datetime) -> None:
        """Closes the run with what it counted."""

    def totals(self, schedule: Schedule) -> Totals:
        """What the finished runs did together."""


class Candidates(Protocol):
    """Who was selected."""

    def selected(self, run_id: UUID) -> Selected:
        """What a run found. Raises NotFoundError when it has not selected yet."""


class Outreach(Protocol):
    """The desk that everything which contacts a customer goes through."""

    def propose(self, proposals: Sequence[Proposal], *, now: datetime) -> list[Result]:
        """Plans each proposal unless it is planned already, in their order."""


class Journal(Protocol):
    """Where decisions are kept."""

    def record(self, decisions: Iterable[Decision]) -> None:
        """Adds decisions, each once."""


class Files(Protocol):
    """Where briefs and drafts are read, and the result is left."""

    def read(self, key: str, kind: type[M]) -> M:
        """A document that was written before. Raises NotFoundError."""

    def find(self, key: str, kind: type[M]) -> M | None:
        """A document, or None where nothing was written."""

    def write(self, key: str, document: BaseModel) -> None:
        """Puts a document in its place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Treated:
    """One candidate with what the steps before have left for them, as far as they have."""

    candidate: Candidate
    brief: Brief | None
    draft: Draft | None

    @property
    def proposal(self) -> Proposal | None:
        """The wish to send the draft, or None where nothing may be sent."""
        if self.brief is None or self.draft is None or self.draft.refused is not None:
            return None
        return proposal_of(self.brief, self.draft)


def propose(
    step: ScanStep,
    *,
    runs: Runs,
    candidates: Candidates,
    outreach: Outreach,
    journal: Journal,
    files: Files,
    now: datetime,
) -> ScanFinished:
    """Proposes what was written, and closes the run. A run that is closed answers what it answered before.

    The result is written before the transaction ends: after a crash between the two the step repeats and
    writes it again, and a run that is closed always has its result.
    """
    run = runs.hold(step.run_id)
    if run.state == "finished":
        return told(files.read(result_file(run.run_id), ScanResult))
    found = candidates.selected(run.run_id)
    treated = [_gathered(candidate, run, files) for candidate in found.candidates]
    results = _results(treated, outreach, now=now)
    customers = tuple(_intervention(one, result) for one, result in zip(treated, results, strict=True))
    journal.record(
        _decision(run, found, one, result, now=now) for one, result in zip(treated, customers, strict=True)
    )
    counts = Counter(customer.status for customer in customers)
    runs.finish(run.run_id, statistics=_statistics(found, counts), now=now)
    result = _scan_result(run, found, customers, counts, runs.totals(run.schedule), now=now)
    files.write(result_file(run.run_id), result)
    return told(result)


def proposal_of(brief: Brief, draft: Draft) -> Proposal:
    """The wish to send a draft: once a day for a customer at most, and not later than 7 days after the scan."""
    return Proposal(
        customer_id=brief.customer_id,
        purpose=Purpose.CHURN_INTERVENTION,
        cycle=f"{brief.due_at.astimezone(UTC):%Y-%m-%d}",
        step=0,
        channel=brief.channel,
        priority=round(brief.risk * 100),
        due_at=brief.due_at,
        not_after=brief.due_at + VALID_FOR,
        language=draft.language,
        subject=draft.subject,
        body=draft.body,
        because=(
            f"health {brief.health:.1f}%, churn risk {brief.risk:.1%}: {brief.pattern.issue}; "
            f"written {draft.because}"
        ),
        run_id=brief.run_id,
    )


def _gathered(candidate: Candidate, run: Run, files: Files) -> Treated:
    return Treated(
        candidate=candidate,
        brief=files.find(brief_file(run.run_id, candidate.customer_id), Brief),
        draft=files.find(draft_file(run.run_id, candidate.customer_id), Draft),
    )


def _results(treated: Sequence[Treated], outreach: Outreach, *, now: datetime) -> list[Result]:
    """What became of each, in their order: proposed, planned already, or not written."""
    proposals = [proposal for one in treated if (proposal := one.proposal) is not None]
    proposed = {result.id: result for result in outreach.propose(proposals, now=now)}
    return [proposed.get(one.candidate.customer_id) or _unwritten(one) for one in treated]


def _unwritten(one: Treated) -> Result:
    if one.brief is None:
        because = "they have no brief: their data were taken away since they were selected"
    elif one.draft is None:
        because = "their message was not written; the log of churn_write has the reason"
    else:
        because = f"their message was refused: {one.draft.refused}"
    return Result(id=one.candidate.customer_id, status=Status.FAILED, because=because)


def _intervention(one: Treated, result: Result) -> Intervention:
    brief, draft, proposal = one.brief, one.draft, one.proposal
    return Intervention(
        position=one.candidate.position,
        customer_id=one.candidate.customer_id,
        segment=brief and brief.signals.segment,
        loyalty_tier=brief and brief.signals.loyalty_tier,
        health=one.candidate.health,
        risk=one.candidate.risk,
        issue=brief.pattern.issue if brief else "",
        action=brief and brief.plan.action,
        priority=brief and brief.plan.priority,
        escalate=brief is not None and brief.plan.escalate,
        language=draft and draft.language,
        language_name=draft and draft.language_name,
        outreach_id=proposal and proposal.outreach_id,
        status=result.status,
        because=result.because,
    )


def _decision(run: Run, found: Selected, one: Treated, end: Intervention, *, now: datetime) -> Decision:
    """The journal's entry; `facts` has what was known and by which thresholds it was judged."""
    brief = one.brief
    facts: dict[str, Any] = {
        **asdict(one.candidate),
        **asdict(found.trigger),
        "language": end.language,
        "segment": end.segment,
        "loyalty_tier": end.loyalty_tier,
    }
    if brief is not None:
        facts |= {
            "coverage": brief.coverage,
            "lost": {c.factor: round(c.lost, 1) for c in brief.contributions if c.share is not None},
            "cause": brief.pattern.cause,
            "evidence": list(brief.pattern.evidence),
            "plan": asdict(brief.plan),
            "urgency": brief.context.urgency,
        }
    return Decision(
        decided_at=now,
        capability="churn",
        kind="intervention",
        action=ACTIONS[end.status],
        because=end.because,
        rule=f"churn {brief.profile}" if brief else "churn",
        customer_id=end.customer_id,
        outreach_id=end.outreach_id,
        run_id=run.run_id,
        facts=facts,
    )


def _statistics(found: Selected, counts: Mapping[Status, int]) -> dict[str, int]:
    return {
        "proposed": counts[Status.DONE],
        "skipped": counts[Status.SKIPPED],
        "failed": counts[Status.FAILED],
        "at_risk": found.at_risk,
        "opted_out": found.opted_out,
        "unreachable": found.unreachable,
        "resting": found.resting,
        "insufficient": found.insufficient,
    }


def _scan_result(
    run: Run,
    found: Selected,
    customers: tuple[Intervention, ...],
    counts: Mapping[Status, int],
    totals: Totals,
    *,
    now: datetime,
) -> ScanResult:
    return ScanResult(
        run_id=run.run_id,
        due_at=run.due_at,
        started_at=run.started_at,
        finished_at=now,
        seconds=(now - run.started_at).total_seconds(),
        **asdict(found.trigger),
        **_statistics(found, counts),
        customers=customers,
        total_scans=totals.scans,
        total_proposed=totals.proposed,
    )
