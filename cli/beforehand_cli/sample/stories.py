"""The stories of the sample company's customers: how each kind buys, uses, complains and drifts away."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One kind of customer.

    `orders` are purchases a month in each of four ages: over 180 days ago, 180–90, 90–60, and the last 60 days.
    `csat` is 1–5 or None where nobody asked, `nps` a range, `engagement` the last 30 days against a usual month.
    """

    name: str
    share: int
    segments: tuple[str, ...]
    tiers: tuple[str, ...]
    orders: tuple[float, float, float, float]
    basket: tuple[int, int]
    csat: tuple[float, float] | None
    nps: tuple[int, int]
    engagement: tuple[float, float]
    overdue: tuple[int, int] = (0, 0)
    falls: bool = False
    years: tuple[float, float] = (1.0, 6.0)


STORIES = (
    Story(name="steady", share=34, segments=("Loyal", "Regular"), tiers=("Gold", "Silver"),
          orders=(1.4, 1.4, 1.5, 1.5), basket=(20, 140), csat=(3.8, 5.0), nps=(7, 10), engagement=(0.9, 1.2)),
    Story(name="growing", share=14, segments=("Regular", "Loyal"), tiers=("Silver", "Gold"),
          orders=(0.6, 1.0, 1.8, 2.6), basket=(25, 160), csat=(4.0, 5.0), nps=(8, 10), engagement=(1.1, 1.8)),
    Story(name="occasional", share=18, segments=("Occasional",), tiers=("Bronze", "Silver"),
          orders=(0.25, 0.3, 0.3, 0.3), basket=(15, 90), csat=None, nps=(6, 9), engagement=(0.6, 1.2)),
    Story(name="newcomer", share=9, segments=("Regular", "Occasional"), tiers=("Bronze",),
          orders=(0.0, 0.0, 1.5, 1.8), basket=(20, 120), csat=None, nps=(7, 10), engagement=(0.9, 1.3),
          years=(0.1, 0.24)),
    Story(name="fading star", share=6, segments=("VIP",), tiers=("Platinum", "Gold"),
          orders=(3.0, 2.0, 0.4, 0.0), basket=(120, 900), csat=(2.2, 3.6), nps=(2, 6), engagement=(0.05, 0.4),
          overdue=(0, 2), falls=True),
    Story(name="let down", share=6, segments=("Loyal", "Regular"), tiers=("Gold", "Silver"),
          orders=(1.6, 1.4, 0.5, 0.1), basket=(30, 220), csat=(1.2, 2.4), nps=(0, 4), engagement=(0.1, 0.6),
          overdue=(1, 4)),
    Story(name="lapsed", share=8, segments=("Regular", "Occasional"), tiers=("Bronze", "Silver"),
          orders=(0.9, 0.2, 0.0, 0.0), basket=(15, 110), csat=None, nps=(3, 7), engagement=(0.0, 0.2)),
    Story(name="distracted", share=5, segments=("Loyal",), tiers=("Gold", "Silver"),
          orders=(1.2, 1.1, 0.8, 0.4), basket=(25, 180), csat=(3.0, 4.2), nps=(5, 8), engagement=(0.2, 0.5),
          falls=True),
)  # fmt: skip
