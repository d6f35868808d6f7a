"""Runs: one for each due time of a schedule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from beforehand.ids import from_content
from beforehand.names import Schedule


def run_id_of(schedule: Schedule, due_at: datetime) -> UUID:
    """The id of the only run that a due time can have."""
    return from_content("run", schedule, due_at.astimezone(UTC).isoformat())


def next_due(moment: datetime, *, minutes: int) -> datetime:
    """The first due time after a moment, of a cadence that is on the clock of UTC."""
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    every = timedelta(minutes=minutes)
    return midnight + ((moment - midnight) // every + 1) * every


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """Whether this execution has the due time; when another has it, `because` says so."""

    run_id: UUID
    claimed: bool
    because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run of a schedule. `options` are what it was started with, `statistics` what it counted."""

    run_id: UUID
    schedule: Schedule
    due_at: datetime
    state: str
    options: Mapping[str, Any]
    statistics: Mapping[str, Any]
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """What all finished runs of a schedule did together."""

    scans: int
    proposed: int
