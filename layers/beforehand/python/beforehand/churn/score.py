"""The score in plain Python: what the SQL must agree with, and what explains each customer's score.

Every operation stands in the order in which `sql.py` writes it, so both give the same double.
"""

from math import exp, log
from typing import cast

from beforehand.churn.model import Contribution, RiskLevel, Score, Signals
from beforehand.churn.profile import Bands, Comparison, Factor, Levels, Linear, ScoreProfile

ROUNDED_TO = 1e9
WEAK_BELOW = 0.5
AGEING = 0.1
LEAST_AT_STAKE = 1.0
STEEP_FALL = 15.0
LEVELS = ((0.8, RiskLevel.CRITICAL), (0.6, RiskLevel.HIGH), (0.4, RiskLevel.MEDIUM))


def score(signals: Signals, profile: ScoreProfile) -> Score:
    """Health, risk and coverage of one customer, and what each factor did to them."""
    shares = [(factor, share_of(factor, signals)) for factor in profile.factors]
    points = sum((factor.weight * share for factor, share in shares if share is not None), 0.0)
    known = sum((factor.weight for factor, share in shares if share is not None), 0.0)
    coverage = known / profile.weight
    health = health_of(points, known) if coverage >= profile.least_coverage else None
    return Score(
        health=health,
        risk=None if health is None else risk_of(health, profile),
        coverage=coverage,
        contributions=tuple(_contribution(factor, share, known) for factor, share in shares),
    )


def health_of(points: float, known: float) -> float:
    """Health 0–100 from the points reached and the weight known.

    Rounded to a billionth, so that no threshold is missed by the last bit of a double.
    """
    return round(100.0 * points / known * ROUNDED_TO) / ROUNDED_TO


def risk_of(health: float, profile: ScoreProfile) -> float:
    """Churn risk 0–1 of a health 0–100; a health of 32.5 is a risk of 0.852."""
    return 1.0 / (1.0 + exp(-profile.steepness * (profile.midpoint - health / 100.0)))


def level_of(risk: float) -> RiskLevel:
    """The word for a churn risk."""
    return next((level for least, level in LEVELS if risk >= least), RiskLevel.LOW)


def rank_of(risk: float, lifetime_value: float | None, days_waiting: int = 0) -> float:
    """What orders the customers of a scan, highest first: the risk, times what there is to lose, times the waiting.

    Each day adds a tenth, so whoever waits overtakes those who keep coming before them. A value that is unknown or
    below 1 counts as 1: nothing times any waiting would stay nothing.
    """
    at_stake = log(1.0 + max(lifetime_value or 0.0, LEAST_AT_STAKE))
    return risk * at_stake * (1.0 + AGEING * days_waiting)


def raised(level: RiskLevel, velocity: float | None) -> RiskLevel:
    """The level of someone whose health changed by `velocity` points in 28 days: a fall of 15 raises it by one."""
    if velocity is None or velocity > -STEEP_FALL or level is RiskLevel.CRITICAL:
        return level
    words = [word for _, word in LEVELS] + [RiskLevel.LOW]
    return words[words.index(level) - 1]


def share_of(factor: Factor, signals: Signals) -> float | None:
    """What share of its weight a factor reaches, 0–1; None when it is not known."""
    worth = _worth(factor, getattr(signals, factor.signal))
    silence = factor.silence
    if worth is None and silence is not None and getattr(signals, silence.known) is not None:
        worth = silence.worth
    if worth is None or factor.adjustment is None:
        return worth
    units = int(getattr(signals, factor.adjustment.signal) or 0)
    return _held(worth + factor.adjustment.each * units)


def ascii_lower(label: str) -> str:
    """Lower case for the letters A–Z alone: the same in Python and in PostgreSQL's "C" collation."""
    return label.encode().lower().decode()


def _worth(factor: Factor, value: object) -> float | None:
    if value is None:
        return None
    measure = factor.measure
    if isinstance(measure, Levels):
        return measure.worth.get(ascii_lower(str(value)))
    number = float(cast(float, value))
    if isinstance(measure, Linear):
        return _held((number - measure.start) / (measure.end - measure.start))
    return _in_bands(measure, number)


def _in_bands(bands: Bands, number: float) -> float:
    for comparison, bound, worth in bands.steps:
        if _holds(number, comparison, bound):
            return worth
    return bands.otherwise


def _holds(number: float, comparison: Comparison, bound: float) -> bool:
    match comparison:
        case Comparison.BELOW:
            return number < bound
        case Comparison.ABOVE:
            return number > bound
        case Comparison.AT_LEAST:
            return number >= bound


def _held(worth: float) -> float:
    return 0.0 if worth < 0 else 1.0 if worth > 1 else worth


def _contribution(factor: Factor, share: float | None, known: float) -> Contribution:
    lost = 0.0 if share is None else 100.0 * factor.weight * (1.0 - share) / known
    return Contribution(factor=factor.name, weight=factor.weight, share=share, lost=lost)
