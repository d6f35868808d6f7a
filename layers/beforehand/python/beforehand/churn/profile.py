"""Score profiles as data: ten factors, their weights, and what each signal is worth.

`score.py` evaluates a profile in Python, `sql.py` compiles the same profile to SQL; neither knows a figure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from beforehand.errors import NotFoundError
from beforehand.names import Profile


class Comparison(StrEnum):
    """How a signal is compared with a bound."""

    BELOW = "<"
    ABOVE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, kw_only=True, slots=True)
class Bands:
    """The first step whose comparison holds decides; none of them, and it is `otherwise`."""

    steps: tuple[tuple[Comparison, float, float], ...]
    otherwise: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Levels:
    """A worth for each label, written in lower case; a label that is not listed is unknown."""

    worth: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Linear:
    """Rises evenly from 0 at `start` to 1 at `end`."""

    start: float = 0.0
    end: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Adjustment:
    """Adds `each` for every unit of another signal (yes is one unit, unknown is none)."""

    signal: str
    each: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """What it is worth that the factor's own signal is unknown while another one is known."""

    known: str
    worth: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Factor:
    """One factor: a signal, what it is worth (0–1, held there after adjustments), and its weight."""

    name: str
    weight: float
    signal: str
    measure: Bands | Levels | Linear
    adjustment: Adjustment | None = None
    silence: Silence | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreProfile:
    """A version of the score. Below `least_coverage` (0–1) of the weight there is no score at all.

    Churn risk is 1 / (1 + e^(-steepness * (midpoint - health))), health taken as 0–1.
    """

    version: str
    factors: tuple[Factor, ...]
    least_coverage: float = 0.5
    steepness: float = 10.0
    midpoint: float = 0.5

    @property
    def weight(self) -> float:
        """The weight of all factors together."""
        return sum(factor.weight for factor in self.factors)


def _below(*steps: tuple[float, float], otherwise: float) -> Bands:
    return Bands(steps=tuple((Comparison.BELOW, *step) for step in steps), otherwise=otherwise)


def _at_least(*steps: tuple[float, float], otherwise: float) -> Bands:
    return Bands(steps=tuple((Comparison.AT_LEAST, *step) for step in steps), otherwise=otherwise)


def _above(*steps: tuple[float, float], otherwise: float) -> Bands:
    return Bands(steps=tuple((Comparison.ABOVE, *step) for step in steps), otherwise=otherwise)


def _of(profile: ScoreProfile, name: str) -> Factor:
    return next(factor for factor in profile.factors if factor.name == name)


_TREND = _at_least((1.1, 1.0), (0.9, 0.8), (0.7, 0.5), (0.4, 0.25), otherwise=0.0)

DEFAULT_V1 = ScoreProfile(
    version=Profile.DEFAULT_V1,
    factors=(
        Factor(
            name="recency",
            weight=15,
            signal="recency_days",
            measure=_below((7, 1.0), (30, 0.8), (60, 0.53), (90, 0.27), otherwise=0.0),
        ),
        Factor(
            name="frequency",
            weight=12,
            signal="orders_per_month",
            measure=Bands(
                steps=(
                    (Comparison.AT_LEAST, 3, 1.0),
                    (Comparison.AT_LEAST, 1, 0.75),
                    (Comparison.AT_LEAST, 0.5, 0.5),
                    (Comparison.ABOVE, 0, 0.25),
                ),
                otherwise=0.0,
            ),
        ),
        Factor(name="spending", weight=10, signal="spending_ratio", measure=_TREND),
        Factor(name="engagement", weight=10, signal="engagement_ratio", measure=_TREND),
        Factor(
            name="support",
            weight=13,
            signal="csat",
            measure=_at_least((4.5, 1.0), (3.5, 0.75), (2.5, 0.5), otherwise=0.0),
            adjustment=Adjustment(signal="tickets_overdue", each=-0.15),
            silence=Silence(known="tickets_overdue", worth=0.75),
        ),
        Factor(name="nps", weight=5, signal="nps", measure=_at_least((9, 1.0), (7, 0.6), otherwise=0.0)),
        Factor(
            name="loyalty",
            weight=10,
            signal="loyalty_tier",
            measure=Levels(worth={"platinum": 1.0, "gold": 0.8, "silver": 0.6, "bronze": 0.4}),
            adjustment=Adjustment(signal="loyalty_tier_fell", each=-0.3),
        ),
        Factor(
            name="segment",
            weight=10,
            signal="segment",
            measure=Levels(worth={"vip": 1.0, "loyal": 0.8, "regular": 0.53, "occasional": 0.27}),
        ),
        Factor(name="lifetime_value", weight=12, signal="lifetime_value_rank", measure=Linear()),
        Factor(
            name="tenure",
            weight=3,
            signal="tenure_days",
            measure=_above((730, 1.0), (365, 0.83), (180, 0.67), otherwise=0.5),
        ),
    ),
)

# Weights, recency, frequency, support, NPS, tier and tenure are those of the public original of seed 000. Where it
# has no figures that we know of (basket, relative value) the bands are ours; and a fact that is missing drops its
# factor, where the original takes a middling value in silence.
PROCX_V1 = ScoreProfile(
    version=Profile.PROCX_V1,
    factors=(
        replace(_of(DEFAULT_V1, "segment"), weight=15),
        Factor(name="value_percentile", weight=12, signal="lifetime_value_percentile", measure=Linear()),
        Factor(
            name="tier",
            weight=10,
            signal="loyalty_tier",
            measure=Levels(worth={"platinum": 1.0, "gold": 0.8, "silver": 0.6, "bronze": 0.4}),
        ),
        Factor(
            name="relative_value",
            weight=10,
            signal="lifetime_value_ratio",
            measure=_at_least((1.5, 1.0), (1.0, 0.75), (0.5, 0.5), otherwise=0.25),
        ),
        _of(DEFAULT_V1, "recency"),
        _of(DEFAULT_V1, "frequency"),
        Factor(
            name="basket",
            weight=10,
            signal="average_order",
            measure=_at_least((200, 1.0), (100, 0.75), (50, 0.5), otherwise=0.25),
        ),
        replace(_of(DEFAULT_V1, "support"), weight=8, adjustment=None),
        _of(DEFAULT_V1, "nps"),
        _of(DEFAULT_V1, "tenure"),
    ),
)

PROFILES: Mapping[str, ScoreProfile] = {profile.version: profile for profile in (DEFAULT_V1, PROCX_V1)}


def profile_of(version: str) -> ScoreProfile:
    """The profile of this version. Raises NotFoundError naming the versions that exist."""
    if version not in PROFILES:
        raise NotFoundError(f"There is no score profile {version}; there are {', '.join(PROFILES)}")
    return PROFILES[version]
