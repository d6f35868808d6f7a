-- depends: 0025.delivery_figures
-- A day changes nearly every row of both tables. With room in each page for each row once more, none moves, and no
-- index has to be told where it went.
alter table churn_signals set (fillfactor = 48);
alter table churn_scores set (fillfactor = 45);

-- What a lifetime value comes to beside the others' is kept with the signals, by the yardsticks of the last whole pass
-- (lifetime_value_rank is there already), and with them two numbers that scoring is made of. The first has the labels:
-- 16 × segment + 2 × tier + whether the tier fell, where 0 is a label that nobody has heard of, or none (`labels.py`
-- counts the same). The second has a bit for each fact that is not known (`unknown.py`). They follow from the row, so
-- the release before need not write them; its ranks are those that churn_base.ranked does not speak of.
alter table churn_signals
    add column lifetime_value_percentile double precision,
    add column lifetime_value_ratio double precision,
    add column labels smallint not null generated always as (cast(
        16 * case lower(segment collate "C") when 'vip' then 1 when 'loyal' then 2 when 'regular' then 3
                                             when 'occasional' then 4 else 0 end
        + 2 * case lower(loyalty_tier collate "C") when 'platinum' then 1 when 'gold' then 2 when 'silver' then 3
                                                   when 'bronze' then 4 else 0 end
        + cast(loyalty_tier_fell as integer) as smallint)) stored,
    add column unknown integer not null generated always as (
        1 * cast(recency_days is null as integer)
        + 2 * cast(orders_per_month is null as integer)
        + 4 * cast(spending_ratio is null as integer)
        + 8 * cast(average_order is null as integer)
        + 16 * cast(engagement_ratio is null as integer)
        + 32 * cast(csat is null as integer)
        + 64 * cast(csat is null and tickets_overdue is null as integer)
        + 128 * cast(nps is null as integer)
        + 256 * cast(tenure_days is null as integer)
        + 512 * cast(lifetime_value_rank is null as integer)
        + 1024 * cast(lifetime_value_percentile is null as integer)
        + 2048 * cast(lifetime_value_ratio is null as integer)
        + 4096 * cast(coalesce(lower(segment collate "C"), '')
                      not in ('vip', 'loyal', 'regular', 'occasional') as integer)
        + 8192 * cast(coalesce(lower(loyalty_tier collate "C"), '')
                      not in ('platinum', 'gold', 'silver', 'bronze') as integer)) stored;

-- Up to which scoring it is known how many there are of each kind, by the thresholds that are kept here and by a share
-- that is held out; as `judged`, it is not `seen` where nobody can say.
alter table churn_base
    add column counted xid8,
    add column counted_share double precision,
    add column at_risk integer,
    add column opted_out integer,
    add column unreachable integer,
    add column held_out integer,
    add column insufficient integer;

-- Up to which scoring the ranks beside the signals are kept: where it is not `seen`, the release before has scored.
alter table churn_base add column ranked xid8;

-- Those of the same labels, the most valuable first: a preview walks down from there until nobody below can matter.
create index churn_signals_by_value on churn_signals
    (labels, coalesce(segment, ''), greatest(coalesce(lifetime_value, 0), 1) desc);
