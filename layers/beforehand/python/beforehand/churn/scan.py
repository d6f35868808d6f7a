"""The first two steps of a scan: score the base, and find whom to approach."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from beforehand.churn.model import HeldOut, Scored, Selected, Trigger
from beforehand.churn.profile import ScoreProfile
from beforehand.errors import InvalidEventError
from beforehand.events.churn import ScanRequested, ScanScored, ScanSelected, ScanStep
from beforehand.journal.model import Decision
from beforehand.names import Schedule
from beforehand.outreach.model import Purpose
from beforehand.outreach.policy import ContactPolicy
from beforehand.schedules.model import Opened, Run

AHEAD = timedelta(minutes=1)
"""A scan may be started this much before it is due, to take the due time before the schedule does."""

OPTIONS = {"risk_threshold", "max_interventions"}


class Runs(Protocol):
    """The ledger of runs, as far as starting a scan needs it."""

    def open(
        self, *, schedule: Schedule, due_at: datetime, execution: str, options: Mapping[str, Any], now: datetime
    ) -> Opened:
        """Takes the due time for this execution, or says who has it."""

    def get(self, run_id: UUID) -> Run:
        """One run. Raises NotFoundError."""

    def note(self, run_id: UUID, *, statistics: Mapping[str, Any]) -> None:
        """Keeps what a step counted."""


class Scores(Protocol):
    """Where the base is scored."""

    def refresh(self, *, as_of: datetime, profile: ScoreProfile) -> Scored:
        """Scores everyone as of a moment."""

    def ensure(self, *, as_of: datetime, profile: ScoreProfile) -> None:
        """Makes sure that the scores are those of a moment, whatever other runs have done since."""


class Candidates(Protocol):
    """Where those are found who are treated."""

    def select(self, run_id: UUID, *, trigger: Trigger, due_at: datetime, policy: ContactPolicy) -> Selected:
        """Finds whom to treat, once for each run."""

    def held_out(self, run_id: UUID) -> list[HeldOut]:
        """Whose turn it would have been, had they not been held out."""


class Journal(Protocol):
    """Where decisions are kept."""

    def record(self, decisions: Iterable[Decision]) -> None:
        """Adds decisions, each once."""


def score(
    request: ScanRequested, *, runs: Runs, scores: Scores, profile: ScoreProfile, now: datetime
) -> ScanScored:
    """Opens the run and scores the base as of the moment it was due, unless another execution has the run."""
    if request.due_at > now + AHEAD:
        problem = f"due_at: {request.due_at.isoformat()} lies in the future; what comes due, comes due then"
        raise InvalidEventError("ScanRequested", [problem])
    opened = runs.open(
        schedule=request.schedule,
        due_at=request.due_at,
        execution=request.execution,
        options=request.model_dump(include=OPTIONS, exclude_none=True),
        now=now,
    )
    if not opened.claimed:
        return ScanScored(run_id=opened.run_id, claimed=False, scored=0, because=opened.because)
    scored = scores.refresh(as_of=request.due_at, profile=profile)
    runs.note(opened.run_id, statistics={"customers": scored.customers, "rescored": scored.rescored})
    because = (
        f"{opened.because}; of {scored.customers} customers {scored.rescored} were scored, {scored.changed} anew"
    )
    return ScanScored(run_id=opened.run_id, claimed=True, scored=scored.customers, because=because)


def select(
    step: ScanStep,
    *,
    runs: Runs,
    scores: Scores,
    candidates: Candidates,
    journal: Journal,
    profile: ScoreProfile,
    usual: Trigger,
    policy: ContactPolicy,
    now: datetime,
) -> ScanSelected:
    """Finds whom to treat: at risk, reachable, not opted out, and with nothing that the desk holds against it.

    Whose turn it would have been but for the holdout is entered in the journal: they show what the others would
    have done by themselves.
    """
    run = runs.get(step.run_id)
    scores.ensure(as_of=run.due_at, profile=profile)
    found = candidates.select(
        run.run_id,
        trigger=trigger_of(run.options, usual),
        due_at=run.due_at,
        policy=policy,
    )
    journal.record(
        _left_to_compare(run, one, profile=profile, policy=policy, now=now)
        for one in candidates.held_out(run.run_id)
    )
    return ScanSelected(
        run_id=run.run_id,
        at_risk=found.at_risk,
        left_alone=sum(astuple(found.left_alone)),
        insufficient=found.insufficient,
        customers=tuple(candidate.customer_id for candidate in found.candidates),
    )


def _left_to_compare(
    run: Run, one: HeldOut, *, profile: ScoreProfile, policy: ContactPolicy, now: datetime
) -> Decision:
    share = policy.holdout_share(Purpose.CHURN_INTERVENTION)
    return Decision(
        decided_at=now,
        capability="churn",
        kind="holdout",
        action="hold_out",
        because=(
            f"health {one.health:.1f}%, churn risk {one.risk:.1%}; not approached, since they are among the "
            f"{share:.0%} with whom those who are approached are compared"
        ),
        rule=f"churn {profile.version}, {policy.version}",
        customer_id=one.customer_id,
        run_id=run.run_id,
        facts=asdict(one),
    )


def trigger_of(options: Mapping[str, Any], usual: Trigger) -> Trigger:
    """The trigger of a run: a risk threshold that was asked for is the whole trigger, and health says nothing."""
    asked = options.get("risk_threshold")
    return Trigger(
        health_threshold=usual.health_threshold if asked is None else None,
        risk_threshold=usual.risk_threshold if asked is None else float(asked),
        min_lifetime_value=usual.min_lifetime_value,
        segments=usual.segments,
        max_interventions=int(options.get("max_interventions", usual.max_interventions)),
    )
