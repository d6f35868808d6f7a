"""Which facts of a customer are not known, as the bits of `churn_signals.unknown`."""

from beforehand.churn.profile import Factor

BITS = (
    "recency_days", "orders_per_month", "spending_ratio", "average_order", "engagement_ratio", "csat", "support",
    "nps", "tenure_days", "lifetime_value_rank", "lifetime_value_percentile", "lifetime_value_ratio", "segment",
    "loyalty_tier",
)  # fmt: skip
"""Lowest first. `support`: neither satisfaction nor tickets. Labels that are not counted are not known."""

SUPPORT = ("csat", "tickets_overdue")


def bit_of(factor: Factor) -> int | None:
    """A bit that is set wherever the factor is not known; None where there is none."""
    silence = factor.silence
    name = "support" if silence is not None and (factor.signal, silence.known) == SUPPORT else factor.signal
    return 1 << BITS.index(name) if name in BITS else None
