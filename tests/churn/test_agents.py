"""Context, Pattern and Decision: what three agents make of one customer, by rule."""

from typing import Any

import pytest

from beforehand.churn import agents
from beforehand.churn.model import Action, RiskLevel, Sentiment, Signals
from beforehand.churn.profile import DEFAULT_V1
from beforehand.churn.words import sentence
from tests.churn.people import DUE_AT, FACTS, brief, facts


def test_the_issue_is_the_factor_that_costs_most() -> None:
    found = brief().pattern
    assert found.cause == "recency"
    assert found.issue == "Haven't purchased in 60+ days (declining activity)"
    assert found.evidence[0].startswith("recency costs 10.9 of 100 points: Haven't purchased in 60+ days")


def test_the_pattern_counts_others_and_not_the_customer() -> None:
    found = brief().pattern
    assert found.similar_customers == 8
    assert found.evidence[-1] == "of 11 others at risk in VIP, Platinum, 8 share the cause"


def test_a_customer_alone_in_a_segment_resembles_nobody() -> None:
    alone = brief(facts(peers=type(FACTS.peers)(at_risk=1, weak={"recency": 1}))).pattern
    assert alone.similar_customers == 0
    assert not any("others" in line for line in alone.evidence)


@pytest.mark.parametrize(
    ("signals", "sentiment"),
    [
        ({"csat": None, "nps": None}, Sentiment.UNKNOWN),
        ({"csat": 2.9, "nps": 10}, Sentiment.NEGATIVE),
        ({"csat": 4.5, "nps": 6}, Sentiment.NEGATIVE),
        ({"csat": 4.5, "nps": 9}, Sentiment.POSITIVE),
        ({"csat": None, "nps": 9}, Sentiment.POSITIVE),
        ({"csat": 3.5, "nps": None}, Sentiment.NEUTRAL),
    ],
)
def test_the_mood_is_what_they_last_told_us(signals: dict[str, Any], sentiment: Sentiment) -> None:
    assert agents.context(facts(signals=signals), as_of=DUE_AT).sentiment is sentiment


@pytest.mark.parametrize(
    ("risk", "signals", "urgency"),
    [
        (0.9, {}, 5),
        (0.9, {"segment": "Loyal", "tickets_overdue": 0}, 4),
        (0.7, {"segment": "Loyal", "tickets_overdue": 0}, 3),
        (0.7, {"segment": "Loyal", "tickets_overdue": 1}, 4),
        (0.5, {"segment": None, "tickets_overdue": None}, 2),
    ],
)
def test_it_hurries_with_the_risk_and_more_for_who_waits(
    risk: float, signals: dict[str, Any], urgency: int
) -> None:
    assert agents.context(facts(risk=risk, signals=signals), as_of=DUE_AT).urgency == urgency


@pytest.mark.parametrize(
    ("signals", "action"),
    [
        ({"segment": "VIP", "lifetime_value": 9000.0}, Action.PERSONAL_OUTREACH),
        ({"segment": "vip", "lifetime_value": None}, Action.PERSONAL_OUTREACH),
        ({"segment": "Loyal", "lifetime_value": 5000.01}, Action.PREMIUM_OFFER),
        ({"segment": "Loyal", "lifetime_value": 5000.0}, Action.STANDARD_OFFER),
        ({"segment": "Occasional", "lifetime_value": 10.0}, Action.ENGAGEMENT),
        ({"segment": None, "lifetime_value": None}, Action.ENGAGEMENT),
    ],
)
def test_the_action_is_a_rule(signals: dict[str, Any], action: Action) -> None:
    assert brief(facts(signals=signals)).plan.action is action


