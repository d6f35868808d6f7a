"""What a message is about: by the factor that costs a customer most, and only where their facts bear it out."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from beforehand.churn.model import Signals

QUIET_DAYS = 30
LESS_BELOW = 0.9
MONTHLY = 1.0
CONTENT_FROM = 3.5
PROMOTER_FROM = 9


class Theme(StrEnum):
    """The subjects that there are messages for."""

    ABSENCE = "absence"
    LESS = "less"
    SUPPORT = "support"
    OPINION = "opinion"
    THANKS = "thanks"


def theme_of(cause: str, signals: Signals) -> Theme:
    """The theme of the cause. A cause that costs little bears no complaint: then it is thanks.

    Nobody who bought last week is told that they are missed, and nobody who is content is asked to forgive.
    """
    theme, borne_out = _THEMES.get(cause, (Theme.THANKS, _always))
    return theme if borne_out(signals) else Theme.THANKS


def _always(_: Signals) -> bool:
    return True


def _is_quiet(signals: Signals) -> bool:
    return signals.recency_days is not None and signals.recency_days >= QUIET_DAYS


def _buys_rarely(signals: Signals) -> bool:
    return signals.orders_per_month is not None and signals.orders_per_month < MONTHLY


def _spends_less(signals: Signals) -> bool:
    return signals.spending_ratio is not None and signals.spending_ratio < LESS_BELOW


def _is_seen_less(signals: Signals) -> bool:
    return signals.engagement_ratio is not None and signals.engagement_ratio < LESS_BELOW


def _was_let_down(signals: Signals) -> bool:
    return bool(signals.tickets_overdue) or (signals.csat is not None and signals.csat < CONTENT_FROM)


def _would_not_recommend(signals: Signals) -> bool:
    return signals.nps is not None and signals.nps < PROMOTER_FROM


_THEMES: Mapping[str, tuple[Theme, Callable[[Signals], bool]]] = {
    "recency": (Theme.ABSENCE, _is_quiet),
    "frequency": (Theme.LESS, _buys_rarely),
    "spending": (Theme.LESS, _spends_less),
    "engagement": (Theme.LESS, _is_seen_less),
    "support": (Theme.SUPPORT, _was_let_down),
    "nps": (Theme.OPINION, _would_not_recommend),
}
