-- depends: 0005.journal
-- What a person must do: take over an escalated customer, review, approve. One open case for each occasion:
-- whoever opens it again for the same kind, customer and cycle finds it there.
create table outreach_cases (
    case_id     uuid primary key,
    kind        text not null check (kind in ('escalation', 'review', 'approval', 'low_emotion')),
    customer_id text not null,
    cycle       text not null,
    outreach_id uuid,
    run_id      uuid,
    role        text not null default 'operator' check (role in ('operator', 'admin')),
    subject     text not null,
    because     text not null,
    priority    integer not null check (priority between 0 and 100),
    state       text not null default 'open' check (state in ('open', 'taken', 'done')),
    opened_at   timestamptz not null,
    due_at      timestamptz not null,
    taken_by    text,
    taken_at    timestamptz,
    done_by     text,
    done_at     timestamptz,
    answer      text,
    unique (kind, customer_id, cycle)
);
create index outreach_cases_by_state on outreach_cases (due_at, case_id) where state <> 'done';
create index outreach_cases_by_customer on outreach_cases (customer_id, opened_at desc);

create view outreach_v_cases as
select case_id, kind, customer_id, cycle, outreach_id, run_id, role, subject, because, priority, state,
       opened_at, due_at, taken_by, taken_at, done_by, done_at, answer
from outreach_cases;
