-- depends: 0026.scan 0027.lighter_ledger
-- By what somebody wishes to be reached, where they have said so: planners propose by it, and the gate holds to it.
alter table customers add column preferred_channel text check (preferred_channel in ('email', 'sms'));
create or replace view customers_v_profiles as
select customer_id, customer_no, name, email, phone, language, zone, country, segment, loyalty_tier,
       previous_loyalty_tier, loyalty_tier_changed_on, lifetime_value, signed_up_on, last_active_on,
       marketing_consent, csat_180d, tickets_overdue, nps, nps_answered_on, engagement_30d, engagement_90d,
       preferred_channel
from customers;
