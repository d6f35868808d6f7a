"""The labels of a customer as one small number; the generated column `churn_signals.labels` counts the same."""

from collections.abc import Iterator
from dataclasses import dataclass

SEGMENTS = ("vip", "loyal", "regular", "occasional")
TIERS = ("platinum", "gold", "silver", "bronze")
MOST = 16 * len(SEGMENTS) + 2 * len(TIERS) + 1
"""The highest number that there is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """Segment and tier in lower case, None where unknown or none of those that count; whether the tier fell."""

    segment: str | None
    loyalty_tier: str | None
    loyalty_tier_fell: bool

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


def _place(label: str | None, labels: tuple[str, ...]) -> int:
    return labels.index(label) + 1 if label in labels else 0
