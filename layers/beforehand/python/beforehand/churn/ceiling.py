"""How high customers can rank whose labels and lifetime value are known, whatever else is true of them.

Labels and value are worth some points for sure. Of every other factor the least is assumed, or that it is not
known, whichever leaves less health. A bound that is too high costs time; one that is too low would lose somebody.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import expm1, inf, log1p

from beforehand.churn.labels import Labels, is_by_labels
from beforehand.churn.model import Signals
from beforehand.churn.profile import Bands, Comparison, Factor, Levels, Linear, ScoreProfile
from beforehand.churn.score import LEAST_AT_STAKE, risk_of, share_of
from beforehand.churn.yardstick import EVERYONE, Yardstick, scope_of

SLACK = 1 + 1e-6
"""More than the last bits of two libraries' logarithms, and than health is rounded by."""

COMPARED = ("lifetime_value_rank", "lifetime_value_percentile", "lifetime_value_ratio")
HIGHEST_POWER = 700.0

Worth = tuple[float, float]
"""The share of a factor and its weight."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """Values up to `upper`, and what they are worth for sure, or are worth at least where they are known."""

    upper: float
    sure: tuple[Worth, ...]
    others: tuple[Worth, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ceiling:
    """The highest risk (0–1) of a group up to each value, the values rising; the last is infinite."""

    steps: tuple[tuple[float, float], ...]

    def least_value(self, rank: float) -> float:
        """From which value on somebody of the group may rank as high as `rank`; infinity where nobody may."""
        below = LEAST_AT_STAKE
        for upper, risk in self.steps:
            highest = risk * SLACK
            if highest * log1p(upper) >= rank:
                return max(below, expm1(min(rank / highest, HIGHEST_POWER)))
            below = upper
        return inf


def ceilings(
    profile: ScoreProfile, groups: Iterable[tuple[Labels, str]], yardsticks: Mapping[str, Yardstick]
) -> list[Ceiling]:
    """The ceiling of each group: its labels, and its segment as it is written, which has the yardstick.

    The yardsticks may be coarser than those that scores are made by, if their values are as evenly spaced.
    """
    by_value = [factor for factor in profile.factors if _is_by_value(factor)]
    measured: dict[str, list[Measured]] = {}
    found = []
    for labels, segment in groups:
        if segment not in measured:
            yardstick, everyone = yardsticks.get(scope_of(segment)), yardsticks.get(EVERYONE)
            measured[segment] = list(_measured(by_value, yardstick, everyone))
        found.append(_ceiling(profile, labels, measured[segment]))
    return found


def _measured(
    by_value: Sequence[Factor], alike: Yardstick | None, everyone: Yardstick | None
) -> Iterable[Measured]:
    """Values, and what is at least true of the lifetime value where it is above the one before."""
    kept = {value for one in (alike, everyone) if one is not None for value in one.values}
    # Up to the first, it may be unknown as well.
    yield Measured(upper=LEAST_AT_STAKE, sure=(), others=tuple((least_share(f), f.weight) for f in by_value))
    below = LEAST_AT_STAKE
    for upper in (*sorted(value for value in kept if value > LEAST_AT_STAKE), inf):
        signals = Signals(
            customer_id="",
            lifetime_value_rank=_least_rank(alike, below),
            lifetime_value_ratio=None if alike is None else alike.ratio(below),
            lifetime_value_percentile=_least_rank(everyone, below),
        )
        shares = ((share_of(factor, signals), factor.weight) for factor in by_value)
        yield Measured(
            upper=upper, sure=tuple((share, weight) for share, weight in shares if share is not None), others=()
        )
        below = upper


def _least_rank(yardstick: Yardstick | None, value: float) -> float | None:
    """The rank that every value above this one has at least; None where nothing can be compared."""
    if yardstick is None or yardstick.values[0] == yardstick.values[-1]:
        return None
    return max(bisect_right(yardstick.values, value) - 1, 0) / (len(yardstick.values) - 1)


def _ceiling(profile: ScoreProfile, labels: Labels, measured: Sequence[Measured]) -> Ceiling:
    sure: list[Worth] = []
    others: list[Worth] = []
    for factor in profile.factors:
        if _is_by_value(factor):
            continue
        if not is_by_labels(factor):
            others.append((least_share(factor), factor.weight))
        elif (share := share_of(factor, labels.signals)) is not None:
            sure.append((share, factor.weight))
    others.sort()
    return Ceiling(
        steps=tuple(
            (one.upper, risk_of(_least_health((*sure, *one.sure), sorted((*others, *one.others))), profile))
            for one in measured
        )
    )


def _least_health(sure: Sequence[Worth], others: Sequence[Worth]) -> float:
    """The least that health can be, 0–100, `others` rising: a factor more is known as long as that lowers it."""
    points, weight = sum(s * w for s, w in sure), sum(w for _, w in sure)
    least = points / weight if weight else inf
    for share, more in others:
        points, weight = points + share * more, weight + more
        least = min(least, points / weight)
    return 100.0 * least if least < inf else 100.0


def least_share(factor: Factor) -> float:
    """The least that a factor can be worth where it is known."""
    measure = factor.measure
    if factor.adjustment is not None or isinstance(measure, Linear):
        return 0.0
    worths = [*measure.worth.values()] if isinstance(measure, Levels) else [w for *_, w in measure.steps]
    if isinstance(measure, Bands):
        worths.append(measure.otherwise)
    if factor.silence is not None:
        worths.append(factor.silence.worth)
    return min(worths)


def _is_by_value(factor: Factor) -> bool:
    """Whether a factor is worth the more, or as much, the higher the lifetime value is."""
    if factor.signal not in COMPARED or factor.adjustment is not None or factor.silence is not None:
        return False
    measure = factor.measure
    if isinstance(measure, Linear):
        return measure.end > measure.start
    if not isinstance(measure, Bands):
        return False
    bounds = [bound for _, bound, _ in measure.steps]
    worths = [worth for *_, worth in measure.steps] + [measure.otherwise]
    rising = all(comparison is not Comparison.BELOW for comparison, *_ in measure.steps)
    return rising and bounds == sorted(bounds, reverse=True) and worths == sorted(worths, reverse=True)
