"""The routes of risk: who may leave, and why."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from beforehand.adapters.postgres import Row
from beforehand.api.pages import Page, PageAsked, after, page
from beforehand.api.problems import not_found
from beforehand.api.routes import Answer, Asked, Call, Routes
from beforehand.churn.model import RiskLevel, Score, Signals
from beforehand.churn.profile import profile_of
from beforehand.churn.score import LEVELS, level_of, raised, score
from beforehand.churn.standing_store import SIGNALS, Place, PostgresStandings
from beforehand.churn.words import sentence, velocity_sentence

Share = Annotated[float, Field(ge=0, le=1)]
Segment = Literal["VIP", "Loyal", "Regular", "Occasional"]
PLACE = TypeAdapter(tuple[date, float, str])
routes = Routes()


class RiskPath(Asked):
    """Whose risk."""

    customer_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class RiskAsked(PageAsked):
    """Whose risk is listed; filters are all to hold."""

    min_risk: Share = 0.0
    level: RiskLevel | None = Field(default=None, description="By the risk alone, whatever it was 28 days ago.")
    segment: Segment | None = None


class AtRisk(Answer):
    """How one customer stands; `rank` orders them as a scan would take them."""

    customer_id: str
    health: float
    risk: float
    level: RiskLevel
    coverage: float
    rank: float
    segment: str | None
    loyalty_tier: str | None
    lifetime_value: float | None
    standing: str
    at_risk_since: date | None


class Contribution(Answer):
    """What one factor did: its weight, the share of it that was reached, the points it cost, and why."""

    factor: str
    weight: float
    share: float | None
    lost: float
    because: str


class Risk(Answer):
    """How one customer stands and what went into it, heaviest first.

    Health is 0–100, risk and coverage are 0–1; where too little is known, health and risk are null.
    `velocity` is the change of health in 28 days, which can raise the level. `as_of` is since when the score is
    what it is, `day` as of which day it was looked at last.
    """

    customer_id: str
    health: float | None
    risk: float | None
    level: RiskLevel | None
    coverage: float | None
    velocity: float | None
    standing: str | None
    at_risk_since: date | None
    treated_on: date | None
    profile: str | None
    as_of: datetime | None
    day: date | None
    because: str
    contributions: tuple[Contribution, ...]


@routes.add("GET /v1/risk")
def list_risk(call: Call, query: RiskAsked) -> Page[AtRisk]:
    """List customers by rank, those first whom a scan would take first."""
    begin = after(query, PLACE)
    # All pages of a list are ranked as of one day, or a night between two of them would shuffle it.
    day = begin[0] if begin else call.now.astimezone(UTC).date()
    least, below = _bounds(query.level)
    found = PostgresStandings(call.transaction).page(
        least=max(least, query.min_risk),
        below=below,
        segment=query.segment,
        day=day,
        after=Place(day=begin[0], rank=begin[1], customer_id=begin[2]) if begin else None,
        limit=query.limit + 1,
    )
    return page(
        found,
        query,
        lambda row: AtRisk(level=level_of(row["risk"]), **row),
        lambda row: (day, row["rank"], row["customer_id"]),
    )


@routes.add("GET /v1/customers/{customer_id}/risk")
def show_risk(call: Call, path: RiskPath) -> Risk:
    """Show how one customer stands and why."""
    row = PostgresStandings(call.transaction).find(path.customer_id)
    if row is None:
        raise not_found("customer")
    signals = {name: row.pop(name) for name in SIGNALS if name != "customer_id"}
    if row["profile"] is None:
        return Risk(**row, level=None, contributions=(), because="They are not scored yet; the next scan does it.")
    return _risk(row, Signals(customer_id=path.customer_id, **signals))


def _risk(row: Row, signals: Signals) -> Risk:
    level = None if row["risk"] is None else raised(level_of(row["risk"]), row["velocity"])
    return Risk(
        **row,
        level=level,
        because=_because(row),
        contributions=told_of(score(signals, profile_of(row["profile"])), signals),
    )


def told_of(scored: Score, signals: Signals) -> tuple[Contribution, ...]:
    """What each factor did to a score, heaviest first."""
    heaviest = sorted(scored.contributions, key=lambda one: (one.share is None, -one.lost))
    return tuple(
        Contribution(
            factor=one.factor, weight=one.weight, share=one.share, lost=one.lost,
            because=sentence(one.factor, signals),
        )
        for one in heaviest
    )  # fmt: skip


def _because(row: Row) -> str:
    known = f"{row['coverage']:.0%} of what counts is known"
    if row["health"] is None:
        return f"{known}, too little to score them."
    moved = velocity_sentence(row["velocity"])
    told = f"Health is {row['health']:.1f}%, churn risk {row['risk']:.1%}; {known}."
    return f"{told} {moved}." if moved else told


def _bounds(level: RiskLevel | None) -> tuple[float, float | None]:
    """From which risk on, and below which."""
    if level is None:
        return 0.0, None
    steps = [*LEVELS, (0.0, RiskLevel.LOW)]
    place = next(number for number, (_, word) in enumerate(steps) if word is level)
    return steps[place][0], steps[place - 1][0] if place else None
