"""The route of a preview: whom a scan would find first by another score or other thresholds."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from beforehand.adapters.postgres import Row
from beforehand.api.routes import Answer, Asked, Call, Routes
from beforehand.churn.model import RiskLevel, Signals
from beforehand.churn.preview import Previewed, Wanted, preview
from beforehand.churn.profile import ScoreProfile, profile_of
from beforehand.churn.risk_routes import Contribution, Segment, Share, told_of
from beforehand.churn.score import level_of, score
from beforehand.churn.standing_store import SIGNALS
from beforehand.churn.store.previewing import PostgresPreviewBase, Stands
from beforehand.names import Profile
from beforehand.settings.churn import ChurnSelectSettings

Health = Annotated[float, Field(ge=0, le=100)]
Standing = Literal["free", "opted_out", "unreachable"]
MOST = 100
routes = Routes()


class RiskPreviewAsked(Asked):
    """Whom to find; what is not given is as scans have it. Thresholds that are given are the whole trigger."""

    profile: Profile | None = None
    health_threshold: Health | None = Field(default=None, description="At risk is whose health is below it.")
    risk_threshold: Share | None = Field(default=None, description="At risk is whose risk is at it or above.")
    min_lifetime_value: Annotated[float, Field(ge=0)] | None = None
    segment: Segment | None = None
    standing: Standing | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 10


class PreviewedCustomer(Answer):
    """One who would be found, as the profile sees them; `health_now` and `risk_now` are by the scores in force.

    `rank` is the risk times what there is to lose: by a score that is not in force nobody has waited.
    """

    position: int
    customer_id: str
    health: float
    risk: float
    level: RiskLevel
    coverage: float
    rank: float
    health_now: float | None
    risk_now: float | None
    segment: str | None
    loyalty_tier: str | None
    lifetime_value: float | None
    standing: str
    because: str
    contributions: tuple[Contribution, ...]


class RiskPreview(Answer):
    """Those who would be found first, and by what; `day` is the day of the facts, null before the first scan.

    `looked_at` of the `customers` had to be scored to be sure of it. Nothing was stored.
    """

    profile: Profile
    day: date | None
    health_threshold: float | None
    risk_threshold: float | None
    customers: int
    looked_at: int
    items: tuple[PreviewedCustomer, ...]


@routes.add("GET /v1/risk/preview")
def preview_risk(call: Call, query: RiskPreviewAsked) -> RiskPreview:
    """Preview whom a scan would find first by another score or other thresholds; nothing is stored."""
    base = PostgresPreviewBase(call.transaction)
    stands = base.stands()
    wanted = _wanted(query, stands)
    by = {
        "profile": Profile(wanted.profile.version),
        "health_threshold": wanted.health_threshold,
        "risk_threshold": wanted.risk_threshold,
    }
    if stands is None:
        return RiskPreview(**by, day=None, customers=0, looked_at=0, items=())
    found = preview(wanted, base, customers=stands.customers, walks=stands.ranked)
    told = base.told([one.customer_id for one in found.best])
    items = tuple(
        _shown(position, one, told[one.customer_id], wanted.profile)
        for position, one in enumerate(found.best, start=1)
    )
    return RiskPreview(
        **by, day=stands.day, customers=stands.customers, looked_at=found.looked_at, items=items
    )  # fmt: skip


def _wanted(query: RiskPreviewAsked, stands: Stands | None) -> Wanted:
    health, risk = query.health_threshold, query.risk_threshold
    if health is None and risk is None:
        usual = ChurnSelectSettings.model_fields
        health, risk = (usual[f"churn_{name}_threshold"].default for name in ("health", "risk"))
        if stands is not None and stands.risk_threshold is not None:
            health, risk = stands.health_threshold, stands.risk_threshold
    version = query.profile or (stands.profile if stands else Profile.DEFAULT_V1)
    return Wanted(
        profile=profile_of(version),
        health_threshold=health,
        risk_threshold=risk,
        limit=query.limit,
        min_lifetime_value=query.min_lifetime_value,
        segments=None if query.segment is None else (query.segment,),
        standing=query.standing,
    )


def _shown(position: int, one: Previewed, row: Row, profile: ScoreProfile) -> PreviewedCustomer:
    signals = Signals(**{name: row[name] for name in SIGNALS})
    scored = score(signals, profile)
    return PreviewedCustomer(
        position=position,
        customer_id=one.customer_id,
        health=one.health,
        risk=one.risk,
        level=level_of(one.risk),
        coverage=scored.coverage,
        rank=one.rank,
        health_now=row["health_now"],
        risk_now=row["risk_now"],
        segment=signals.segment,
        loyalty_tier=signals.loyalty_tier,
        lifetime_value=signals.lifetime_value,
        standing=row["standing"],
        because=_because(one, scored.coverage, row["health_now"]),
        contributions=told_of(scored, signals),
    )


def _because(one: Previewed, coverage: float, health_now: float | None) -> str:
    known = f"{coverage:.0%} of what counts is known"
    now = "they have no score now" if health_now is None else f"now health is {health_now:.1f}%"
    return f"Health would be {one.health:.1f}%, churn risk {one.risk:.1%}; {known}; {now}."
