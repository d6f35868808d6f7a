"""The statements that choose whom to treat: who waits, who is drawn, how many there are, and the best of them.

Those who have waited since the same day keep their order whatever day it is. So the best of each such day are read
from an index, highest band of what there is to lose first, and nobody else has to be ranked.
"""

from dataclasses import fields

from beforehand.churn.model import LeftAlone
from beforehand.churn.score import AGEING, LEAST_AT_STAKE

LEFT_ALONE = tuple(field.name for field in fields(LeftAlone))
BANDS = 8
"""How many bands (`churn_scores.stake_band`) there are to each point of what there is to lose."""

AT_RISK = "(health < cast(:health_threshold as float8) or risk >= cast(:risk_threshold as float8)) is true"
LOOKED_AT = f"""{AT_RISK}
      and (cast(:min_lifetime_value as float8) is null or lifetime_value >= :min_lifetime_value)
      and (cast(:segments as text[]) is null or exists (
          select from churn_signals as s
          where s.customer_id = churn_scores.customer_id
            and lower(s.segment collate "C") in (select lower(one collate "C")
                                                 from unnest(cast(:segments as text[])) as one)))"""

# Since when somebody is at risk, by the usual thresholds. Only who crossed them since is written. Scoring what
# changed does the same for those whom it writes, so everyone is looked at only after a whole pass or where the
# thresholds are others.
WAITING = f"""
update churn_scores set at_risk_since = case when {AT_RISK} then cast(:day as date) end
where (at_risk_since is not null) <> ({AT_RISK})"""
WAITING_KEPT = """
update churn_base
set health_threshold = :health_threshold, risk_threshold = :risk_threshold, judged = seen, counted = null"""

# A draw follows from id, purpose and salt, and so is made once.
FORGET_DRAWS = "update churn_scores set drawn = null where drawn is not null"
DRAW = "update churn_scores set drawn = outreach_v_draw(customer_id, :purpose, :salt) where drawn is null"
DRAWN = "update churn_base set holdout_salt = :salt, counted = null"
COUNT_NO_MORE = "update churn_base set counted = null where counted is not null"

# What is known of a customer without asking the desk; it changes nothing, and so is shared out to workers.
COUNT = f"""
select count(*) filter (where looked_at) as at_risk,
       count(*) filter (where looked_at and standing = 'opted_out') as opted_out,
       count(*) filter (where looked_at and standing = 'unreachable') as unreachable,
       count(*) filter (where looked_at and standing = 'free' and drawn < :share) as held_out,
       count(*) filter (where health is null) as insufficient
from (select health, standing, drawn, ({LOOKED_AT}) as looked_at from churn_scores offset bigint '0') as judged"""

COUNTED = ("at_risk", "opted_out", "unreachable", "held_out", "insufficient")

# How many there are is counted once, and kept up to date by those who score what changed (`changes_counted`).
COUNT_KEPT = f"""
update churn_base
set counted = seen, counted_share = :share, {", ".join(f"{name} = :{name}" for name in COUNTED)}"""
KEPT_COUNT = f"""
select {", ".join(COUNTED)} from churn_base
where counted = seen and counted_share = :share
  and health_threshold = :health_threshold and risk_threshold = :risk_threshold"""


def changes_counted(before: str, after: str, share: str) -> dict[str, str]:
    """Of a row that was changed, by how much each count is another; `before` and `after` name the row.

    The thresholds are parameters, those by which the base is judged.
    """
    return {name: f"{_counts(after, share)[name]} - {_counts(before, share)[name]}" for name in COUNTED}


def _counts(row: str, share: str) -> dict[str, str]:
    at_risk = f"""({row}.health < cast(:health_threshold as float8)
                   or {row}.risk >= cast(:risk_threshold as float8)) is true"""
    there = f"{row}.customer_id is not null"
    conditions = {
        "at_risk": at_risk,
        "opted_out": f"{at_risk} and {row}.standing = 'opted_out'",
        "unreachable": f"{at_risk} and {row}.standing = 'unreachable'",
        "held_out": f"{at_risk} and {row}.standing = 'free' and {row}.drawn < {share}",
        "insufficient": f"{there} and {row}.health is null",
    }
    return {name: f"cast(coalesce({condition}, false) as integer)" for name, condition in conditions.items()}


