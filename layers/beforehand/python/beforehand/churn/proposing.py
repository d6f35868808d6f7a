"""The last step of a scan: proposes each message, opens each case, enters each decision, closes the run."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from beforehand.churn import recording
from beforehand.churn.documents import Brief, Draft, ScanResult, brief_file, draft_file, result_file
from beforehand.churn.model import Candidate, Selected
from beforehand.churn.prices import Prices
from beforehand.churn.recording import Treated
from beforehand.churn.telling import told
from beforehand.events.churn import ScanFinished, ScanStep
from beforehand.journal.model import Decision
from beforehand.names import Schedule
from beforehand.outreach.cases import NewCase
from beforehand.outreach.model import Proposal
from beforehand.results import Result, Status
from beforehand.schedules.model import Run, Totals

M = TypeVar("M", bound=BaseModel)


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


class Cases(Protocol):
    """Where a person is asked to take over."""

    def open(self, cases: Sequence[NewCase], *, now: datetime) -> list[Result]:
        """Opens each case unless its occasion has one, in their order."""


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


def propose(
    step: ScanStep,
    *,
    runs: Runs,
    candidates: Candidates,
    outreach: Outreach,
    cases: Cases,
    journal: Journal,
    files: Files,
    now: datetime,
    prices: Prices | None = None,
) -> ScanFinished:
    """Proposes what was written, and closes the run. A run that is closed answers what it answered before.

    The result is written before the transaction ends: after a crash between the two the step repeats and
    writes it again, and a run that is closed always has its result.
    """
    run = runs.hold(step.run_id)
    if run.state == "finished":
        return told(files.read(result_file(run.run_id), ScanResult))
    found = candidates.selected(run.run_id)
    treated = [_gathered(candidate, run, files, now=now) for candidate in found.candidates]
    results = _results(treated, outreach, now=now)
    cases.open([case for one in treated if (case := one.case) is not None], now=now)
    customers = tuple(recording.intervention(one, result) for one, result in zip(treated, results, strict=True))
    journal.record(
        recording.decision(run, found, one, end, now=now) for one, end in zip(treated, customers, strict=True)
    )
    counted = recording.statistics(found, customers, treated)
    runs.finish(run.run_id, statistics=counted, now=now)
    totals = runs.totals(run.schedule)
    result = recording.scan_result(run, found, customers, counted, totals, prices=prices, now=now)
    files.write(result_file(run.run_id), result)
    return told(result)


def _gathered(candidate: Candidate, run: Run, files: Files, *, now: datetime) -> Treated:
    return Treated(
        looks_back=run.due_at + recording.VALID_FOR <= now,
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
