"""The only place that reads the clock; everywhere else time is an argument."""

from datetime import UTC, datetime
from time import monotonic

__all__ = ["monotonic", "now"]


def now() -> datetime:
    """The present moment, with its zone (UTC)."""
    return datetime.now(UTC)
