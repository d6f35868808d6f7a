-- depends: 0025.delivery_figures
-- The labels that scores are made of, as one small number: 16 × segment + 2 × tier + whether the tier fell, where 0 is
-- a label that nobody has heard of or none (`labels.py` counts the same).
alter table churn_signals add column labels smallint not null generated always as (cast(
    16 * case lower(segment collate "C") when 'vip' then 1 when 'loyal' then 2 when 'regular' then 3
                                         when 'occasional' then 4 else 0 end
    + 2 * case lower(loyalty_tier collate "C") when 'platinum' then 1 when 'gold' then 2 when 'silver' then 3
                                               when 'bronze' then 4 else 0 end
    + cast(loyalty_tier_fell as integer) as smallint)) stored;

-- Those of the same labels, the most valuable first: a preview walks down from there until nobody below can matter.
create index churn_signals_by_value on churn_signals
    (labels, coalesce(segment, ''), greatest(coalesce(lifetime_value, 0), 1) desc);

create or replace view churn_compared_signals as
select s.customer_id, s.segment, s.loyalty_tier, s.loyalty_tier_fell, s.recency_days, s.orders_per_month,
       s.spending_ratio, s.average_order, s.engagement_ratio, s.csat, s.tickets_overdue, s.nps,
       s.lifetime_value, s.tenure_days, s.standing,
       churn_rank(s.lifetime_value, alike.negated) as lifetime_value_rank,
       churn_rank(s.lifetime_value, everyone.negated) as lifetime_value_percentile,
       s.lifetime_value / nullif(alike.mean, 0) as lifetime_value_ratio,
       s.labels
from churn_signals as s
left join churn_yardsticks as alike on alike.scope = 'segment:' || coalesce(s.segment, '')
left join churn_yardsticks as everyone on everyone.scope = 'everyone';
