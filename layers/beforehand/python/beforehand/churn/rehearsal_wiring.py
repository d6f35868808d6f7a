"""Puts the scans together that a rehearsal plays."""

from beforehand.adapters.postgres import Transaction
from beforehand.churn.model import Trigger
from beforehand.churn.profile import profile_of
from beforehand.churn.rehearsing import ScansRehearsed
from beforehand.churn.store.rehearsed import PostgresRehearsed
from beforehand.settings import from_environment
from beforehand.settings.rehearsal import RehearsalRunSettings


def scans(transaction: Transaction) -> ScansRehearsed:
    """The scans of the coming days, by the settings of the deployed ones."""
    settings = from_environment(RehearsalRunSettings)
    usual = Trigger(
        health_threshold=settings.churn_health_threshold,
        risk_threshold=settings.churn_risk_threshold,
        max_interventions=settings.churn_max_interventions,
        min_lifetime_value=settings.churn_min_lifetime_value,
        segments=settings.segments,
    )
    return ScansRehearsed(
        PostgresRehearsed(transaction),
        usual=usual,
        profile=profile_of(settings.churn_profile),
        every_minutes=settings.scan_every_minutes,
    )
