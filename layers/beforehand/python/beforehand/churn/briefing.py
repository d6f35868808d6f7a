"""The third step of a scan: gathers the facts of each selected customer and lets three agents read them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel

from beforehand.churn import agents
from beforehand.churn.allowance import Allowance
from beforehand.churn.documents import Brief, BriefLine, Briefs, brief_file, briefs_file
from beforehand.churn.model import Facts, Remembered, Selected
from beforehand.churn.profile import ScoreProfile
from beforehand.churn.score import score
from beforehand.events.churn import ScanBriefed, ScanStep
from beforehand.schedules.model import Run


class Runs(Protocol):
    """The ledger of runs, as far as briefing needs it."""

    def get(self, run_id: UUID) -> Run:
        """One run. Raises NotFoundError."""


class Candidates(Protocol):
    """Where the selected customers are, and the facts about them."""

    def selected(self, run_id: UUID) -> Selected:
        """What a run found. Raises NotFoundError when it has not selected yet."""

    def facts(self, run_id: UUID, *, as_of: datetime, profile: ScoreProfile) -> list[Facts]:
        """All that is known of each, best first."""


class Scores(Protocol):
    """Where the base is scored."""

    def ensure(self, *, as_of: datetime, profile: ScoreProfile) -> None:
        """Makes sure that the scores are those of a moment, whatever other runs have done since."""


class Memory(Protocol):
    """What was tried with each customer before."""

    def of(self, customer_ids: Sequence[str], *, before: datetime) -> Mapping[str, tuple[Remembered, ...]]:
        """The last interventions of each that were decided before a moment, newest first."""


class Files(Protocol):
    """Where briefs are left."""

    def write(self, key: str, document: BaseModel) -> None:
        """Puts a document in its place."""


def brief(
    step: ScanStep,
    *,
    runs: Runs,
    scores: Scores,
    candidates: Candidates,
    memory: Memory,
    files: Files,
    profile: ScoreProfile,
    allowance: Allowance,
) -> ScanBriefed:
    """Leaves one brief for each selected customer, and an index, in the files bucket."""
    run = runs.get(step.run_id)
    scores.ensure(as_of=run.due_at, profile=profile)
    found = candidates.selected(run.run_id)
    known = candidates.facts(run.run_id, as_of=run.due_at, profile=profile)
    remembered = memory.of([facts.customer_id for facts in known], before=run.due_at)
    briefs = [
        brief_of(
            replace(facts, memory=remembered.get(facts.customer_id, ())),
            run_id=run.run_id,
            due_at=run.due_at,
            profile=profile,
            model_calls=calls,
        )
        for facts, calls in zip(known, allowance.shares(len(known)), strict=True)
    ]
    for document in briefs:
        files.write(brief_file(run.run_id, document.customer_id), document)
    index = Briefs(
        run_id=run.run_id,
        due_at=run.due_at,
        profile=profile.version,
        at_risk=found.at_risk,
        scored=run.statistics.get("customers"),
        rescored=run.statistics.get("rescored"),
        left_alone=found.left_alone,
        customers=tuple(map(_line, briefs)),
    )
    files.write(briefs_file(run.run_id), index)
    return ScanBriefed(run_id=run.run_id, customers=tuple(document.customer_id for document in briefs))


def brief_of(facts: Facts, *, run_id: UUID, due_at: datetime, profile: ScoreProfile, model_calls: int = 0) -> Brief:
    """What the agents make of one customer. Health and risk are those by which the customer was selected."""
    scored = score(facts.signals, profile)
    found = agents.pattern(facts, scored.contributions)
    return Brief(
        run_id=run_id,
        customer_id=facts.customer_id,
        due_at=due_at,
        profile=profile.version,
        position=facts.position,
        health=facts.health,
        risk=facts.risk,
        velocity=facts.velocity,
        coverage=scored.coverage,
        name=facts.name,
        language=facts.language,
        channel=facts.channel,
        signals=facts.signals,
        contributions=scored.contributions,
        purchases=facts.purchases,
        context=agents.context(facts, as_of=due_at),
        pattern=found,
        plan=agents.decide(facts, found, as_of=due_at),
        model_calls=model_calls,
    )


def _line(brief: Brief) -> BriefLine:
    return BriefLine(
        position=brief.position,
        customer_id=brief.customer_id,
        segment=brief.signals.segment,
        loyalty_tier=brief.signals.loyalty_tier,
        health=brief.health,
        risk=brief.risk,
        issue=brief.pattern.issue,
        language=brief.language,
    )
