"""Signals in plain Python: what the SQL in `store/facts.py` must agree with, one customer at a time.

A day is a day in UTC. A window of n days ends with the day itself, and what lies after the day is not known.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from beforehand.churn.model import Purchase, Record, Signals
from beforehand.churn.score import ascii_lower

TIERS = ("bronze", "silver", "gold", "platinum")
PERIOD = timedelta(days=90)
ORDER_WINDOW = timedelta(days=180)
ORDER_MONTHS = 6.0
NPS_VALID = timedelta(days=180)
MOST_SPENDING = 10.0


def signals_of(record: Record, purchases: Sequence[Purchase], on: date) -> Signals:
    """One customer's signals on a day, except what needs the others' (`yardstick.compared`)."""
    known = [purchase for purchase in purchases if purchase.purchased_on <= on]
    days = [purchase.purchased_on for purchase in known]
    tier, fell = _tier(record, on)
    return Signals(
        customer_id=record.customer_id,
        segment=record.segment,
        loyalty_tier=tier,
        loyalty_tier_fell=fell,
        recency_days=_days_since(max([*days, *_until(record.last_active_on, on)], default=None), on),
        orders_per_month=sum(day > on - ORDER_WINDOW for day in days) / ORDER_MONTHS if days else None,
        spending_ratio=_spending_ratio(known, on),
        average_order=float(sum(p.amount for p in known)) / len(known) if known else None,
        engagement_ratio=_engagement_ratio(record),
        csat=record.csat_180d,
        tickets_overdue=record.tickets_overdue,
        nps=record.nps if _is_recent_answer(record.nps_answered_on, on) else None,
        lifetime_value=_lifetime_value(record, known),
        tenure_days=_days_since(min([*_until(record.signed_up_on, on)] or days, default=None), on),
    )


def _until(day: date | None, on: date) -> list[date]:
    return [] if day is None or day > on else [day]


def _days_since(day: date | None, on: date) -> int | None:
    return None if day is None else (on - day).days


def _tier(record: Record, on: date) -> tuple[str | None, bool]:
    """The tier on that day, and whether it is lower than the one before and has been for 90 days at most."""
    changed_on = record.loyalty_tier_changed_on
    if changed_on is not None and changed_on > on:
        return record.previous_loyalty_tier, False
    now, before = _height(record.loyalty_tier), _height(record.previous_loyalty_tier)
    fell = changed_on is not None and changed_on >= on - PERIOD
    return record.loyalty_tier, fell and now is not None and before is not None and now < before


def _height(tier: str | None) -> int | None:
    name = None if tier is None else ascii_lower(tier)
    return TIERS.index(name) if name in TIERS else None


def _spending_ratio(known: Sequence[Purchase], on: date) -> float | None:
    """The last 90 days over the 90 before; None while there is no such period to compare with."""
    if not any(purchase.purchased_on <= on - PERIOD for purchase in known):
        return None
    recent = sum((p.amount for p in known if p.purchased_on > on - PERIOD), Decimal(0))
    before = sum(
        (p.amount for p in known if on - 2 * PERIOD < p.purchased_on <= on - PERIOD),
        Decimal(0),
    )
    if before == 0:
        return MOST_SPENDING if recent > 0 else 0.0
    return min(float(recent) / float(before), MOST_SPENDING)


def _engagement_ratio(record: Record) -> float | None:
    if record.engagement_30d is None or not record.engagement_90d:
        return None
    return record.engagement_30d / (record.engagement_90d / 3.0)


def _is_recent_answer(answered_on: date | None, on: date) -> bool:
    return answered_on is None or on - NPS_VALID <= answered_on <= on


def _lifetime_value(record: Record, known: Sequence[Purchase]) -> float | None:
    if record.lifetime_value is not None:
        return float(record.lifetime_value)
    return float(sum(purchase.amount for purchase in known)) if known else None
