-- depends: 0013.standings
-- What delivery needs to know of an outreach: when the desk looks at it next (null: it waits for a person, or is
-- over), what it waits for, how many attempts were begun (the number of the last is its fence), and until when
-- whoever claimed it has it. A message is given as text, or as a template with what goes into it.
alter table outreach
    add column next_at          timestamptz,
    add column hold             text check (hold in ('person', 'window', 'budget', 'cool_down', 'case', 'dry_run',
                                    'stopped')),
    add column attempt          integer not null default 0 check (attempt >= 0),
    add column lease_until      timestamptz,
    add column follows_id       uuid,
    add column automated        boolean not null default true,
    add column template         text,
    add column template_version integer,
    add column variables        jsonb,
    add column policy_version   text,
    add column state_because    text,
    add column state_at         timestamptz;
update outreach set next_at = due_at where state = 'scheduled';
update outreach set hold = 'person' where state = 'held';

-- The release before proposes without `next_at` and `hold`.
create function outreach_v_planned() returns trigger language plpgsql as '
begin
    if new.state = ''scheduled'' and new.next_at is null then new.next_at := new.due_at; end if;
    if new.state = ''held'' and new.hold is null then
        new.hold := ''person'';
        new.state_because := ''a person decides first whether it goes'';
    end if;
    return new;
end';
create trigger outreach_planned before insert on outreach for each row execute function outreach_v_planned();

-- Which state may follow which. Nothing leaves an end; only a person's answer leaves `review`.
create table outreach_moves (
    before text not null,
    after  text not null,
    primary key (before, after)
);
insert into outreach_moves (before, after) values
    ('scheduled', 'claimed'), ('scheduled', 'held'), ('scheduled', 'skipped'), ('scheduled', 'expired'),
    ('scheduled', 'cancelled'),
    ('held', 'scheduled'), ('held', 'claimed'), ('held', 'skipped'), ('held', 'expired'), ('held', 'cancelled'),
    ('claimed', 'sent'), ('claimed', 'scheduled'), ('claimed', 'held'), ('claimed', 'skipped'),
    ('claimed', 'failed'), ('claimed', 'unknown'),
    ('unknown', 'sent'), ('unknown', 'scheduled'), ('unknown', 'held'), ('unknown', 'skipped'),
    ('unknown', 'failed'), ('unknown', 'review'), ('unknown', 'delivered'),
    ('sent', 'delivered'), ('sent', 'failed'),
    ('review', 'sent'), ('review', 'scheduled'), ('review', 'cancelled'), ('review', 'delivered');
revoke insert, update, delete on outreach_moves from beforehand_app_rw;

create function outreach_v_legal() returns trigger language plpgsql as '
begin
    if new.state <> old.state and not exists (
        select from outreach_moves where before = old.state and after = new.state
    ) then
        raise exception ''an outreach that is % cannot become %'', old.state, new.state using errcode = ''23514'';
    end if;
    if new.attempt < old.attempt then
        raise exception ''the attempts of an outreach are never fewer'' using errcode = ''23514'';
    end if;
    return new;
end';
create trigger outreach_legal before update on outreach for each row execute function outreach_v_legal();
revoke delete on outreach from beforehand_app_rw;

create index outreach_by_next on outreach (channel, priority desc, next_at) where state in ('scheduled', 'held');
create index outreach_by_not_after on outreach (not_after) where state in ('scheduled', 'held');
create index outreach_in_flight on outreach (lease_until) where state in ('claimed', 'unknown');

-- Each attempt: begun under a claim, ended by what the provider said, or by the proof that nothing was said to it.
create table outreach_attempts (
    outreach_id    uuid not null references outreach,
    attempt        integer not null check (attempt > 0),
    channel        text not null,
    policy_version text not null,
    chunk          text,
    claimed_at     timestamptz not null,
    lease_until    timestamptz not null,
    ended_at       timestamptz,
    outcome        text check (outcome in ('accepted', 'refused', 'not_now', 'unknown', 'void', 'stopped',
                       'suppressed')),
    provider_id    text,
    because        text,
    primary key (outreach_id, attempt)
);
create index outreach_attempts_by_claim on outreach_attempts (channel, claimed_at);
create index outreach_attempts_by_provider on outreach_attempts (provider_id) where provider_id is not null;
revoke delete on outreach_attempts from beforehand_app_rw;

-- How each channel is run. A new deployment sends nothing before somebody says so.
create table outreach_channels (
    channel    text primary key check (channel in ('email', 'sms', 'voice', 'webhook')),
    mode       text not null default 'dry_run' check (mode in ('off', 'dry_run', 'live')),
    per_minute integer not null default 60 check (per_minute > 0),
    at_once    integer not null default 100 check (at_once > 0),
    changed_at timestamptz,
    changed_by text
);
insert into outreach_channels (channel) values ('email'), ('sms'), ('webhook');
revoke insert, delete on outreach_channels from beforehand_app_rw;

create view outreach_v_attempts as
select outreach_id, attempt, channel, policy_version, claimed_at, lease_until, ended_at, outcome, provider_id, because
from outreach_attempts;
create view outreach_v_ledger as
select outreach_id, customer_id, purpose, cycle, step, channel, state, hold, priority, due_at, not_after, next_at,
       attempt, lease_until, follows_id, automated, language, template, template_version, policy_version, because,
       state_because, state_at, run_id, proposed_at
from outreach;
