-- depends: 0006.cases
-- What the desk holds against approaching a customer for a purpose as of a moment, for everyone of whom there is
-- something to hold: approached within the cool-down (which is half-open), a case of theirs that is open or was
-- opened lately, or as many approaches within the budget's period as it allows, whatever they were for.
create function outreach_v_standings(
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
          and state not in (''skipped'', ''expired'', ''cancelled'', ''failed'')
        union all
        select customer_id, 3 from outreach
        where proposed_at > as_of - budget_period
          and state not in (''skipped'', ''expired'', ''cancelled'', ''failed'')
        group by customer_id having count(*) >= budget
    ) as held
    group by customer_id';
create index outreach_by_proposed on outreach (proposed_at);

-- The stable draw (0–1) by which customers are left alone so that the effect of the others shows.
create function outreach_v_draw(customer_id text, asked_for text, salt text) returns double precision
language sql immutable parallel safe as '
    select (''x'' || left(md5(salt || ''|'' || asked_for || ''|'' || customer_id), 8))::bit(32)::bigint
           / 4294967296.0::float8';
