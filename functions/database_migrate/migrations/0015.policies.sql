-- depends: 0014.delivery
-- The contact policy: versions that are only ever added to, each in force from its moment until the next one's.
create table outreach_policies (
    version     text primary key check (version ~ '^contact-v[1-9][0-9]*$'),
    document    jsonb not null,
    because     text not null,
    created_at  timestamptz not null,
    created_by  text not null,
    active_from timestamptz not null
);
create index outreach_policies_by_active on outreach_policies (active_from);
revoke update, delete on outreach_policies from beforehand_app_rw;
insert into outreach_policies (version, document, because, created_at, created_by, active_from) values (
    'contact-v1',
    '{
        "cool_down_days": {
            "churn_intervention": 7, "post_event": 1, "re_engagement": 30, "emotion_check_in": 3,
            "expiring_policy": 1, "follow_up": 1, "custom": 1
        },
        "budget": 4,
        "budget_days": 28,
        "case_rest_days": 7,
        "holdout_shares": {"churn_intervention": 0.1},
        "holdout_salt": "holdout-1",
        "send_windows": [
            {
                "hours": "09:00–20:00",
                "days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
            }
        ],
        "channel_windows": {},
        "marketing": ["churn_intervention", "custom", "manual", "re_engagement"],
        "consent_required": ["marketing"],
        "home_zone": "UTC"
    }',
    'what Beforehand is shipped with', 'epoch', 'beforehand', 'epoch'
);

create view outreach_v_policies as
select version, document, because, created_at, created_by, active_from from outreach_policies;

-- As `outreach_v_standings`; and who was skipped within the cool-down rests as well, and so does whoever had a message
-- that could not go in its time: they would be skipped again, and take the place of others in every scan.
create function outreach_v_standings_2(
    asked_for text, as_of timestamptz, cool_down interval, budget integer, budget_period interval, case_rest interval
) returns table (customer_id text, standing text)
language sql stable as '
    select customer_id, (array[''in_hand'', ''resting'', ''over_budget''])[min(place)]
    from (
        select customer_id, 1 as place from outreach_cases
        where state <> ''done'' or opened_at > as_of - case_rest
        union all
        select customer_id, 2 from outreach
        where purpose = asked_for and proposed_at > as_of - cool_down
          and (state not in (''expired'', ''cancelled'', ''failed'') or state = ''expired'' and state_at < not_after)
        union all
        select customer_id, 3 from outreach
        where proposed_at > as_of - budget_period
          and state not in (''skipped'', ''expired'', ''cancelled'', ''failed'')
        group by customer_id having count(*) >= budget
    ) as held
    group by customer_id';
