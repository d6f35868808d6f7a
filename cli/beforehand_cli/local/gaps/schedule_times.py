"""When a schedule of EventBridge Scheduler is due, in its own time zone.

As in AWS: a `rate` begins at its StartDate, or at once without one; a `cron` time that the clocks jump over in
spring is skipped, and one that they repeat in autumn comes once. An expression that names every hour goes on evenly
through both; that AWS does so too is not documented.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ministack.services import eventbridge, scheduler

_HOURS = 24
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


class InvalidScheduleError(ValueError):
    """The expression or its time zone is not one that Scheduler knows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """The times of one schedule. Moments are seconds since 1970, as in the emulator's records."""

    expression: str
    zone: ZoneInfo
    start: float | None
    end: float | None
    made: float

    @classmethod
    def of(cls, schedule: dict[str, Any]) -> "Times":
        """Read a schedule's record.

        Raises:
            InvalidScheduleError: its expression or time zone is not valid.
        """
        expression = str(schedule.get("ScheduleExpression", "")).strip()
        zone = schedule.get("ScheduleExpressionTimezone") or "UTC"
        try:
            times = cls(
                expression=expression,
                zone=ZoneInfo(zone),
                start=scheduler._to_epoch(schedule.get("StartDate")),
                end=scheduler._to_epoch(schedule.get("EndDate")),
                made=float(schedule.get("LastModificationDate") or 0),
            )
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise InvalidScheduleError(f"Invalid ScheduleExpressionTimezone {zone}.") from error
        if not (_AT.fullmatch(expression) or times._step() or times._cron()):
            raise InvalidScheduleError(f"Invalid Schedule Expression {expression}.")
        return times

    @property
    def is_once(self) -> bool:
        """Whether it fires a single time."""
        return self.expression.startswith("at(")

    def due(self, *, after: float | None, now: float) -> float | None:
        """The latest moment after `after` (None: it never fired) that is due by `now`; None when there is none."""
        if self.is_once:
            found = self._once()
            return found if after is None and found <= now else None
        found_or_none = self._latest_rate(after, now) if self._step() else self._latest_cron(after, now)
        if found_or_none is None or (self.end is not None and found_or_none > self.end):
            return None
        return found_or_none

    def _step(self) -> int | None:
        step: int | None = eventbridge._parse_rate_seconds(self.expression)
        return step or None

    def _cron(self) -> Any:
        return eventbridge._parse_cron_fields(self.expression)

    def _once(self) -> float:
        found = _AT.fullmatch(self.expression)
        wall = datetime.fromisoformat(found[1] if found else "")
        return wall.replace(tzinfo=self.zone).timestamp()

    def _latest_rate(self, after: float | None, now: float) -> float | None:
        begin, step = self.start if self.start is not None else self.made, self._step() or 1
        if now < begin:
            return None
        latest = begin + math.floor((now - begin) / step) * step
        return latest if after is None or latest > after else None

    def _latest_cron(self, after: float | None, now: float) -> float | None:
        latest: float | None = None
        moment = self.made if after is None else after
        while (moment := self._next_cron(moment)) <= now:
            if self.start is None or moment >= self.start:
                latest = moment
        return latest

    def _next_cron(self, after: float) -> float:
        """The next moment after `after`; infinity when there is none in four years."""
        fields = self._cron()
        wall = self._wall(after)
        found: datetime | None = eventbridge._cron_next_fire(fields, wall.replace(tzinfo=UTC))
        if found and len(fields[1]) == _HOURS:
            # Every hour is named: time simply goes on, whatever the clocks do meanwhile.
            ahead = found.replace(tzinfo=None) - wall.replace(second=0, microsecond=0)
            moment = math.floor(after / 60) * 60 + ahead.total_seconds()
            if self._names(self._wall(moment)):
                return float(moment)
        while True:
            found = eventbridge._cron_next_fire(fields, wall.replace(tzinfo=UTC))
            if found is None:
                return math.inf
            wall = found.replace(tzinfo=None)
            for fold in (0, 1):
                local = wall.replace(tzinfo=self.zone, fold=fold)
                if local.timestamp() > after and self._wall(local.timestamp()) == wall:
                    return local.timestamp()

    def _wall(self, moment: float) -> datetime:
        """What the clocks of the zone show, without saying which zone."""
        return datetime.fromtimestamp(moment, tz=self.zone).replace(tzinfo=None, fold=0)

    def _names(self, wall: datetime) -> bool:
        """Whether the expression names this minute."""
        before = wall.replace(tzinfo=UTC) - timedelta(minutes=1)
        return bool(eventbridge._cron_next_fire(self._cron(), before) == wall.replace(tzinfo=UTC))