# A day adds to the rank while somebody waits, since they came to be at risk or since their last turn.
RANK = f"""at_stake * (1 + float8 '{AGEING}' * greatest(
    case when at_risk_since is not null then cast(:day as date) - greatest(at_risk_since, {{turns}}) end, 0))"""
STAKE = f"risk * ln(1 + greatest(coalesce(lifetime_value, 0), {LEAST_AT_STAKE})) as at_stake"
FREE = f"stake_band is not null and standing = 'free' and {LOOKED_AT}"

# The desk is asked once for everyone of whom it holds something. A customer rests as well whom another run has in
# hand, since two scans that overlap would both approach them, or has treated on the same day, whatever came of it:
# whoever stands first and is skipped would else stand first in every scan, and keep the others from their turn.
# Of those held out, the ones are noted whose turn it would have been, once within the cool-down like the others;
# and like the others they wait anew from then on. (They are read in the order of the index: that few are that high,
# the planner cannot know.)
SELECT = f"""
with recursive treated as (
    select distinct c.customer_id
    from schedules_v_runs as r join churn_candidates as c on c.run_id = r.run_id
    where r.run_id <> :run_id
      and (r.state = 'running' or r.state = 'finished' and r.due_at >= :day_began and r.due_at < :day_ends)
), held as materialized (
    select customer_id,
           case when h.standing = 'in_hand' or t.customer_id is null then h.standing else 'resting' end as hold
    from outreach_v_standings_2(:purpose, :due_at, :cool_down, :budget, :budget_period, :case_rest) as h
    full join treated as t using (customer_id)
), held_back as (
    select hold, drawn < :share as is_held_out
    from held join churn_scores on churn_scores.customer_id = held.customer_id
    where {FREE}
), scan as (
    insert into churn_scans (run_id, health_threshold, risk_threshold, max_interventions, min_lifetime_value,
                             segments, at_risk, {", ".join(LEFT_ALONE)}, insufficient)
    select :run_id, :health_threshold, :risk_threshold, :max_interventions, :min_lifetime_value, :segments,
           :at_risk, :opted_out, :unreachable,
           count(*) filter (where hold = 'in_hand'), count(*) filter (where hold = 'resting'),
           count(*) filter (where hold = 'over_budget'),
           cast(:held_out as integer) - count(*) filter (where is_held_out), :insufficient
    from held_back
    returning run_id
), days as (
    select min(waits_since) as since from churn_scores
    union all
    select (select min(waits_since) from churn_scores where waits_since > days.since)
    from days where days.since is not null
), waiting as materialized (
    select since, 1 + float8 '{AGEING}' * case when since < 'infinity'
                                               then greatest(cast(:day as date) - since, 0) else 0 end as longer
    from days where since is not null and (since < 'infinity' or not cast(:judged as boolean))
), best as (
    select one.*, {RANK.format(turns="treated_on")} as rank
    from waiting cross join lateral (
        select customer_id, health, risk, {STAKE}, at_risk_since, treated_on
        from churn_scores
        where waits_since = waiting.since and {FREE} and drawn >= :share
          and customer_id not in (select customer_id from held)
        order by stake_band desc fetch first (cast(:max_interventions as integer)) rows with ties
    ) as one
    order by rank desc, risk desc, customer_id collate "C" limit :max_interventions
), last as materialized (
    select case when count(*) < :max_interventions then 0 else min(rank) end as rank from best
), compared as (
    insert into churn_held_out (run_id, customer_id, due_at, rank, health, risk)
    select :run_id, j.customer_id, :due_at, waited.rank, j.health, j.risk
    from last
    cross join waiting
    cross join lateral (
        select customer_id, health, risk, {STAKE}, at_risk_since, treated_on
        from churn_scores
        where waits_since = waiting.since and stake_band >= floor({BANDS} * last.rank / waiting.longer)::integer - 1
          and {FREE} and drawn < :share and customer_id not in (select customer_id from held)
        order by stake_band desc offset bigint '0'
    ) as j
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
