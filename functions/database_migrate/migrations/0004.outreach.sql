-- depends: 0003.churn
-- One decision to contact one person once. Its id follows from what it is for, so a rerun makes the same one.
create table outreach (
    outreach_id uuid primary key,
    customer_id text not null,
    purpose     text not null check (purpose in ('churn_intervention', 'post_event', 're_engagement',
                    'emotion_check_in', 'expiring_policy', 'follow_up', 'callback', 'manual', 'custom')),
    cycle       text not null,
    step        integer not null default 0 check (step >= 0),
    channel     text not null check (channel in ('email', 'sms', 'voice', 'webhook')),
    state       text not null default 'scheduled' check (state in ('scheduled', 'held', 'claimed', 'sent',
                    'delivered', 'skipped', 'expired', 'cancelled', 'failed', 'unknown', 'review')),
    priority    integer not null check (priority between 0 and 100),
    due_at      timestamptz not null,
    not_after   timestamptz not null,
    language    text not null,
    subject     text not null,
    body        text not null,
    because     text not null,
    run_id      uuid,
    proposed_at timestamptz not null,
    unique (customer_id, purpose, cycle, step)
);
create index outreach_by_customer on outreach (customer_id, purpose, proposed_at desc);

-- The last time each customer was approached for each purpose, by what is still planned or was done.
create view outreach_v_approaches as
select customer_id, purpose, max(proposed_at) as approached_at
from outreach
where state not in ('skipped', 'expired', 'cancelled', 'failed')
group by customer_id, purpose;
