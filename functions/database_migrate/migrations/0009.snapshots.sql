-- depends: 0008.changes
-- What a lifetime value is held against: for the whole base and for each segment, the mean and at most 501 values
-- of the day's whole pass, evenly spaced in their order. They are kept negated, lowest first, because
-- width_bucket counts the thresholds that are not above a value, and what is asked is how many are below it; and
-- in line, so that they are not unpacked again for each customer that is held against them.
create table churn_yardsticks (
    scope   text primary key,
    mean    double precision not null,
    negated double precision[] not null
);
alter table churn_yardsticks alter column negated set storage plain;

-- The signals with what follows from comparing: the rank (0–1) of a lifetime value in its segment and in the whole
-- base, and its ratio to the mean of its segment. Where all values are the same a comparison says nothing.
-- (churn_signals.lifetime_value_rank, of the release before, is not written any more.)
alter table churn_signals add column average_order double precision;
alter table churn_signals add column standing text not null default 'free'
    check (standing in ('free', 'opted_out', 'unreachable'));
create function churn_rank(value double precision, negated double precision[]) returns double precision
language sql immutable parallel safe as '
    select case when value is not null and negated[1] < negated[cardinality(negated)]
                then least((cardinality(negated) - width_bucket(-value, negated))::float8
                           / (cardinality(negated) - 1), 1) end';
create view churn_compared_signals as
select s.customer_id, s.segment, s.loyalty_tier, s.loyalty_tier_fell, s.recency_days, s.orders_per_month,
       s.spending_ratio, s.average_order, s.engagement_ratio, s.csat, s.tickets_overdue, s.nps,
       s.lifetime_value, s.tenure_days, s.standing,
       churn_rank(s.lifetime_value, alike.negated) as lifetime_value_rank,
       churn_rank(s.lifetime_value, everyone.negated) as lifetime_value_percentile,
       s.lifetime_value / nullif(alike.mean, 0) as lifetime_value_ratio
from churn_signals as s
left join churn_yardsticks as alike on alike.scope = 'segment:' || coalesce(s.segment, '')
left join churn_yardsticks as everyone on everyone.scope = 'everyone';

-- When each became at risk and was last treated: whoever waits moves up. `standing` is what their own data say of
-- approaching them; what was done with them lately, the desk is asked.
alter table churn_scores add column lifetime_value double precision;
alter table churn_scores add column standing text not null default 'free'
    check (standing in ('free', 'opted_out', 'unreachable'));
alter table churn_scores add column at_risk_since date;
alter table churn_scores add column treated_on date;
alter table churn_scores add column snapshot_health double precision;

-- How far the base was read, and how many are in it.
alter table churn_base add column seen xid8;
alter table churn_base add column customers bigint not null default 0;
alter table churn_base add column snapshot_on date;

-- How each customer stood on which day. A snapshot is written by a whole pass where health (to a tenth of a point)
-- or profile is another than before, in place of what an earlier pass of that day wrote; it stands until the next one.
create table churn_snapshots (
    customer_id text not null,
    day         date not null,
    profile     text not null,
    health      double precision,
    risk        double precision,
    coverage    double precision not null,
    primary key (customer_id, day)
);
create index churn_snapshots_by_day on churn_snapshots (day);

alter table churn_scans add column in_hand integer not null default 0;
alter table churn_scans add column over_budget integer not null default 0;
alter table churn_scans add column held_out integer not null default 0;
alter table churn_scans add column min_lifetime_value double precision;
alter table churn_scans add column segments text[];

-- Whose turn it would have been in which run, had they not been held out to be compared with.
create table churn_held_out (
    run_id      uuid not null references churn_scans,
    customer_id text not null,
    due_at      timestamptz not null,
    rank        double precision not null,
    health      double precision not null,
    risk        double precision not null,
    primary key (run_id, customer_id)
);
create index churn_held_out_by_customer on churn_held_out (customer_id, due_at desc);
