-- depends: 0021.claims
-- What customers booked, as far as follow-ups need it. `told_at` is when what was told last happened: older news
-- changes nothing.
create table followups_bookings (
    booking_id      text primary key,
    customer_id     text not null,
    conversation_id text,
    ends_at         timestamptz,
    state           text not null check (state in ('booked', 'completed', 'cancelled')),
    told_at         timestamptz not null,
    check (ends_at is not null or state = 'cancelled')
);
create index followups_bookings_by_customer on followups_bookings (customer_id, state);

-- How customers felt, from 0 (worst) to 1. What they wrote is never kept.
create table followups_emotions (
    emotion_id      uuid primary key,
    customer_id     text not null,
    conversation_id text,
    score           double precision not null check (score between 0 and 1),
    read_by         text not null check (read_by in ('given', 'lexicon', 'comprehend')),
    at              timestamptz not null
);
create index followups_emotions_by_customer on followups_emotions (customer_id, at desc, emotion_id desc);
create index followups_emotions_by_conversation on followups_emotions (conversation_id, at desc, emotion_id desc);

-- Follow-ups. Each is one outreach, whose row says how far it is; `open` ends with its cancelling. No customer has
-- two of one kind at once whose events lie within the tolerance of each other: each span reaches half the tolerance
-- to both sides, ends included, so that they touch exactly where the events lie that far apart. A follow-up that
-- has no event has an empty span, which touches nothing.
create table followups_jobs (
    job_id          text primary key check (length(job_id) <= 255),
    outreach_id     uuid not null unique,
    customer_id     text not null,
    customer_no     bigint not null,
    conversation_id text not null,
    kind            text not null check (kind in ('post_event', 're_engagement', 'emotion_based', 'custom')),
    cycle           text not null,
    booking_id      text,
    event_at        timestamptz,
    event_span      tstzrange not null,
    template        text not null,
    facts           jsonb not null default '{}',
    scheduled_at    timestamptz not null,
    created_at      timestamptz not null,
    open            boolean not null default true,
    cancelled_at    timestamptz,
    cancelled_by    text,
    occasion        int8range not null generated always as (
        int8range(customer_no * 4 + case kind when 'post_event' then 0 when 're_engagement' then 1
                                              when 'emotion_based' then 2 else 3 end,
                  customer_no * 4 + case kind when 'post_event' then 0 when 're_engagement' then 1
                                              when 'emotion_based' then 2 else 3 end, '[]')) stored,
    constraint followups_jobs_once exclude using gist (occasion with &&, event_span with &&) where (open)
);
create index followups_jobs_by_customer on followups_jobs (customer_id, kind, cycle);
create index followups_jobs_by_conversation on followups_jobs (conversation_id);
create index followups_jobs_by_booking on followups_jobs (booking_id) where open;
create index followups_jobs_by_due on followups_jobs (scheduled_at desc, job_id desc);

-- When a follow-up was moved, from when to when, why and by whom.
create table followups_moves (
    job_id   text not null references followups_jobs on delete cascade,
    moved_at timestamptz not null,
    moved_by text,
    from_at  timestamptz not null,
    to_at    timestamptz not null,
    because  text not null,
    primary key (job_id, moved_at)
);

create view followups_v_jobs as
select j.job_id, j.outreach_id, j.customer_id, j.conversation_id, j.kind, j.cycle, j.booking_id, j.event_at, j.template,
       j.facts, j.scheduled_at, j.created_at, coalesce(j.cancelled_at,
           case when o.state in ('cancelled', 'skipped', 'expired') then o.state_at end) as cancelled_at,
       j.cancelled_by, o.state, o.hold, o.next_at, o.not_after, o.attempt, o.channel, o.state_because, o.state_at,
       case when o.state in ('scheduled', 'held', 'claimed', 'unknown') then 'pending'
            when o.state in ('sent', 'delivered') then 'executed'
            when o.state in ('cancelled', 'skipped', 'expired') then 'cancelled'
            else 'failed' end as status
from followups_jobs as j
join outreach_v_ledger as o on o.outreach_id = j.outreach_id;

create view followups_v_emotions as
select emotion_id, customer_id, conversation_id, score, read_by, at from followups_emotions;

-- The table that monitoring of other follow-up schedulers reads, with its columns; times are UTC without a zone. What
-- a message says is in no view.
create view scheduled_followups as
select cast(j.job_id as varchar(255)) as id,
       cast(j.conversation_id as varchar(255)) as conversation_id,
       cast(j.customer_id as varchar(255)) as user_id,
       cast(j.kind as varchar(50)) as trigger_type,
       j.facts as trigger_data,
       j.scheduled_at at time zone 'UTC' as scheduled_at,
       (select min(a.ended_at) from outreach_v_attempts as a
        where a.outreach_id = j.outreach_id and a.outcome = 'accepted') at time zone 'UTC' as executed_at,
       j.cancelled_at at time zone 'UTC' as cancelled_at,
       cast(j.status as varchar(20)) as status,
       cast(j.template as varchar(50)) as template_id,
       cast(null as text) as message_content,
       j.created_at at time zone 'UTC' as created_at,
       case when j.status = 'failed' then j.state_because end as error_message,
       greatest(j.attempt - 1, 0) as retry_count
from followups_v_jobs as j;
