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
from beforehand.churn.score import AGEING, LEAST_AT_STAKE, WEAK_BELOW
from beforehand.churn.store.scores import settle
from beforehand.errors import NotFoundError
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policy import ContactPolicy

SIGNALS = tuple(field.name for field in fields(Signals))
PURPOSE = Purpose.CHURN_INTERVENTION
LEFT_ALONE = tuple(field.name for field in fields(LeftAlone))

AT_RISK = "(health < cast(:health_threshold as float8) or risk >= cast(:risk_threshold as float8)) is true"

# Since when somebody is at risk, by the usual thresholds. Only who crossed them since is written.
WAITING = f"""
update churn_scores set at_risk_since = case when {AT_RISK} then cast(:day as date) end
where (at_risk_since is not null) <> ({AT_RISK})"""

# A day adds to the rank while somebody waits, since they came to be at risk or since their last turn.
RANK = f"""at_stake * (1 + float8 '{AGEING}' * greatest(
    case when at_risk_since is not null then cast(:day as date) - greatest(at_risk_since, {{turns}}) end, 0))"""

# Everyone at risk is judged once; the best of those who are free are kept, and how many there were of each.
# The desk is asked for all of them in one go. A customer rests as well whom another run has in hand, since two
# scans that overlap would both approach them, or has treated on the same day, whatever came of it: whoever stands
# first and is skipped would else stand first in every scan, and keep the others from their turn.
# Of those held out, the ones are noted whose turn it would have been, once within the cool-down like the others;
# and like the others they wait anew from then on.
SELECT = f"""
with at_risk as (
    select customer_id, health, risk, standing as own_standing,
           risk * ln(1 + greatest(coalesce(lifetime_value, 0), {LEAST_AT_STAKE})) as at_stake,
           at_risk_since, treated_on
    from churn_scores
    where {AT_RISK}
      and (cast(:min_lifetime_value as float8) is null or lifetime_value >= :min_lifetime_value)
      and (cast(:segments as text[]) is null or exists (
          select from churn_signals as s
          where s.customer_id = churn_scores.customer_id
            and lower(s.segment collate "C") in (select lower(one collate "C")
                                                 from unnest(cast(:segments as text[])) as one)))
), treated as (
    select c.customer_id
    from schedules_v_runs as r join churn_candidates as c on c.run_id = r.run_id
    where r.run_id <> :run_id
      and (r.state = 'running' or r.state = 'finished' and r.due_at >= :day_began and r.due_at < :day_ends)
), judged as (
    select r.*, {RANK.format(turns="treated_on")} as rank,
           case when r.own_standing <> 'free' then r.own_standing
                when h.standing = 'in_hand' then h.standing
                when t.customer_id is not null then 'resting'
                when h.standing is not null then h.standing
                when outreach_v_draw(r.customer_id, :purpose, :salt) < :share then 'held_out'
                else 'free' end as standing
    from at_risk as r
    left join outreach_v_standings_2(:purpose, :due_at, :cool_down, :budget, :budget_period, :case_rest) as h
      on h.customer_id = r.customer_id
    left join (select distinct customer_id from treated) as t on t.customer_id = r.customer_id
), scan as (
    insert into churn_scans (run_id, health_threshold, risk_threshold, max_interventions, min_lifetime_value,
                             segments, at_risk, {", ".join(LEFT_ALONE)}, insufficient)
    select :run_id, :health_threshold, :risk_threshold, :max_interventions, :min_lifetime_value, :segments,
           count(*), {", ".join(f"count(*) filter (where standing = '{name}')" for name in LEFT_ALONE)},
           (select count(*) from churn_scores where health is null)
    from judged
    returning run_id
), best as (
    select * from judged where standing = 'free'
    order by rank desc, risk desc, customer_id collate "C" limit :max_interventions
), last as (
    select case when count(*) < :max_interventions then 0 else min(rank) end as rank from best
), compared as (
    insert into churn_held_out (run_id, customer_id, due_at, rank, health, risk)
    select :run_id, j.customer_id, :due_at, waited.rank, j.health, j.risk
    from last
    join judged as j on j.standing = 'held_out' and j.rank >= last.rank
    left join lateral (select max(due_at) as due_at from churn_held_out
                       where customer_id = j.customer_id) as noted on true
    cross join lateral (select {RANK.format(turns="treated_on, cast(noted.due_at at time zone 'UTC' as date)")}
                        as rank) as waited
    where waited.rank >= last.rank
      and (noted.due_at is null or noted.due_at <= cast(:due_at as timestamptz) - :cool_down)
    order by waited.rank desc limit :max_interventions
), chosen as (
    insert into churn_candidates (run_id, customer_id, position, rank, health, risk)
    select scan.run_id, customer_id, row_number() over (order by rank desc, risk desc, customer_id collate "C"),
           rank, health, risk
    from scan cross join best
    returning customer_id
)
update churn_scores set treated_on = greatest(treated_on, :day)
from chosen where chosen.customer_id = churn_scores.customer_id"""

