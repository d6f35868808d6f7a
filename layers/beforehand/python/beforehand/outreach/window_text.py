"""Send windows as people write them: "09:00–20:00", and the weekdays by their names."""

import re
from collections.abc import Iterable
from datetime import time

from beforehand.outreach.windows import DAYS, EVERY_DAY, DayName, SendWindow

HOURS = re.compile(r"\s*([01]\d|2[0-4]):([0-5]\d)\s*[–-]\s*([01]\d|2[0-4]):([0-5]\d)\s*")


def read_hours(text: str) -> tuple[time, time]:
    """When a window opens and closes. "24:00" is the midnight that ends the day. Raises ValueError."""
    found = HOURS.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no window; write it as 09:00–20:00")
    from_hour, from_minute, to_hour, to_minute = (int(part) for part in found.groups())
    if from_hour == 24 or (to_hour, to_minute) > (24, 0):
        raise ValueError(f"{text!r} names a time that no clock shows; write it as 09:00–20:00")
    return time(from_hour, from_minute), time(to_hour % 24, to_minute)


def read_days(names: Iterable[DayName] | None) -> frozenset[int]:
    """Weekdays by their English names, as ISO numbers them; all of them where none are given."""
    return EVERY_DAY if names is None else frozenset(DAYS.index(name) + 1 for name in names)


def hours_of(window: SendWindow) -> str:
    """A window's hours as they are written."""
    closes = "24:00" if window.closes == time(0) else f"{window.closes:%H:%M}"
    return f"{window.opens:%H:%M}–{closes}"


def days_of(window: SendWindow) -> list[DayName]:
    """A window's weekdays as they are written, in their order."""
    return [DAYS[day - 1] for day in sorted(window.days)]
