"""The health score: each factor's bands, what is missing, and the risk that follows."""

from dataclasses import replace
from typing import Any

import pytest

from beforehand.churn.model import RiskLevel, Signals
from beforehand.churn.profile import DEFAULT_V1, PROFILES, profile_of
from beforehand.churn.score import level_of, rank_of, risk_of, score, share_of
from beforehand.errors import NotFoundError

FACTORS = {factor.name: factor for factor in DEFAULT_V1.factors}
EVERYTHING = Signals(
    customer_id="C100088",
    segment="VIP",
    loyalty_tier="Platinum",
    recency_days=3,
    orders_per_month=4.0,
    spending_ratio=1.2,
    engagement_ratio=1.1,
    csat=4.8,
    tickets_overdue=0,
    nps=10,
    lifetime_value=9000.0,
    lifetime_value_rank=1.0,
    tenure_days=800,
)
# The customer whom the console of seed 000 shows: VIP, Platinum, health 32.5 %, churn risk 85.2 %.
C100088 = replace(
    EVERYTHING,
    recency_days=65,
    orders_per_month=1 / 3,
    spending_ratio=0.2,
    engagement_ratio=0.1,
    csat=3.0,
    tickets_overdue=2,
    nps=4,
    lifetime_value_rank=0.1125,
    tenure_days=120,
)


@pytest.mark.parametrize(
    ("factor", "known", "share"),
    [
        ("recency", {"recency_days": 0}, 1.0),
        ("recency", {"recency_days": 6}, 1.0),
        ("recency", {"recency_days": 7}, 0.8),
        ("recency", {"recency_days": 29}, 0.8),
        ("recency", {"recency_days": 30}, 0.53),
        ("recency", {"recency_days": 59}, 0.53),
        ("recency", {"recency_days": 60}, 0.27),
        ("recency", {"recency_days": 89}, 0.27),
        ("recency", {"recency_days": 90}, 0.0),
        ("frequency", {"orders_per_month": 3.0}, 1.0),
        ("frequency", {"orders_per_month": 2.999}, 0.75),
        ("frequency", {"orders_per_month": 1.0}, 0.75),
        ("frequency", {"orders_per_month": 0.5}, 0.5),
        ("frequency", {"orders_per_month": 0.499}, 0.25),
        ("frequency", {"orders_per_month": 0.0}, 0.0),
        ("spending", {"spending_ratio": 1.1}, 1.0),
        ("spending", {"spending_ratio": 0.9}, 0.8),
        ("spending", {"spending_ratio": 0.7}, 0.5),
        ("spending", {"spending_ratio": 0.4}, 0.25),
        ("spending", {"spending_ratio": 0.399}, 0.0),
        ("engagement", {"engagement_ratio": 1.0}, 0.8),
        ("support", {"csat": 4.5}, 1.0),
        ("support", {"csat": 3.5}, 0.75),
        ("support", {"csat": 2.5}, 0.5),
        ("support", {"csat": 2.4}, 0.0),
        ("support", {"csat": 4.5, "tickets_overdue": 2}, 0.7),
        ("support", {"csat": 2.4, "tickets_overdue": 3}, 0.0),
        ("support", {"tickets_overdue": 0}, 0.75),
        ("support", {"tickets_overdue": 1}, 0.6),
        ("nps", {"nps": 9}, 1.0),
        ("nps", {"nps": 7}, 0.6),
        ("nps", {"nps": 6}, 0.0),
        ("loyalty", {"loyalty_tier": "Platinum"}, 1.0),
        ("loyalty", {"loyalty_tier": "gold"}, 0.8),
        ("loyalty", {"loyalty_tier": "SILVER"}, 0.6),
        ("loyalty", {"loyalty_tier": "Bronze"}, 0.4),
        ("loyalty", {"loyalty_tier": "Silver", "loyalty_tier_fell": True}, 0.3),
        ("segment", {"segment": "VIP"}, 1.0),
        ("segment", {"segment": "Loyal"}, 0.8),
        ("segment", {"segment": "Regular"}, 0.53),
        ("segment", {"segment": "Occasional"}, 0.27),
        ("lifetime_value", {"lifetime_value_rank": 0.37}, 0.37),
        ("tenure", {"tenure_days": 731}, 1.0),
        ("tenure", {"tenure_days": 730}, 0.83),
        ("tenure", {"tenure_days": 365}, 0.67),
        ("tenure", {"tenure_days": 180}, 0.5),
    ],
)
def test_a_factor_reaches_its_share(factor: str, known: dict[str, Any], share: float) -> None:
    assert share_of(FACTORS[factor], Signals(customer_id="C1", **known)) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize("factor", FACTORS)