# A run that is taken up again, hours after it failed, lets go of whom other runs have approached meanwhile.
LET_GO = """
delete from churn_candidates as c
where c.run_id = :run_id
  and exists (select from schedules_v_runs as r where r.run_id = c.run_id and r.state = 'running')
  and customer_id in (select customer_id from outreach_v_standings_2(
      :purpose, :due_at, :cool_down, :budget, :budget_period, :case_rest))"""

FACTS = """
select c.position, c.rank, c.health, c.risk,
       p.name, p.language, case when p.email is null then 'sms' else 'email' end as channel,
       b.orders, b.spent, b.first_on, b.last_on, c.health - v.health as velocity, s.*
from churn_candidates as c
join customers_v_profiles as p on p.customer_id = c.customer_id
join churn_compared_signals as s on s.customer_id = c.customer_id
cross join lateral (
    select count(*) as orders, coalesce(sum(amount), 0) as spent,
           min(purchased_on) as first_on, max(purchased_on) as last_on
    from customers_v_purchases
    where customer_id = c.customer_id and purchased_on <= cast(:as_of as date)
) as b
left join lateral (
    select health, profile from churn_snapshots
    where customer_id = c.customer_id and day <= cast(:as_of as date) - 28
    order by day desc limit 1
) as v on v.profile = :profile
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
        began = due_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        settle(self._transaction)
        desk = {
            "purpose": PURPOSE, "cool_down": policy.cool_down(PURPOSE), "budget": policy.budget,
            "budget_period": policy.budget_period, "case_rest": policy.case_rest,
        }  # fmt: skip
        if self._scan(run_id) is not None:
            self._transaction.run(LET_GO, run_id=run_id, due_at=due_at, **desk)
        else:
            thresholds = {"health_threshold": trigger.health_threshold, "risk_threshold": trigger.risk_threshold}
            if trigger.health_threshold is not None and self._is_newest(began.date()):
                self._transaction.run(WAITING, day=began.date(), **thresholds)
            self._transaction.run(
                SELECT, run_id=run_id, due_at=due_at, day=began.date(), day_began=began,
                day_ends=began + timedelta(days=1), **thresholds,
                max_interventions=trigger.max_interventions, min_lifetime_value=trigger.min_lifetime_value,
                segments=None if trigger.segments is None else list(trigger.segments),
                **desk, share=policy.holdout_share(PURPOSE), salt=policy.holdout_salt,
            )  # fmt: skip
        return self.selected(run_id)

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

    def _is_newest(self, day: date) -> bool:
        """Whether no later day was looked at: a look at the past makes nobody wait, and ends no waiting."""
        base = self._transaction.row("select snapshot_on from churn_base")
        return base is None or base["snapshot_on"] is None or day >= base["snapshot_on"]

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
