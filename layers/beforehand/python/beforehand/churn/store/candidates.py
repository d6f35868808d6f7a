"""Who is treated in a run, in PostgreSQL: found in one set query, and answered the same when asked again."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction
from beforehand.churn import sql
from beforehand.churn.model import Candidate, Facts, Peers, Purchases, Selected, Signals, Trigger
from beforehand.churn.profile import ScoreProfile
from beforehand.churn.score import WEAK_BELOW
from beforehand.churn.store.scores import settle
from beforehand.errors import NotFoundError
from beforehand.outreach.model import Channel, Purpose

SIGNALS = tuple(field.name for field in fields(Signals))

# Everyone at risk is judged once; the best of those who are free are kept, and how many there were of each.
# A customer rests as well whom another run has in hand, since two scans that overlap would both approach them,
# or has treated on the same day, whatever came of it: whoever stands first and is skipped would else stand first
# in every scan, and keep the others from their turn.
SELECT = """
with at_risk as (
    select customer_id, health, risk
    from churn_scores
    where health < cast(:health_threshold as float8) or risk >= cast(:risk_threshold as float8)
), approached as (
    select customer_id from outreach_v_approaches where purpose = :purpose and approached_at > :rested_since
    union
    select c.customer_id
    from schedules_v_runs as r join churn_candidates as c on c.run_id = r.run_id
    where r.run_id <> :run_id
      and (r.state = 'running' or r.state = 'finished' and r.due_at >= :day and r.due_at < :day_after)
), judged as (
    select r.customer_id, r.health, r.risk, r.risk * ln(1 + coalesce(s.lifetime_value, 0)) as rank,
           case when p.marketing_consent is false then 'opted_out'
                when p.email is null and p.phone is null then 'unreachable'
                when a.customer_id is not null then 'resting'
                else 'free' end as standing
    from at_risk as r
    join churn_signals as s on s.customer_id = r.customer_id
    join customers_v_profiles as p on p.customer_id = r.customer_id
    left join approached as a on a.customer_id = r.customer_id
), scan as (
    insert into churn_scans (run_id, health_threshold, risk_threshold, max_interventions,
                             at_risk, opted_out, unreachable, resting, insufficient)
    select :run_id, :health_threshold, :risk_threshold, :max_interventions,
           count(*),
           count(*) filter (where standing = 'opted_out'),
           count(*) filter (where standing = 'unreachable'),
           count(*) filter (where standing = 'resting'),
           (select count(*) from churn_scores where health is null)
    from judged
    returning run_id
), best as (
    select * from judged where standing = 'free'
    order by rank desc, risk desc, customer_id collate "C" limit :max_interventions
)
insert into churn_candidates (run_id, customer_id, position, rank, health, risk)
select scan.run_id, customer_id, row_number() over (order by rank desc, risk desc, customer_id collate "C"),
       rank, health, risk
from scan cross join best"""

FACTS = """
select c.position, c.rank, c.health, c.risk,
       p.name, p.language, case when p.email is null then 'sms' else 'email' end as channel,
       b.orders, b.spent, b.first_on, b.last_on, s.*
from churn_candidates as c
join customers_v_profiles as p on p.customer_id = c.customer_id
join churn_compared_signals as s on s.customer_id = c.customer_id
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

    def select(self, run_id: UUID, *, trigger: Trigger, due_at: datetime, rested_since: datetime) -> Selected:
        """Finds whom to treat; a run that has found them already keeps them.

        Whoever was approached after `rested_since` rests, or was treated on the day (in UTC) of `due_at`.
        """
        day = due_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        settle(self._transaction)
        if self._scan(run_id) is None:
            self._transaction.run(
                SELECT,
                run_id=run_id,
                purpose=Purpose.CHURN_INTERVENTION,
                rested_since=rested_since,
                day=day,
                day_after=day + timedelta(days=1),
                health_threshold=trigger.health_threshold,
                risk_threshold=trigger.risk_threshold,
                max_interventions=trigger.max_interventions,
            )
        return self.selected(run_id)

    def selected(self, run_id: UUID) -> Selected:
        """What a run found. Raises NotFoundError when it has not selected yet."""
        scan = self._scan(run_id)
        if scan is None:
            raise NotFoundError(f"The run {run_id} has selected nobody yet")
        trigger = Trigger(**{name: scan.pop(name) for name in (field.name for field in fields(Trigger))})
        chosen = self._transaction.rows(
            """select customer_id, position, health, risk from churn_candidates
               where run_id = :run_id order by position""",
            run_id=run_id,
        )
        return Selected(trigger=trigger, candidates=tuple(Candidate(**row) for row in chosen), **scan)

    def facts(self, run_id: UUID, *, as_of: datetime, profile: ScoreProfile) -> list[Facts]:
        """All that is known of each customer of a run, best first; who was deleted since is left out."""
        day = as_of.astimezone(UTC).date()
        found = self._transaction.rows(FACTS, run_id=run_id, as_of=day)
        peers = self._peers(run_id, profile) if found else {}
        return [_facts(row, peers) for row in found]

    def _scan(self, run_id: UUID) -> Row | None:
        return self._transaction.row(
            """select health_threshold, risk_threshold, max_interventions,
                      at_risk, opted_out, unreachable, resting, insufficient
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
            f"select of_segment, of_tier, count(*) as at_risk, {weak} "  # noqa: S608 - names of our own
            f"from ({sql.shares(profile, at_risk)}) as shared group by of_segment, of_tier",
            run_id=run_id,
        )
        return {(row["of_segment"], row["of_tier"]): row for row in found}


def _facts(row: Row, peers: Mapping[tuple[Any, Any], Row]) -> Facts:
    signals = Signals(**{name: row[name] for name in SIGNALS})
    alike = peers.get((signals.segment, signals.loyalty_tier), {})
    return Facts(
        customer_id=row["customer_id"],
        position=row["position"],
        rank=row["rank"],
        health=row["health"],
        risk=row["risk"],
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
