"""Who is treated in a run, in PostgreSQL: found in one set query, and answered the same when asked again."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction
from beforehand.churn import sql
from beforehand.churn.model import (
    Candidate,
    Facts,
    HeldOut,
    LeftAlone,
    Peers,
    Purchases,
    Selected,
    Signals,
    Trigger,
)
from beforehand.churn.profile import ScoreProfile
from beforehand.churn.score import WEAK_BELOW
from beforehand.churn.store import choosing
from beforehand.churn.store.choosing import LEFT_ALONE
from beforehand.churn.store.scores import settle
from beforehand.errors import NotFoundError
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policy import ContactPolicy

SIGNALS = tuple(field.name for field in fields(Signals))
PURPOSE = Purpose.CHURN_INTERVENTION

# A run that is taken up again, hours after it failed, lets go of whom other runs have approached meanwhile.
LET_GO = """
delete from churn_candidates as c
where c.run_id = :run_id
  and exists (select from schedules_v_runs as r where r.run_id = c.run_id and r.state = 'running')
  and customer_id in (select customer_id from outreach_v_standings_2(
      :purpose, :due_at, :cool_down, :budget, :budget_period, :case_rest))"""

CHOSEN = """churn_candidates as c
join customers_v_profiles as p on p.customer_id = c.customer_id
join churn_compared_signals as s on s.customer_id = c.customer_id
left join lateral (
    select health, profile from churn_snapshots
    where customer_id = c.customer_id and day <= cast(:as_of as date) - 28
    order by day desc limit 1
) as v on v.profile = :profile"""
"""Who was chosen, with what is known of them, and how they were four weeks before."""

CHANNEL = """case when p.email is null or p.preferred_channel = 'sms' and p.phone is not null
                  then 'sms' else 'email' end as channel"""
"""The one that they prefer, of those that reach them."""

FACTS = f"""
select c.position, c.rank, c.health, c.risk, p.name, p.language, {CHANNEL},
       b.orders, b.spent, b.first_on, b.last_on, c.health - v.health as velocity, s.*
