-- depends: 0021.claims
-- Whose turn comes next is found by walking an index. Who has waited since the same day keeps their order whatever
-- day it is, so the best of each day are enough; and what there is to lose is kept in bands that hardly ever change,
-- so that a day's new scores still move few rows out of their page. Who is not at risk waits since infinity.
alter table churn_scores add column waits_since date generated always as (
    case when at_risk_since is not null then greatest(at_risk_since, treated_on) else date 'infinity' end) stored;
alter table churn_scores add column stake_band smallint generated always as (
    cast(floor(8 * (risk * ln(1 + greatest(coalesce(lifetime_value, 0), 1)))) as smallint)) stored;
create index churn_scores_by_turn on churn_scores (waits_since, stake_band);

-- The draw of each customer by the salt that churn_base names; null until a scan has drawn for them.
alter table churn_scores add column drawn double precision;
create index churn_scores_undrawn on churn_scores (customer_id) where drawn is null;

-- By which thresholds at_risk_since is kept, and up to which scoring it is: where `judged` is not `seen`, everyone has
-- to be looked at again.
alter table churn_base add column health_threshold double precision;
alter table churn_base add column risk_threshold double precision;
alter table churn_base add column judged xid8;
alter table churn_base add column holdout_salt text;
