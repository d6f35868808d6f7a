"""Signals: what is known of one customer on one day."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from beforehand.churn.model import Purchase, Record, Signals
from beforehand.churn.signals import signals_of
from beforehand.churn.yardstick import compared, yardsticks_of

TODAY = date(2025, 10, 19)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def bought(*purchases: tuple[int, int]) -> list[Purchase]:
    """Purchases as (days ago, amount)."""
    return [Purchase(purchased_on=ago(days), amount=Decimal(amount)) for days, amount in purchases]


def signals(purchases: tuple[tuple[int, int], ...] = (), **known: Any) -> Signals:
    return signals_of(Record(customer_id="C1", **known), bought(*purchases), TODAY)


@pytest.mark.parametrize(
    ("purchases", "known", "days"),
    [
        ((), {}, None),
        (((65, 10), (90, 10)), {}, 65),
        (((65, 10),), {"last_active_on": ago(3)}, 3),
        (((65, 10),), {"last_active_on": ago(70)}, 65),
        (((-1, 10), (65, 10)), {"last_active_on": ago(-2)}, 65),
        ((), {"last_active_on": TODAY}, 0),
    ],
)
def test_recency_counts_from_the_last_sign_of_life(purchases: Any, known: dict[str, Any], days: int) -> None:
    assert signals(purchases, **known).recency_days == days


@pytest.mark.parametrize(
    ("purchases", "monthly"),
    [
        ((), None),
        (((400, 10),), 0),
        (((180, 10),), 0),
        (((179, 10),), 1 / 6),
        (((0, 10), (10, 10), (179, 10), (-1, 10)), 0.5),
    ],
)
def test_frequency_is_unknown_until_somebody_bought(purchases: Any, monthly: float | None) -> None:
    assert signals(purchases).orders_per_month == monthly


@pytest.mark.parametrize(
    ("purchases", "ratio"),
    [
        ((), None),
        (((89, 50),), None),
        (((90, 50),), 0),
        (((90, 50), (89, 20)), 0.4),
        (((179, 50), (90, 50), (0, 50)), 0.5),
        (((180, 50),), 0),
        (((180, 50), (1, 20)), 10),
        (((90, 1), (1, 500)), 10),
        (((90, 0), (1, 0)), 0),
    ],
)
def test_spending_is_compared_with_the_period_before(purchases: Any, ratio: float | None) -> None:
    assert signals(purchases).spending_ratio == ratio


@pytest.mark.parametrize(
    ("recent", "before", "ratio"), [(None, 30, None), (10, None, None), (10, 0, None), (0, 30, 0), (5, 30, 0.5)]
)
def test_engagement_is_compared_with_their_own_baseline(
    recent: int | None, before: int | None, ratio: float | None
) -> None:
    assert signals(engagement_30d=recent, engagement_90d=before).engagement_ratio == ratio


@pytest.mark.parametrize(
    ("answered_on", "nps"), [(None, 3), (TODAY, 3), (ago(180), 3), (ago(181), None), (ago(-1), None)]
)
def test_an_old_answer_is_no_answer(answered_on: date | None, nps: int | None) -> None:
    assert signals(nps=3, nps_answered_on=answered_on).nps == nps


@pytest.mark.parametrize(
    ("tier", "before", "changed_on", "now", "fell"),
    [
        ("Silver", "Gold", ago(90), "Silver", True),
        ("Silver", "Gold", ago(91), "Silver", False),
        ("Silver", "Gold", None, "Silver", False),
        ("Gold", "Silver", ago(5), "Gold", False),
        ("bronze", "PLATINUM", TODAY, "bronze", True),
        ("Diamond", "Gold", ago(5), "Diamond", False),
        ("Silver", "Gold", ago(-1), "Gold", False),
        (None, "Gold", ago(5), None, False),
    ],
)
def test_a_tier_that_fell_is_told_for_90_days(
    tier: str | None, before: str, changed_on: date | None, now: str | None, fell: bool
) -> None:
    found = signals(loyalty_tier=tier, previous_loyalty_tier=before, loyalty_tier_changed_on=changed_on)
    assert (found.loyalty_tier, found.loyalty_tier_fell) == (now, fell)


@pytest.mark.parametrize(
    ("purchases", "signed_up_on", "days"),
    [((), None, None), (((40, 1),), None, 40), (((40, 1),), ago(30), 30), (((40, 1),), ago(-1), 40)],
)
def test_tenure_counts_from_the_sign_up_or_the_first_purchase(
    purchases: Any, signed_up_on: date | None, days: int | None
) -> None:
    assert signals(purchases, signed_up_on=signed_up_on).tenure_days == days


@pytest.mark.parametrize(
    ("purchases", "given", "value"),
    [((), None, None), (((9, 5), (3, 7), (-1, 100)), None, 12), (((9, 5),), Decimal("99.50"), 99.5)],
)
def test_lifetime_value_is_given_or_summed(purchases: Any, given: Decimal | None, value: float | None) -> None:
    assert signals(purchases, lifetime_value=given).lifetime_value == value


def test_nobody_told_us_of_tickets_is_not_no_tickets() -> None:
    assert signals().tickets_overdue is None
    assert signals(tickets_overdue=0).tickets_overdue == 0


def rank(*base: tuple[str | None, float | None]) -> list[float | None]:
    signals = [Signals(customer_id="C", segment=s, lifetime_value=v) for s, v in base]
    found = compared(signals, yardsticks_of(signals))
    return [signals.lifetime_value_rank for signals in found]


def test_ranks_each_value_inside_its_segment() -> None:
    assert rank(("VIP", 10), ("VIP", 30), ("VIP", 20), (None, 5), (None, 7)) == [0, 1, 0.5, 0, 1]


def test_equal_values_share_the_lower_rank() -> None:
    assert rank(("VIP", 10), ("VIP", 20), ("VIP", 20)) == [0, 0.5, 0.5]


def test_a_value_that_cannot_be_compared_has_no_rank() -> None:
    assert rank(("VIP", 10), ("Loyal", 5), ("Loyal", 5), ("Loyal", None)) == [None, None, None, None]
