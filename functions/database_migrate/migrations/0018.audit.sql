-- depends: 0017.suppressions
-- Who changed what, from what to what: each change that a person made, or a task in nobody's name. Entries are added,
-- never changed, so they hold nothing that an erasure would have to take out: of a name, an address or a number they
-- say that it changed, and not to what.
create table journal_audit (
    audit_id     uuid primary key,
    at           timestamptz not null,
    who          text not null,
    role         text check (role in ('viewer', 'operator', 'admin')),
    action       text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
    subject_kind text not null,
    subject_id   text not null,
    customer_id  text,
    before       jsonb not null default '{}',
    after        jsonb not null default '{}',
    because      text not null,
    request_id   text
);
create index journal_audit_by_time on journal_audit (at desc, audit_id desc);
create index journal_audit_by_subject on journal_audit (subject_id, at desc);
create index journal_audit_by_who on journal_audit (who, at desc);
create index journal_audit_by_customer on journal_audit (customer_id, at desc) where customer_id is not null;
revoke update, delete, truncate on journal_audit from beforehand_app_rw;

create view journal_v_audit as
select audit_id, at, who, role, action, subject_kind, subject_id, customer_id, before, after, because, request_id
from journal_audit;

-- What was decided about one outreach: by the planner, and by each look of the gate.
create index journal_decisions_by_outreach on journal_decisions (outreach_id, decided_at)
    where outreach_id is not null;

-- The message of an outreach, for whoever may read it: as text, or as a template with what goes into it.
create view outreach_v_messages as
select outreach_id, subject, body, language, template, template_version, variables from outreach;

-- Lists of the ledger come in the order of their due times.
create index outreach_by_due on outreach (due_at desc, outreach_id desc);

-- How each customer stands, and each day on which their health became another.
create view churn_v_scores as
select customer_id, profile, as_of, health, risk, coverage, standing, at_risk_since, treated_on from churn_scores;
create view churn_v_moves as
select customer_id, day, profile, health, risk, coverage,
       lag(health) over (partition by customer_id, profile order by day) as health_before
from churn_snapshots;
