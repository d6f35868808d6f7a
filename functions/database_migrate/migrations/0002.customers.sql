-- depends: 0001.schedules
-- Customers and what is known of them. A column that is null is a fact that nobody gave us.
create table customers (
    customer_id             text primary key,
    customer_no             bigint generated always as identity unique,
    name                    text,
    email                   text,
    phone                   text,
    language                text,
    zone                    text,
    country                 text,
    segment                 text,
    loyalty_tier            text,
    previous_loyalty_tier   text,
    loyalty_tier_changed_on date,
    lifetime_value          numeric(14, 2) check (lifetime_value >= 0),
    signed_up_on            date,
    last_active_on          date,
    marketing_consent       boolean,
    csat_180d               double precision check (csat_180d between 1 and 5),
    tickets_overdue         integer check (tickets_overdue >= 0),
    nps                     integer check (nps between 0 and 10),
    nps_answered_on         date,
    engagement_30d          integer check (engagement_30d >= 0),
    engagement_90d          integer check (engagement_90d >= 0),
    updated_at              timestamptz not null
);

-- A purchase without an id of its own gets one from its content and its position among equals,
-- so that the same file imported twice adds nothing.
create table customers_purchases (
    customer_id  text not null references customers,
    purchase_id  text not null,
    purchased_on date not null,
    quantity     integer not null default 1 check (quantity > 0),
    amount       numeric(14, 2) not null check (amount >= 0),
    primary key (customer_id, purchase_id)
);
create index customers_purchases_by_day on customers_purchases (customer_id, purchased_on) include (amount);

create view customers_v_profiles as
select customer_id, customer_no, name, email, phone, language, zone, country, segment, loyalty_tier,
       previous_loyalty_tier, loyalty_tier_changed_on, lifetime_value, signed_up_on, last_active_on,
       marketing_consent, csat_180d, tickets_overdue, nps, nps_answered_on, engagement_30d, engagement_90d
from customers;

create view customers_v_purchases as
select customer_id, purchase_id, purchased_on, quantity, amount from customers_purchases;
