"""What each factor of a score says about a customer, in a sentence for staff. It holds no name."""

from collections.abc import Callable, Mapping

from beforehand.churn.model import Signals

QUIET_FOR = (365, 180, 90, 60, 30, 14, 7)


def velocity_sentence(velocity: float | None) -> str | None:
    """What the last 28 days did to health (points); None where nothing is known or nothing happened."""
    if velocity is None or abs(velocity) < 0.05:
        return None
    return f"Health {'rose' if velocity > 0 else 'fell'} by {abs(velocity):.1f} points in 28 days"


def sentence(factor: str, signals: Signals) -> str:
    """What the factor says; a fact that is missing is said to be missing."""
    return _SENTENCES[factor](signals) or f"Nothing is known of their {factor.replace('_', ' ')}"


def _recency(signals: Signals) -> str | None:
    days = signals.recency_days
    if days is None:
        return None
    quiet = next((most for most in QUIET_FOR if days >= most), None)
    if quiet is None:
        return "Was here in the last 7 days (active)"
    return f"Haven't purchased in {quiet}+ days ({'declining activity' if quiet < 180 else 'gone quiet'})"


def _frequency(signals: Signals) -> str | None:
    monthly = signals.orders_per_month
    if monthly is None:
        return None
    if monthly == 0:
        return "No orders in the last 180 days (stopped buying)"
    return f"{monthly:.1f} orders a month over 180 days ({'buys rarely' if monthly < 1 else 'buys regularly'})"


def _spending(signals: Signals) -> str | None:
    ratio = signals.spending_ratio
    if ratio is None:
        return None
    if ratio == 0:
        return "Spent nothing in the last 90 days (spending has stopped)"
    return f"Spending {_trend(ratio)} the 90 days before"


def _engagement(signals: Signals) -> str | None:
    ratio = signals.engagement_ratio
    if ratio is None:
        return None
    if ratio == 0:
        return "No visits, opens or clicks in 30 days (interest has stopped)"
    return f"Visits, opens and clicks {_trend(ratio)} a usual month"


def _trend(ratio: float) -> str:
    if ratio < 0.9:
        return f"fell {1 - ratio:.0%} against"
    return f"rose {ratio - 1:.0%} against" if ratio >= 1.1 else "stayed about level with"


def _support(signals: Signals) -> str | None:
    waiting, csat = signals.tickets_overdue, signals.csat
    tickets = f"{waiting} support {'ticket' if waiting == 1 else 'tickets'} past the time promised"
    if csat is None:
        return None if waiting is None else f"{tickets} (still waiting)" if waiting else "No support was needed"
    rated = f"rates support {csat:.1f} of 5"
    if waiting:
        return f"{tickets}, and {rated} (still waiting)"
    return f"{rated.capitalize()} ({'unhappy' if csat < 3.5 else 'content'} with support)"


def _nps(signals: Signals) -> str | None:
    if signals.nps is None:
        return None
    mood = "would not recommend" if signals.nps <= 6 else "undecided" if signals.nps <= 8 else "would recommend"
    return f"Answered {signals.nps} of 10 when asked to recommend ({mood})"


def _loyalty(signals: Signals) -> str | None:
    if signals.loyalty_tier is None:
        return None
    if signals.loyalty_tier_fell:
        return f"Fell to {signals.loyalty_tier} in the last 90 days (losing status)"
    return f"Is in the {signals.loyalty_tier} tier"


def _segment(signals: Signals) -> str | None:
    return None if signals.segment is None else f"Is in the {signals.segment} segment"


def _lifetime_value(signals: Signals) -> str | None:
    rank = signals.lifetime_value_rank
    return None if rank is None else f"By value above {rank:.0%} of their segment ({_place(rank)})"


def _value_percentile(signals: Signals) -> str | None:
    rank = signals.lifetime_value_percentile
    return None if rank is None else f"By value above {rank:.0%} of all customers ({_place(rank)})"


def _place(rank: float) -> str:
    return "among the lower half" if rank < 0.5 else "among the upper half"


def _relative_value(signals: Signals) -> str | None:
    ratio = signals.lifetime_value_ratio
    return None if ratio is None else f"Has brought {ratio:.1f} times the mean of their segment"


def _basket(signals: Signals) -> str | None:
    mean = signals.average_order
    return None if mean is None else f"Spends {mean:,.2f} on an order"


def _tenure(signals: Signals) -> str | None:
    days = signals.tenure_days
    if days is None:
        return None
    return f"Customer for {days} days (still new)" if days <= 180 else f"Customer for {days} days"


_SENTENCES: Mapping[str, Callable[[Signals], str | None]] = {
    "recency": _recency,
    "frequency": _frequency,
    "spending": _spending,
    "engagement": _engagement,
    "support": _support,
    "nps": _nps,
    "loyalty": _loyalty,
    "segment": _segment,
    "lifetime_value": _lifetime_value,
    "tenure": _tenure,
    "value_percentile": _value_percentile,
    "relative_value": _relative_value,
    "basket": _basket,
    "tier": _loyalty,
}
