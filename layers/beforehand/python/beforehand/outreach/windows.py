"""Send windows: at which local times people may be contacted, in any zone and through changes of the clock."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo

DayName = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
DAYS: tuple[DayName, ...] = get_args(DayName)
EVERY_DAY = frozenset(range(1, 8))
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
LOOK_AHEAD = 15
"""Days: a weekday comes again within seven, and a zone that jumps over the date line leaves out one of them."""
OPEN_AHEAD = 5
"""Days that are looked at for when a window closes: no provider tries for longer to deliver a message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SendWindow:
    """Open from `opens` up to `closes`, half-open, on the weekdays on which it opens (ISO: Monday is 1).

    One that closes at or before it opens closes on the next day: 22:00–06:00 crosses midnight, 00:00–00:00 is the
    whole day.
    """

    opens: time
    closes: time
    days: frozenset[int] = EVERY_DAY
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Windows are what is looked up by, more often than anything else here.
        object.__setattr__(self, "_hash", hash((self.opens, self.closes, self.days)))
        if not self.days or not self.days <= EVERY_DAY:
            raise ValueError("a send window needs weekdays, from 1 (Monday) to 7 (Sunday)")

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}–{self.closes:%H:%M} {spoken(self.days)}"


Windows = tuple[SendWindow, ...]
Span = tuple[datetime, datetime]


def spoken(days: Iterable[int]) -> str:
    """Weekdays in words: "every day", "Monday to Saturday", "Monday and Thursday"."""
    found = sorted(days)
    if len(found) == len(DAYS):
        return "every day"
    names: list[str] = [DAYS[day - 1] for day in found]
    if len(found) > 2 and found[-1] - found[0] == len(found) - 1:
        return f"{names[0]} to {names[-1]}"
    return " and ".join(names)


def next_open(windows: Windows, zone: str, moment: datetime) -> datetime:
    """The first moment, from `moment` (UTC) on, at which one of the windows is open in a zone."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    begins = None
    for offset in range(-1, LOOK_AHEAD):
        for opens, closes in _spans(windows, zone, day + offset * DAY):
            if opens <= moment < closes:
                return moment
            if opens > moment and (begins is None or opens < begins):
                begins = opens
        if begins is not None and offset > 0:
            return begins
    raise ValueError("a send window that never opens")


def next_shut(windows: Windows, zone: str, moment: datetime) -> datetime:
    """The first moment, from `moment` (UTC) on, at which none of the windows is open in a zone.

    Of what is open for days on end it is a moment days ahead.
    """
    day, shuts = moment.astimezone(ZoneInfo(zone)).date(), moment
    for offset in range(-1, OPEN_AHEAD):
        for opens, closes in sorted(_spans(windows, zone, day + offset * DAY)):
            if opens <= shuts < closes:
                shuts = closes
    return shuts


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """When a clock in a zone first shows a local time, or leaps over it (UTC).

    A time that a clock shows twice counts the first time; one that it leaps over counts as the moment of the leap.
    """
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return first if first <= second else _leap(second, first, zone)


def _leap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    offset = after.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle <= before:
            break
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


@lru_cache(maxsize=16_384)
def _spans(windows: Windows, zone: str, day: date) -> tuple[Span, ...]:
    """When the windows that open on a local day are open; none where the clock leaps over the day."""
    there, found = ZoneInfo(zone), []
    for window in windows:
        if day.isoweekday() in window.days:
            ends = day if window.closes > window.opens else day + DAY
            opens = instant(datetime.combine(day, window.opens), there)
            closes = instant(datetime.combine(ends, window.closes), there)
            if opens < closes:
                found.append((opens, closes))
    return tuple(found)
