-- depends: 0016.templates
-- Addresses that must not be contacted, by their hash. One that is lifted stays, with who lifted it and why.
-- `marks` are the events that marked the address for the senders before this row was written; `cleared_at` is when
-- the senders' mark was taken away after a lift; `checked_at` when it was last looked at whether they have it.
create table outreach_suppressions (
    suppression_id uuid primary key,
    contact_hash   text not null check (contact_hash ~ '^[0-9a-f]{64}$'),
    channel        text not null check (channel in ('email', 'sms', 'voice', 'webhook')),
    reason         text not null check (reason in ('unsubscribed', 'bounced', 'complained', 'opted_out',
                       'consent_withdrawn', 'manual')),
    source         text not null,
    because        text not null,
    since          timestamptz not null,
    outreach_id    uuid,
    added_by       text,
    marks          text[] not null default '{}',
    lifted_at      timestamptz,
    lifted_by      text,
    lift_because   text,
    consent        text,
    cleared_at     timestamptz,
    checked_at     timestamptz not null,
    check ((lifted_at is null) = (lift_because is null)),
    check (cleared_at is null or lifted_at is not null)
);
create unique index outreach_suppressions_open on outreach_suppressions (contact_hash, reason)
    where lifted_at is null;
create index outreach_suppressions_by_contact on outreach_suppressions (contact_hash);
create index outreach_suppressions_by_age on outreach_suppressions (since desc, suppression_id desc);
create index outreach_suppressions_to_clear on outreach_suppressions (lifted_at)
    where lifted_at is not null and cleared_at is null;
create index outreach_suppressions_to_check on outreach_suppressions (checked_at) where lifted_at is null;
revoke delete on outreach_suppressions from beforehand_app_rw;

-- Which pepper the hashes were made with, by a hash of it: another pepper would forget everyone at once.
create table outreach_peppers (
    fingerprint text primary key,
    made_at     timestamptz not null
);
create unique index outreach_peppers_one on outreach_peppers ((true));
revoke insert, update, delete on outreach_peppers from beforehand_app_rw;

-- What providers and the company's own systems reported of messages, each report once. An outreach that is named
-- may be missing here: the report is true all the same. `did` says what came of it in words.
create table outreach_outcomes (
    outcome_id  uuid primary key,
    provider    text not null,
    event_id    text not null,
    outreach_id uuid,
    attempt     integer check (attempt > 0),
    kind        text not null check (kind in ('sent', 'delivered', 'delayed', 'bounced', 'complained', 'rejected',
                    'failed', 'opened', 'clicked', 'unsubscribed', 'replied')),
    at          timestamptz not null,
    received_at timestamptz not null,
    applied_at  timestamptz not null,
    moved_to    text,
    did         text not null,
    facts       jsonb not null default '{}',
    unique (provider, event_id)
);
create index outreach_outcomes_by_outreach on outreach_outcomes (outreach_id, at);
create index outreach_outcomes_by_age on outreach_outcomes (received_at desc, outcome_id desc);
revoke update, delete on outreach_outcomes from beforehand_app_rw;

create view outreach_v_suppressions as
select suppression_id, contact_hash, channel, reason, source, because, since, outreach_id, added_by, lifted_at,
       lifted_by, lift_because, consent
from outreach_suppressions;
create view outreach_v_outcomes as
select outcome_id, provider, event_id, outreach_id, attempt, kind, at, received_at, applied_at, moved_to, did, facts
from outreach_outcomes;

-- Moves that only a report can bring: a message that was planned again had reached the person after all, and what
-- was delivered to a server came back from there.
insert into outreach_moves (before, after) values
    ('scheduled', 'sent'), ('held', 'sent'), ('delivered', 'failed');

-- Nothing that has reached a person is planned again, whoever would plan it and whenever the report came.
create function outreach_v_reached() returns trigger language plpgsql as '
begin
    if new.state in (''scheduled'', ''held'') and old.state in (''claimed'', ''unknown'', ''review'') and exists (
        select from outreach_outcomes o where o.outreach_id = new.outreach_id
            and o.kind not in (''rejected'', ''failed'')
    ) then
        new.state := ''sent'';
        new.hold := null;
        new.next_at := null;
        new.state_because := ''a report says that an earlier attempt reached them'';
    end if;
    return new;
end';
create trigger outreach_a_reached before update on outreach for each row execute function outreach_v_reached();
