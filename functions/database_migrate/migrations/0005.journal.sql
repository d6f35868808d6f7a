-- depends: 0004.outreach
-- Every decision with its facts, its rule and its because. Entries are added, never changed.
create table journal_decisions (
    decision_id uuid primary key,
    decided_at  timestamptz not null,
    capability  text not null,
    kind        text not null,
    customer_id text,
    outreach_id uuid,
    run_id      uuid,
    action      text not null,
    because     text not null,
    rule        text not null,
    facts       jsonb not null
);
create index journal_decisions_by_customer on journal_decisions (customer_id, decided_at desc);
create index journal_decisions_by_run on journal_decisions (run_id);
revoke update, delete on journal_decisions from beforehand_app_rw;