from {CHOSEN}
cross join lateral (
    select count(*) as orders, coalesce(sum(amount), 0) as spent,
           min(purchased_on) as first_on, max(purchased_on) as last_on
    from customers_v_purchases
    where customer_id = c.customer_id and purchased_on <= cast(:as_of as date)
) as b
where c.run_id = :run_id
order by c.position"""


class PostgresCandidates:
    """The customers of each scan, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def select(self, run_id: UUID, *, trigger: Trigger, due_at: datetime, policy: ContactPolicy) -> Selected:
        """Finds whom to treat, and leaves alone whom the contact policy protects as of `due_at`.

        A run that has found them already keeps them, but for those whom the policy protects by now.
        """
        settle(self._transaction)
        if self._scan(run_id) is not None:
            self._transaction.run(LET_GO, run_id=run_id, due_at=due_at, **_desk(policy))
        else:
            self.choose(run_id, trigger=trigger, due_at=due_at, policy=policy)
        return self.selected(run_id)

    def choose(self, run_id: UUID, *, trigger: Trigger, due_at: datetime, policy: ContactPolicy) -> None:
        """Finds whom to treat in a run that has found nobody yet; no other may score or select meanwhile."""
        began = due_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        looked_at = {
            "health_threshold": trigger.health_threshold, "risk_threshold": trigger.risk_threshold,
            "min_lifetime_value": trigger.min_lifetime_value,
            "segments": None if trigger.segments is None else list(trigger.segments),
            "share": policy.holdout_share(PURPOSE),
        }  # fmt: skip
        judged = self._judge(trigger, began.date())
        self._draw(policy.holdout_salt)
        counted = self._count(looked_at, judged=judged)
        self._transaction.run(
            choosing.SELECT, run_id=run_id, due_at=due_at, day=began.date(), day_began=began,
            day_ends=began + timedelta(days=1), max_interventions=trigger.max_interventions, judged=judged,
            **looked_at, **_desk(policy), **counted,
        )  # fmt: skip

    def selected(self, run_id: UUID) -> Selected:
        """What a run found. Raises NotFoundError when it has not selected yet."""
        scan = self._scan(run_id)
        if scan is None:
            raise NotFoundError(f"The run {run_id} has selected nobody yet")
        segments = scan.pop("segments")
        given = {name: scan.pop(name) for name in (field.name for field in fields(Trigger)) if name in scan}
        trigger = Trigger(**given, segments=None if segments is None else tuple(segments))
        left_alone = LeftAlone(**{name: scan.pop(name) for name in LEFT_ALONE})
        chosen = self._transaction.rows(
            """select customer_id, position, health, risk from churn_candidates
               where run_id = :run_id order by position""",
            run_id=run_id,
        )
        candidates = tuple(Candidate(**row) for row in chosen)
        return Selected(trigger=trigger, left_alone=left_alone, candidates=candidates, **scan)

    def held_out(self, run_id: UUID) -> list[HeldOut]:
        """Whose turn it would have been in a run, had they not been held out."""
        rows = self._transaction.rows(
            "select customer_id, rank, health, risk from churn_held_out where run_id = :run_id order by rank desc",
            run_id=run_id,
        )
        return [HeldOut(**row) for row in rows]

    def _judge(self, trigger: Trigger, day: date) -> bool:
        """Sees to it that who waits is known; says whether all whom the trigger means do.

        A look at the past makes nobody wait, and ends no waiting.
        """
        base = self._transaction.row(
            """select snapshot_on, health_threshold, risk_threshold, judged = seen as judged from churn_base"""
        )
        if base is None or (base["snapshot_on"] is not None and day < base["snapshot_on"]):
            return False
        usual = {"health_threshold": trigger.health_threshold, "risk_threshold": trigger.risk_threshold}
        if trigger.health_threshold is not None:
            if not base["judged"] or usual != {name: base[name] for name in usual}:
                self._transaction.run(choosing.WAITING, day=day, **usual)
                self._transaction.run(choosing.WAITING_KEPT, **usual)
            return True
        return bool(base["judged"]) and trigger.risk_threshold >= float(base["risk_threshold"])

    def _count(self, looked_at: dict[str, Any], *, judged: bool) -> Row:
        """How many there are of each kind, as it is kept where everyone is looked at by the usual thresholds."""
        usual = {name: looked_at[name] for name in ("health_threshold", "risk_threshold", "share")}
        everyone = looked_at["min_lifetime_value"] is None and looked_at["segments"] is None
        may_keep = judged and everyone and usual["health_threshold"] is not None
        kept = self._transaction.row(choosing.KEPT_COUNT, **usual) if may_keep else None
        if kept is not None:
            return kept
        counted = self._transaction.row(choosing.COUNT, **looked_at) or {}
        if may_keep:
            self._transaction.run(choosing.COUNT_KEPT, share=usual["share"], **counted)
        return counted

    def _draw(self, salt: str) -> None:
        """Draws for those for whom nobody has yet, and anew for everyone where the salt is another."""
        base = self._transaction.row("select holdout_salt from churn_base")
        if base is not None and base["holdout_salt"] != salt:
            self._transaction.run(choosing.FORGET_DRAWS)
            self._transaction.run(choosing.DRAWN, salt=salt)
        if self._transaction.run(choosing.DRAW, purpose=PURPOSE, salt=salt):
            self._transaction.run(choosing.COUNT_NO_MORE)

    def facts(self, run_id: UUID, *, as_of: datetime, profile: ScoreProfile) -> list[Facts]:
        """All that is known of each customer of a run, best first; who was deleted since is left out."""
        day = as_of.astimezone(UTC).date()
        found = self._transaction.rows(FACTS, run_id=run_id, as_of=day, profile=profile.version)
        peers = self._peers(run_id, profile) if found else {}
        return [_facts(row, peers) for row in found]

    def _scan(self, run_id: UUID) -> Row | None:
        return self._transaction.row(
            f"""select health_threshold, risk_threshold, max_interventions, min_lifetime_value, segments,
                      at_risk, {", ".join(LEFT_ALONE)}, insufficient
               from churn_scans where run_id = :run_id""",
            run_id=run_id,
        )

    def _peers(self, run_id: UUID, profile: ScoreProfile) -> Mapping[tuple[Any, Any], Row]:
        """For each segment and tier: how many are at risk, and how many of them are weak in each factor."""
        weak = ", ".join(
            f"count(*) filter (where {f.name} < {WEAK_BELOW}) as weak_{f.name}" for f in profile.factors
        )
        at_risk = """(
            select signals.* from churn_compared_signals as signals
            join churn_scores as scores on scores.customer_id = signals.customer_id
            join churn_scans as scan on scores.health < scan.health_threshold or scores.risk >= scan.risk_threshold
            where scan.run_id = :run_id)"""
        found = self._transaction.rows(
            f"select of_segment, of_tier, count(*) as at_risk, {weak} "
            f"from ({sql.shares(profile, at_risk)}) as shared group by of_segment, of_tier",
            run_id=run_id,
        )
        return {(row["of_segment"], row["of_tier"]): row for row in found}


def _desk(policy: ContactPolicy) -> dict[str, Any]:
    """What the desk is asked by, of whom to leave alone."""
    return {
        "purpose": PURPOSE, "cool_down": policy.cool_down(PURPOSE), "budget": policy.budget,
        "budget_period": policy.budget_period, "case_rest": policy.case_rest,
    }  # fmt: skip


def _facts(row: Row, peers: Mapping[tuple[Any, Any], Row]) -> Facts:
    signals = Signals(**{name: row[name] for name in SIGNALS})
    alike = peers.get((signals.segment, signals.loyalty_tier), {})
    return Facts(
        customer_id=row["customer_id"],
        position=row["position"],
        rank=row["rank"],
        health=row["health"],
        risk=row["risk"],
        velocity=row["velocity"],
        name=row["name"],
        language=row["language"],
        channel=Channel(row["channel"]),
        signals=signals,
        purchases=Purchases(
            orders=row["orders"], spent=row["spent"], first_on=row["first_on"], last_on=row["last_on"]
        ),
        peers=_peers(alike),
    )


def _peers(alike: Mapping[str, Any]) -> Peers:
    weak = {name.removeprefix("weak_"): count for name, count in alike.items() if name.startswith("weak_")}
    return Peers(at_risk=alike.get("at_risk", 0), weak=weak)
