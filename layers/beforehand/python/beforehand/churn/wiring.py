"""Puts `churn_score` and `churn_select` together; they need the database and nothing else."""

from beforehand.adapters.postgres import database
from beforehand.churn import scan
from beforehand.churn.model import Trigger
from beforehand.churn.profile import profile_of
from beforehand.churn.store.candidates import PostgresCandidates
from beforehand.churn.store.scores import PostgresScores
from beforehand.clock import now
from beforehand.events.churn import ScanRequested, ScanScored, ScanSelected, ScanStep
from beforehand.journal.store import PostgresJournal
from beforehand.outreach.policies_store import PostgresPolicies
from beforehand.schedules.store import PostgresRuns
from beforehand.settings import from_environment
from beforehand.settings.churn import ChurnScoreSettings, ChurnSelectSettings


def score(request: ScanRequested) -> ScanScored:
    """Takes the due time and scores the base as of it."""
    profile = profile_of(from_environment(ChurnScoreSettings).churn_profile)
    with database(ChurnScoreSettings).transaction() as transaction:
        return scan.score(
            request,
            runs=PostgresRuns(transaction),
            scores=PostgresScores(transaction),
            profile=profile,
            now=now(),
        )


def select(step: ScanStep) -> ScanSelected:
    """Finds who is at risk and may be approached now."""
    settings = from_environment(ChurnSelectSettings)
    usual = Trigger(
        health_threshold=settings.churn_health_threshold,
        risk_threshold=settings.churn_risk_threshold,
        max_interventions=settings.churn_max_interventions,
        min_lifetime_value=settings.churn_min_lifetime_value,
        segments=settings.segments,
    )
    at = now()
    with database(ChurnSelectSettings).transaction() as transaction:
        return scan.select(
            step,
            runs=PostgresRuns(transaction),
            scores=PostgresScores(transaction),
            candidates=PostgresCandidates(transaction),
            profile=profile_of(settings.churn_profile),
            journal=PostgresJournal(transaction),
            usual=usual,
            policy=PostgresPolicies(transaction).in_force(at),
            now=at,
        )