@pytest.mark.parametrize(
    ("risk", "signals", "escalate", "hours"),
    [
        (0.85, {}, True, 2),
        (0.79, {"csat": 3.0}, False, 24),
        (0.65, {"segment": "Loyal", "csat": 2.9, "lifetime_value": 5001.0}, True, 2),
        (0.65, {"segment": "Loyal", "csat": 2.9, "lifetime_value": 5000.0}, False, 24),
        (0.9, {"segment": "Loyal", "csat": None}, False, 24),
        (0.5, {"segment": "Loyal", "csat": None}, False, 48),
    ],
)
def test_a_person_takes_over_by_rule(risk: float, signals: dict[str, Any], escalate: bool, hours: int) -> None:
    plan = brief(facts(risk=risk, signals=signals)).plan
    assert (plan.escalate, plan.answer_within_hours) == (escalate, hours)
    assert ("a person takes over" in plan.because) is escalate


def test_the_plan_of_the_seeds_customer() -> None:
    plan = brief().plan
    assert plan.priority is RiskLevel.CRITICAL
    assert plan.because == "they are a VIP; a person takes over, since a VIP's risk is critical"
    assert plan.steps == (
        "A person looks into it within 2 hours",
        "Close the support tickets that are past the time promised",
        "Let the message that is held go, or withdraw it, about: "
        "Haven't purchased in 60+ days (declining activity)",
        "Answer in person whatever they reply",
        "Score again after 7 days and compare",
    )


@pytest.mark.parametrize(
    ("factor", "known", "words"),
    [
        ("recency", {"recency_days": 6}, "Was here in the last 7 days (active)"),
        ("recency", {"recency_days": 29}, "Haven't purchased in 14+ days (declining activity)"),
        ("recency", {"recency_days": 60}, "Haven't purchased in 60+ days (declining activity)"),
        ("recency", {"recency_days": 400}, "Haven't purchased in 365+ days (gone quiet)"),
        ("frequency", {"orders_per_month": 0.0}, "No orders in the last 180 days (stopped buying)"),
        ("frequency", {"orders_per_month": 0.5}, "0.5 orders a month over 180 days (buys rarely)"),
        ("spending", {"spending_ratio": 0.0}, "Spent nothing in the last 90 days (spending has stopped)"),
        ("spending", {"spending_ratio": 0.38}, "Spending fell 62% against the 90 days before"),
        ("spending", {"spending_ratio": 1.0}, "Spending stayed about level with the 90 days before"),
        ("engagement", {"engagement_ratio": 0.25}, "Visits, opens and clicks fell 75% against a usual month"),
        ("engagement", {"engagement_ratio": 1.5}, "Visits, opens and clicks rose 50% against a usual month"),
        ("support", {"csat": 2.0}, "Rates support 2.0 of 5 (unhappy with support)"),
        ("support", {"tickets_overdue": 1}, "1 support ticket past the time promised (still waiting)"),
        (
            "support",
            {"csat": 2.0, "tickets_overdue": 3},
            "3 support tickets past the time promised, and rates support 2.0 of 5 (still waiting)",
        ),
        ("support", {"tickets_overdue": 0}, "No support was needed"),
        ("nps", {"nps": 6}, "Answered 6 of 10 when asked to recommend (would not recommend)"),
        ("loyalty", {"loyalty_tier": "Gold", "loyalty_tier_fell": True},
         "Fell to Gold in the last 90 days (losing status)"),
        ("segment", {"segment": "Occasional"}, "Is in the Occasional segment"),
        ("lifetime_value", {"lifetime_value_rank": 0.12},
         "By value above 12% of their segment (among the lower half)"),
        ("tenure", {"tenure_days": 40}, "Customer for 40 days (still new)"),
    ],
)  # fmt: skip
def test_every_factor_has_words(factor: str, known: dict[str, Any], words: str) -> None:
    assert sentence(factor, Signals(customer_id="C1", **known)) == words


@pytest.mark.parametrize("factor", [factor.name for factor in DEFAULT_V1.factors])
def test_what_is_not_known_is_said_to_be_unknown(factor: str) -> None:
    assert sentence(factor, Signals(customer_id="C1")).startswith("Nothing is known of their")
