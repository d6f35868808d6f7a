"""The only place that reads the clock; everywhere else time is an argument."""

from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

__all__ = ["monotonic", "now", "within"]


def now() -> datetime:
    """The present moment, with its zone (UTC)."""
    return datetime.now(UTC)


def within(seconds: float) -> Callable[[], bool]:
    """Tells, whenever it is asked, whether so many seconds from now are not over yet."""
    end = monotonic() + seconds
    return lambda: monotonic() < end
