"""Customers to reason about: facts as the database hands them over, and the brief that follows."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from beforehand.churn.briefing import brief_of
from beforehand.churn.documents import Brief
from beforehand.churn.model import Facts, Peers, Purchases, Signals
from beforehand.churn.profile import DEFAULT_V1
from beforehand.outreach.model import Channel

RUN = UUID("65988f7f-5bd2-544b-b407-32bc3fd5787f")
DUE_AT = datetime(2025, 10, 19, 14, 30, tzinfo=UTC)
COMPANY = "Example Stores"

# The customer whom the console of seed 000 shows: VIP, Platinum, health 32.5 %, churn risk 85.2 %.
SIGNALS = Signals(
    customer_id="C100088",
    segment="VIP",
    loyalty_tier="Platinum",
    recency_days=65,
    orders_per_month=1 / 3,
    spending_ratio=0.2,
    engagement_ratio=0.1,
    csat=3.0,
    tickets_overdue=2,
    nps=4,
    lifetime_value=8200.0,
    lifetime_value_rank=0.1125,
    tenure_days=120,
)
FACTS = Facts(
    customer_id="C100088",
    position=1,
    rank=7.7,
    health=32.5,
    risk=0.852,
    name="आशा शर्मा",
    language="hi",
    channel=Channel.EMAIL,
    signals=SIGNALS,
    purchases=Purchases(orders=41, spent=Decimal("8200.00"), first_on=date(2025, 6, 21), last_on=date(2025, 8, 15)),
    peers=Peers(at_risk=12, weak={"recency": 9, "support": 4}),
)


def facts(*, signals: dict[str, Any] | None = None, **changed: Any) -> Facts:
    """The facts of the seed's customer, with some of them changed."""
    return replace(FACTS, signals=replace(SIGNALS, **(signals or {})), **changed)


def brief(given: Facts = FACTS) -> Brief:
    """The brief that follows from facts."""
    return brief_of(given, run_id=RUN, due_at=DUE_AT, profile=DEFAULT_V1)
