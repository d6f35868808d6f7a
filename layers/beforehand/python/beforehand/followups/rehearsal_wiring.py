"""Puts the looks for the inactive together that a rehearsal plays."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from beforehand.adapters.postgres import Transaction
from beforehand.clock import now
from beforehand.followups.inactive_store import PostgresInactive, silent_since
from beforehand.followups.model import Known, Rules, Wish
from beforehand.followups.rehearsing import InactiveRehearsed
from beforehand.followups.store import PostgresJobs
from beforehand.followups.wiring import openings, rules_of
from beforehand.settings import from_environment
from beforehand.settings.rehearsal import RehearsalRunSettings


def inactive(transaction: Transaction) -> InactiveRehearsed:
    """The looks of the coming days, by the settings of the deployed ones."""
    settings = from_environment(RehearsalRunSettings)
    rules, zone = rules_of(settings), ZoneInfo(settings.scheduler_timezone or settings.company_zone)
    return InactiveRehearsed(
        _Inactive(transaction, rules, ZoneInfo(settings.company_zone)),
        openings(transaction, now()),
        rules=rules,
        hour=settings.scheduler_hour if settings.scheduler_enabled else None,
        zone=zone,
        language=settings.company_language,
    )


class _Inactive:
    """The stores, as the rehearsal asks them."""

    def __init__(self, transaction: Transaction, rules: Rules, zone: ZoneInfo) -> None:
        self._store, self._jobs = PostgresInactive(transaction), PostgresJobs(transaction)
        self._rules, self._zone = rules, zone

    def since(self, now: datetime, *, limit: int) -> list[tuple[str, datetime]]:
        last = silent_since(now, self._rules.inactive, self._zone)
        return self._store.since(last, limit=limit, zone=self._zone)

    def planned_since(self, moment: datetime) -> int:
        return self._store.planned_since(moment)

    def known(self, wishes: Sequence[Wish]) -> list[Known | None]:
        return self._jobs.known(wishes)
