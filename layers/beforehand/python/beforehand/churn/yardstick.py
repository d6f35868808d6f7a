"""What a lifetime value is held against: the values of others, few enough to be kept with each day.

A customer whose facts change is held against the yardstick of the last whole pass, so nobody else has to be looked
at; the SQL in `store/yardsticks.py` and the database's `churn_rank` say the same.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from beforehand.churn.model import Signals

STEPS = 500
"""A yardstick has at most one value more than this, so a rank is exact to 0.2 %."""

EVERYONE = "everyone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Yardstick:
    """Values in their order, lowest first, and the mean of all that they stand for."""

    values: tuple[float, ...]
    mean: float

    def rank(self, value: float | None) -> float | None:
        """What share of the others is lower, 0 to 1; None where nothing can be compared."""
        if value is None or self.values[0] == self.values[-1]:
            return None
        return min(bisect_left(self.values, value) / (len(self.values) - 1), 1.0)

    def ratio(self, value: float | None) -> float | None:
        """The value over the mean; None where there is none, or the mean is 0."""
        return None if value is None or self.mean == 0 else value / self.mean


def yardstick_of(values: Iterable[float]) -> Yardstick:
    """The yardstick of one value or more: all of them, or 501 that are evenly spaced in their order."""
    ordered = sorted(values)
    last = max(len(ordered) - 1, 1)
    kept = (value for place, value in enumerate(ordered) if place * STEPS % last < STEPS)
    return Yardstick(values=tuple(kept), mean=_mean(ordered))


def _mean(values: Sequence[float]) -> float:
    """Of whole cents, whose sum is exact: where all are the same, each is the mean."""
    return sum(round(value * 100) for value in values) / len(values) / 100


def yardsticks_of(base: Iterable[Signals]) -> dict[str, Yardstick]:
    """The yardsticks of a base, by scope: everyone's, and one for each segment; no segment is a segment too."""
    values: dict[str, list[float]] = defaultdict(list)
    for signals in base:
        if signals.lifetime_value is not None:
            values[scope_of(signals.segment)].append(signals.lifetime_value)
            values[EVERYONE].append(signals.lifetime_value)
    return {scope: yardstick_of(theirs) for scope, theirs in values.items()}


def scope_of(segment: str | None) -> str:
    """The name of a segment's yardstick."""
    return f"segment:{segment or ''}"


def compared(base: Sequence[Signals], yardsticks: Mapping[str, Yardstick]) -> list[Signals]:
    """The same signals with what follows from holding each lifetime value against the others'."""
    return [_compared(signals, yardsticks) for signals in base]


def _compared(signals: Signals, yardsticks: Mapping[str, Yardstick]) -> Signals:
    alike, everyone = yardsticks.get(scope_of(signals.segment)), yardsticks.get(EVERYONE)
    value = signals.lifetime_value
    return replace(
        signals,
        lifetime_value_rank=None if alike is None else alike.rank(value),
        lifetime_value_ratio=None if alike is None else alike.ratio(value),
        lifetime_value_percentile=None if everyone is None else everyone.rank(value),
    )
