-- depends: 0002.customers
-- The facts that scoring uses, one row for each customer, as they stood when last computed. A null is unknown.
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
    tickets_overdue         integer,
    nps                     integer,
    lifetime_value          double precision,
    lifetime_value_rank     double precision,
    tenure_days             integer
) with (fillfactor = 80);

-- The score of each customer under one profile, and the share of the weight whose facts were known.
-- `as_of` is when the score became what it is. Room is left in each page and nothing is indexed that changes,
-- so that a day's new scores move no row out of its page.
create table churn_scores (
    customer_id text primary key,
    profile     text not null,
    as_of       timestamptz not null,
    health      double precision check (health between 0 and 100),
    risk        double precision check (risk between 0 and 1),
    coverage    double precision not null check (coverage between 0 and 1)
) with (fillfactor = 80);

-- As of which day, and by which profile, the signals and scores above stand.
create table churn_base (
    only_row boolean primary key default true check (only_row),
    day      date not null,
    profile  text not null
);

-- What one run found: by which thresholds, how many, and why not all of them may be approached.
create table churn_scans (
    run_id            uuid primary key,
    health_threshold  double precision,
    risk_threshold    double precision not null,
    max_interventions integer not null,
    at_risk           integer not null,
    opted_out         integer not null,
    unreachable       integer not null,
    resting           integer not null,
    insufficient      integer not null
);

-- Who was found at risk and treated in which run, best first.
create table churn_candidates (
    run_id      uuid not null references churn_scans,
    customer_id text not null,
    position    integer not null,
    rank        double precision not null,
    health      double precision not null,
    risk        double precision not null,
    primary key (run_id, customer_id)
);