def test_a_factor_of_which_nothing_is_known_has_no_share(factor: str) -> None:
    assert share_of(FACTORS[factor], Signals(customer_id="C1")) is None


def test_a_label_that_nobody_has_heard_of_is_unknown() -> None:
    assert share_of(FACTORS["loyalty"], Signals(customer_id="C1", loyalty_tier="Diamond")) is None


def test_the_weights_are_those_of_the_definition() -> None:
    weights = {name: factor.weight for name, factor in FACTORS.items()}
    assert weights == {
        "recency": 15, "frequency": 12, "spending": 10, "engagement": 10, "support": 13,
        "nps": 5, "loyalty": 10, "segment": 10, "lifetime_value": 12, "tenure": 3,
    }  # fmt: skip
    assert DEFAULT_V1.weight == 100


def test_the_best_customer_has_full_health() -> None:
    best = score(EVERYTHING, DEFAULT_V1)
    assert best.health == 100
    assert best.coverage == 1
    assert [c.lost for c in best.contributions] == [0] * 10


def test_the_printed_example_of_the_seed() -> None:
    shown = score(C100088, DEFAULT_V1)
    assert shown.health == 32.5
    assert shown.risk is not None
    assert f"{shown.health:.1f}% | {shown.risk:.1%}" == "32.5% | 85.2%"


@pytest.mark.parametrize(("health", "percent"), [(32.5, 85.2), (40, 73.1), (45.9, 60.1), (50, 50.0)])
def test_risk_follows_from_health(health: float, percent: float) -> None:
    assert round(risk_of(health, DEFAULT_V1) * 100, 1) == percent


def test_what_is_missing_is_left_out_and_the_rest_weighs_more() -> None:
    bought_only = Signals(
        customer_id="C1",
        recency_days=3,
        orders_per_month=4.0,
        spending_ratio=0.0,
        lifetime_value_rank=0.5,
        tenure_days=800,
    )
    scored = score(bought_only, DEFAULT_V1)
    assert scored.coverage == 0.52
    assert scored.health == pytest.approx(100 * (15 + 12 + 6 + 3) / 52)
    assert {c.factor for c in scored.contributions if c.share is None} == {
        "engagement", "support", "nps", "loyalty", "segment",
    }  # fmt: skip


def test_with_less_than_half_of_the_weight_there_is_no_score() -> None:
    half = Signals(customer_id="C1", recency_days=400, orders_per_month=0.0, spending_ratio=0.0, csat=1.0)
    enough = score(half, DEFAULT_V1)
    assert enough.coverage == 0.5
    assert enough.health == 0
    too_little = score(replace(half, spending_ratio=None), DEFAULT_V1)
    assert (too_little.health, too_little.risk, too_little.coverage) == (None, None, 0.4)


def test_contributions_add_up_to_the_health_that_is_lost() -> None:
    scored = score(C100088, DEFAULT_V1)
    assert sum(c.lost for c in scored.contributions) == pytest.approx(100 - 32.5)


@pytest.mark.parametrize(
    ("risk", "level"),
    [
        (0.8, RiskLevel.CRITICAL),
        (0.799, RiskLevel.HIGH),
        (0.6, RiskLevel.HIGH),
        (0.4, RiskLevel.MEDIUM),
        (0.399, RiskLevel.LOW),
    ],
)
def test_a_risk_has_a_word(risk: float, level: RiskLevel) -> None:
    assert level_of(risk) is level


def test_ranks_what_there_is_to_lose() -> None:
    assert rank_of(0.5, 5000) > rank_of(0.6, 100)
    assert rank_of(0.9, None) == rank_of(0.9, 0.5) == rank_of(0.9, 1)


def test_names_the_profiles_that_exist() -> None:
    assert profile_of("default-v1") is DEFAULT_V1
    with pytest.raises(NotFoundError, match=f"no score profile v9; there are {', '.join(PROFILES)}"):
        profile_of("v9")
