"""Puts the looks for the inactive together that a rehearsal plays."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from beforehand.adapters.postgres import Transaction
from beforehand.followups.inactive_store import PostgresInactive, silent_since
from beforehand.followups.model import Known, Rules, Wish
from beforehand.followups.rehearsing import InactiveRehearsed
from beforehand.followups.store import PostgresJobs
from beforehand.followups.wiring import openings_under, rules_of
from beforehand.settings import from_environment
from beforehand.settings.rehearsal import RehearsalRunSettings


def inactive(transaction: Transaction) -> InactiveRehearsed:
    """The looks of the coming days, by the settings of the deployed ones."""
    settings = from_environment(RehearsalRunSettings)
    return looks(
        transaction,
        rules_of(settings),
        hour=settings.scheduler_hour if settings.scheduler_enabled else None,
        zone=ZoneInfo(settings.scheduler_timezone or settings.company_zone),
        company_zone=ZoneInfo(settings.company_zone),
        language=settings.company_language,
    )


def looks(
    transaction: Transaction, rules: Rules, *, hour: int | None, zone: tzinfo, company_zone: tzinfo, language: str
) -> InactiveRehearsed:
    """The looks at an hour in a zone; days begin where the company is."""
    return InactiveRehearsed(
        _Inactive(transaction, rules, company_zone),
        lambda policy: openings_under(lambda: policy),
        rules=rules,
        hour=hour,
        zone=zone,
        company_zone=company_zone,
        language=language,
    )


class _Inactive:
    """The stores, as the rehearsal asks them."""

    def __init__(self, transaction: Transaction, rules: Rules, zone: tzinfo) -> None:
        self._store, self._jobs = PostgresInactive(transaction), PostgresJobs(transaction)
        self._rules, self._zone = rules, zone

    def since(self, now: datetime, *, limit: int) -> list[tuple[str, datetime]]:
        last = silent_since(now, self._rules.inactive, self._zone)
        return self._store.since(last, limit=limit, zone=self._zone)

    def planned_since(self, moment: datetime) -> int:
        return self._store.planned_since(moment)

    def known(self, wishes: Sequence[Wish]) -> list[Known | None]:
        return self._jobs.known(wishes)
