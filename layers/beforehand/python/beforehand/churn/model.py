"""What is known of a customer, what it is worth in points, and what the agents make of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from beforehand.outreach.model import Channel


class RiskLevel(StrEnum):
    """Churn risk in four words, which are also the four priorities of a plan."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Sentiment(StrEnum):
    """What a customer last told us, by satisfaction and recommendation."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What is done to keep a customer."""

    PERSONAL_OUTREACH = "immediate_personal_outreach"
    PREMIUM_OFFER = "retention_offer_premium"
    STANDARD_OFFER = "retention_offer_standard"
    ENGAGEMENT = "engagement_campaign"


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """A customer as the company's data hold it now; None is a fact that nobody gave."""

    customer_id: str
    segment: str | None = None
    loyalty_tier: str | None = None
    previous_loyalty_tier: str | None = None
    loyalty_tier_changed_on: date | None = None
    lifetime_value: Decimal | None = None
    signed_up_on: date | None = None
    last_active_on: date | None = None
    csat_180d: float | None = None
    tickets_overdue: int | None = None
    nps: int | None = None
    nps_answered_on: date | None = None
    engagement_30d: int | None = None
    engagement_90d: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Purchase:
    """One purchase; the amount is in the company's currency."""

    purchased_on: date
    amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Signals:
    """The facts that scoring uses, as they stood on one day. None is unknown.

    `spending_ratio` is the last 90 days over the 90 before (at most 10), `engagement_ratio` the last 30 days
    over a third of the 90 before, `csat` 1–5, `nps` 0–10, `lifetime_value_rank` 0–1 inside the segment and
    `lifetime_value_percentile` among all, `lifetime_value_ratio` over the mean of the segment, `average_order` in
    the company's currency.
    """

    customer_id: str
    segment: str | None = None
    loyalty_tier: str | None = None
    loyalty_tier_fell: bool = False
    recency_days: int | None = None
    orders_per_month: float | None = None
    spending_ratio: float | None = None
    average_order: float | None = None
    engagement_ratio: float | None = None
    csat: float | None = None
    tickets_overdue: int | None = None
    nps: int | None = None
    lifetime_value: float | None = None
    lifetime_value_rank: float | None = None
    lifetime_value_percentile: float | None = None
    lifetime_value_ratio: float | None = None
    tenure_days: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contribution:
    """What one factor did: its share of its weight (0–1, None is unknown) and the points of health it cost."""

    factor: str
    weight: float
    share: float | None
    lost: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """Health 0–100 and churn risk 0–1, both None when coverage (0–1) is too low to say anything."""

    health: float | None
    risk: float | None
    coverage: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """How the base stands after scoring: how many were looked at, and how many scores are not what they were."""

    customers: int
    rescored: int
    changed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger:
    """Who counts as at risk, and how many are treated in one scan.

    `health_threshold` (0–100) is None where a risk threshold (0–1), given explicitly, is the whole trigger. With
    `min_lifetime_value` or `segments` nobody else is looked at.
    """

    health_threshold: float | None
    risk_threshold: float
    max_interventions: int
    min_lifetime_value: float | None = None
    segments: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A customer who is treated in a scan, with the health and risk by which they were found."""

    customer_id: str
    position: int
    health: float
    risk: float


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldOut:
    """A customer who would have been treated in a scan and is left alone, so that the effect on others shows."""

    customer_id: str
    rank: float
    health: float
    risk: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftAlone:
    """Why some of those at risk are not approached now, each of them counted once, by the first that holds.

    They opted out, have no address, are in the hands of a person, were approached lately or too often, or are held
    out for comparison.
    """

    opted_out: int = 0
    unreachable: int = 0
    in_hand: int = 0
    resting: int = 0
    over_budget: int = 0
    held_out: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Selected:
    """What a scan found: how many are at risk, who of them is left alone, and who is treated, best first.

    `insufficient` counts those of whom too little is known to score them.
    """

    trigger: Trigger
    at_risk: int
    left_alone: LeftAlone
    insufficient: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Purchases:
    """A customer's purchases in four figures."""

    orders: int = 0
    spent: Decimal = Decimal(0)
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Peers:
    """How many are at risk in the customer's segment and tier, themselves included, and weak in each factor."""

    at_risk: int = 0
    weak: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """An intervention of the past: what it was about, and what came of it as far as the ledgers know.

    `state` is the outreach's, `answer` that of the person who took over; both None where there was none.
    """

    at: datetime
    action: str
    cause: str | None = None
    plan: str | None = None
    channel: str | None = None
    state: str | None = None
    case_state: str | None = None
    answer: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Everything that the agents may know of one selected customer; `channel` is how to reach them.

    `velocity` is the change of health in 28 days, in points; None where health was not known then. `memory` has
    what was tried with them before, newest first.
    """

    customer_id: str
    position: int
    rank: float
    health: float
    risk: float
    name: str | None
    language: str | None
    channel: Channel
    signals: Signals
    purchases: Purchases
    peers: Peers
    memory: tuple[Remembered, ...] = ()
    velocity: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """The first agent's view of a customer; urgency 1–5. `tried` says what was tried before, newest first."""

    summary: str
    sentiment: Sentiment
    urgency: int
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """The second agent's finding: the factor that costs most, in words, and who else is like this."""

    cause: str
    issue: str
    similar_customers: int
    evidence: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The third agent's plan. Action, priority and escalation are rules, never a model's word."""

    action: Action
    priority: RiskLevel
    escalate: bool
    answer_within_hours: int
    steps: tuple[str, ...]
    because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """How often a language model was asked for a message, its tokens, and whether its text was taken."""

    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    wrote: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """The fourth agent's message: its language, and the sentence that says why that one and who wrote it."""

    language: str
    language_name: str
    subject: str
    body: str
    tone: str
    because: str
    asked: Asked | None = None
