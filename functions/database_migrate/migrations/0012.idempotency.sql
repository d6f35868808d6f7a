-- depends: 0006.cases
-- Writes by the id that their sender gave them, and what they were answered, for a day.
create table api_idempotency (
    user_id  text not null,
    key      text not null,
    request  text not null,
    status   integer,
    answer   text,
    asked_at timestamptz not null,
    primary key (user_id, key)
);
create index api_idempotency_by_age on api_idempotency (asked_at);
