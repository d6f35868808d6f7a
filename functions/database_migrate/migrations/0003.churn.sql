-- depends: 0002.customers
-- The facts that scoring uses, one row for each customer, as they stood when last computed.
create table churn_signals (
    customer_id             text primary key,
    segment                 text,
    loyalty_tier            text,
    loyalty_tier_fell       boolean not null,
    recency_days            integer,
    orders_per_month        double precision,
    spending_ratio          double precision,
    engagement_ratio        double precision,
    csat                    double precision,
    tickets_overdue         integer not null,
    nps                     integer,
    lifetime_value          double precision,
    lifetime_value_rank     double precision,
    tenure_days             integer
);

-- The score of each customer under one profile, and the weight of the factors that were known.
create table churn_scores (
    customer_id text primary key,
    profile     text not null,
    as_of       timestamptz not null,
    health      double precision check (health between 0 and 100),
    risk        double precision check (risk between 0 and 1),
    coverage    double precision not null check (coverage between 0 and 1)
);
create index churn_scores_by_risk on churn_scores (risk desc, customer_id) where health is not null;

-- Who was found at risk and treated in which run.
create table churn_candidates (
    run_id      uuid not null,
    customer_id text not null,
    position    integer not null,
    rank        double precision not null,
    health      double precision not null,
    risk        double precision not null,
    primary key (run_id, customer_id)
);
