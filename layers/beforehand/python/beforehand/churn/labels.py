"""The labels of a customer as one small number; the generated column `churn_signals.labels` counts the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from beforehand.churn.model import Signals
from beforehand.churn.profile import Factor, Levels, ScoreProfile
from beforehand.churn.score import share_of

SEGMENTS = ("vip", "loyal", "regular", "occasional")
TIERS = ("platinum", "gold", "silver", "bronze")
LABELS = {"segment": SEGMENTS, "loyalty_tier": TIERS}
MOST = 16 * len(SEGMENTS) + 2 * len(TIERS) + 1
"""The highest number that there is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """Segment and tier in lower case, None where unknown or none of those that count; whether the tier fell."""

    segment: str | None
    loyalty_tier: str | None
    loyalty_tier_fell: bool

    @property
    def signals(self) -> Signals:
        """What is known of a customer by them."""
        return Signals(
            customer_id="", segment=self.segment, loyalty_tier=self.loyalty_tier,
            loyalty_tier_fell=self.loyalty_tier_fell,
        )  # fmt: skip

    @property
    def number(self) -> int:
        """16 × segment + 2 × tier + whether it fell; what is not counted is 0."""
        return 16 * _place(self.segment, SEGMENTS) + 2 * _place(self.loyalty_tier, TIERS) + self.loyalty_tier_fell


def labels_of(number: int) -> Labels:
    """The labels that have this number."""
    segment, rest = divmod(number, 16)
    tier, fell = divmod(rest, 2)
    return Labels(
        segment=SEGMENTS[segment - 1] if segment else None,
        loyalty_tier=TIERS[tier - 1] if tier else None,
        loyalty_tier_fell=bool(fell),
    )


def all_labels() -> Iterator[Labels]:
    """All that there are."""
    for segment in (None, *SEGMENTS):
        for tier in (None, *TIERS):
            for fell in (False, True):
                yield Labels(segment=segment, loyalty_tier=tier, loyalty_tier_fell=fell)


def is_by_labels(factor: Factor) -> bool:
    """Whether a factor follows from the labels that are counted and from nothing else."""
    return (
        factor.signal in LABELS
        and isinstance(factor.measure, Levels)
        and factor.measure.worth.keys() <= set(LABELS[factor.signal])
        and factor.silence is None
        and (factor.adjustment is None or factor.adjustment.signal == "loyalty_tier_fell")
    )


def worth_of_labels(profile: ScoreProfile) -> tuple[list[float], list[float]]:
    """By the number of the labels: the points that they reach, and the weight of those that are known."""
    points, weights = [0.0] * (MOST + 1), [0.0] * (MOST + 1)
    for labels in all_labels():
        for factor in profile.factors:
            share = share_of(factor, labels.signals) if is_by_labels(factor) else None
            if share is not None:
                points[labels.number] += factor.weight * share
                weights[labels.number] += factor.weight
    return points, weights


def _place(label: str | None, labels: tuple[str, ...]) -> int:
    return labels.index(label) + 1 if label in labels else 0
