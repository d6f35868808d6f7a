"""The first steps of a scan without a database: what is asked of whom, and what is answered."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from beforehand.churn import scan, writing
from beforehand.churn.documents import Draft, ScanResult, brief_file, draft_file
from beforehand.churn.model import Candidate, HeldOut, LeftAlone, Letter, Scored, Selected, Trigger
from beforehand.churn.profile import DEFAULT_V1, ScoreProfile
from beforehand.churn.telling import told
from beforehand.churn.templates import TemplateWriter
from beforehand.errors import InvalidEventError, NotFoundError
from beforehand.events.churn import MessageRequested, ScanRequested, ScanStep
from beforehand.journal.model import Decision
from beforehand.names import Schedule
from beforehand.outreach.policy import ContactPolicy
from beforehand.schedules.model import Opened, Run
from tests.churn.people import COMPANY, DUE_AT, RUN, brief, facts
from tests.fakes import MemoryFiles

NOW = DUE_AT + timedelta(seconds=4)
USUAL = Trigger(health_threshold=40, risk_threshold=0.6, max_interventions=10)
RUNNING = Run(
    run_id=RUN, schedule=Schedule.CHURN_SCAN, due_at=DUE_AT, state="running", options={}, statistics={},
    started_at=NOW, finished_at=None,
)  # fmt: skip


class FakeRuns:
    def __init__(self, *, claimed: bool = True, options: dict[str, Any] | None = None) -> None:
        self.claimed = claimed
        self.options = options or {}
        self.asked: dict[str, Any] = {}

    def open(self, **asked: Any) -> Opened:
        self.asked = asked
        return Opened(run_id=RUN, claimed=self.claimed, because="it was due" if self.claimed else "another has it")

    def note(self, run_id: UUID, *, statistics: Mapping[str, Any]) -> None:
        self.noted = statistics

    def get(self, run_id: UUID) -> Run:
        assert run_id == RUN
        return replace(RUNNING, options=self.options)


class FakeScores:
    def __init__(self) -> None:
        self.as_of: datetime | None = None

    def refresh(self, *, as_of: datetime, profile: ScoreProfile) -> Scored:
        self.as_of = as_of
        return Scored(customers=1200, rescored=5, changed=3)

    def ensure(self, *, as_of: datetime, profile: ScoreProfile) -> None:
        self.as_of = as_of


class FakeCandidates:
    def __init__(self) -> None:
        self.trigger: Trigger | None = None
        self.policy: ContactPolicy | None = None

    def select(self, run_id: UUID, *, trigger: Trigger, due_at: datetime, policy: ContactPolicy) -> Selected:
        assert due_at == DUE_AT
        self.trigger, self.policy = trigger, policy
        return Selected(
            trigger=trigger, at_risk=12, left_alone=LeftAlone(opted_out=1, held_out=5), insufficient=4,
            candidates=(Candidate(customer_id="C100088", position=1, health=32.5, risk=0.852),),
        )  # fmt: skip

    def held_out(self, run_id: UUID) -> list[HeldOut]:
        return [HeldOut(customer_id="C7", rank=2.5, health=30, risk=0.881)]


class FakeJournal:
    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    def record(self, decisions: Iterable[Decision]) -> None:
        self.decisions += decisions


def requested(**options: Any) -> ScanRequested:
    return ScanRequested(due_at=DUE_AT, execution="one", **options)


def test_a_moment_in_the_future_is_refused() -> None:
    with pytest.raises(InvalidEventError, match="lies in the future"):
        scan.score(
            requested(), runs=FakeRuns(), scores=FakeScores(), profile=DEFAULT_V1, now=DUE_AT - timedelta(days=1)
        )


def test_scores_as_of_the_moment_it_was_due() -> None:
    runs, scores = FakeRuns(), FakeScores()
    answer = scan.score(requested(), runs=runs, scores=scores, profile=DEFAULT_V1, now=NOW)
    assert scores.as_of == DUE_AT
    assert (answer.claimed, answer.scored) == (True, 1200)
    assert runs.noted == {"customers": 1200, "rescored": 5}
    assert answer.because == "it was due; of 1200 customers 5 were scored, 3 anew"


def test_leaves_alone_what_another_execution_has_claimed() -> None:
    scores = FakeScores()
    answer = scan.score(requested(), runs=FakeRuns(claimed=False), scores=scores, profile=DEFAULT_V1, now=NOW)
    assert scores.as_of is None
    assert (answer.claimed, answer.scored, answer.because) == (False, 0, "another has it")


@pytest.mark.parametrize("options", [{}, {"risk_threshold": 0.8}, {"risk_threshold": 0.8, "max_interventions": 3}])
def test_the_run_keeps_the_options_that_were_given(options: dict[str, Any]) -> None:
    runs = FakeRuns()
    scan.score(requested(**options), runs=runs, scores=FakeScores(), profile=DEFAULT_V1, now=NOW)
    assert runs.asked["options"] == options


@pytest.mark.parametrize(
    ("options", "trigger"),
    [
        ({}, USUAL),
        ({"max_interventions": 3}, replace(USUAL, max_interventions=3)),
        ({"risk_threshold": 0.8}, replace(USUAL, health_threshold=None, risk_threshold=0.8)),
        ({"risk_threshold": 0.0}, replace(USUAL, health_threshold=None, risk_threshold=0.0)),
    ],
)
def test_a_risk_threshold_that_was_asked_for_is_the_whole_trigger(
    options: dict[str, Any], trigger: Trigger
) -> None:
    candidates, journal = FakeCandidates(), FakeJournal()
    answer = scan.select(
        ScanStep(run_id=RUN),
        runs=FakeRuns(options=options),
        scores=FakeScores(),
        candidates=candidates,
        profile=DEFAULT_V1,
        usual=USUAL,
        journal=journal,
        policy=ContactPolicy(),
        now=NOW,
    )
    assert candidates.trigger == trigger
    assert candidates.policy == ContactPolicy()
    (left,) = journal.decisions
    assert (left.customer_id, left.action, left.run_id) == ("C7", "hold_out", RUN)
    assert left.because == (
        "health 30.0%, churn risk 88.1%; not approached, since they are among the 10% with whom those who are "
        "approached are compared"
    )
    assert answer.customers == ("C100088",)
    assert (answer.at_risk, answer.left_alone, answer.insufficient) == (12, 6, 4)


class Liar:
    """A writer that invents a discount, as a model might."""

    def write(self, brief: Any) -> Letter:
        honest = TemplateWriter(COMPANY).write(brief)
        return replace(honest, body=f"{honest.body}\n50%")


def test_leaves_a_draft_that_says_why_it_is_in_its_language() -> None:
    files = MemoryFiles()
    files.write(brief_file(RUN, "C100088"), brief())
    request = MessageRequested(run_id=RUN, customer_id="C100088")
    answer = writing.write(request, files=files, writer=TemplateWriter(COMPANY), company=COMPANY)
    draft = files.read(draft_file(RUN, "C100088"), Draft)
    assert (answer.language, answer.because) == ("hi", "in Hindi, as they prefer")
    assert (draft.language_name, draft.tone, draft.refused) == ("Hindi", "apologetic", None)


def test_refuses_what_is_not_in_the_facts() -> None:
    files = MemoryFiles()
    files.write(brief_file(RUN, "C100088"), brief(facts(language="en")))
    request = MessageRequested(run_id=RUN, customer_id="C100088")
    answer = writing.write(request, files=files, writer=Liar(), company=COMPANY)
    assert answer.because == "refused: the number 50 is in none of the facts"
    assert files.read(draft_file(RUN, "C100088"), Draft).refused == "the number 50 is in none of the facts"


def test_without_a_brief_there_is_nothing_to_write() -> None:
    request = MessageRequested(run_id=RUN, customer_id="C100088")
    with pytest.raises(NotFoundError):
        writing.write(request, files=MemoryFiles(), writer=TemplateWriter(COMPANY), company=COMPANY)


QUIET = ScanResult(
    run_id=RUN, due_at=DUE_AT, started_at=NOW, finished_at=datetime(2025, 10, 19, 14, 30, 10, tzinfo=UTC),
    seconds=6.3, health_threshold=40, risk_threshold=0.6, max_interventions=10, at_risk=1,
    left_alone=LeftAlone(resting=1), insufficient=0, proposed=0, skipped=0, failed=0, customers=(), total_scans=4,
    total_proposed=10,
)  # fmt: skip


def test_nobody_is_told_of_a_scan_that_found_nobody() -> None:
    answer = told(QUIET)
    assert not answer.tell
    assert answer.subject == "Beforehand: 0 interventions proposed, 1 customer at risk"
    assert "All scans: 4; interventions: 10, 2.5 per scan" in answer.message


@pytest.mark.parametrize("counts", [{"proposed": 1}, {"failed": 1}])
def test_people_are_told_of_what_was_proposed_or_failed(counts: dict[str, int]) -> None:
    assert told(QUIET.model_copy(update=counts)).tell


def test_the_trigger_is_told_as_it_was() -> None:
    assert "(health below 40%, or churn risk 60% or more)" in told(QUIET).message
    assert (
        "(churn risk 80% or more)"
        in told(QUIET.model_copy(update={"health_threshold": None, "risk_threshold": 0.8})).message
    )
