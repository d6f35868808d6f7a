"""The facts of customers on a day, as a query over what `customers` offers: everyone's, or only of some."""

from datetime import date

# What stood on the day :as_of. `signals.py` says the same in Python, one customer at a time.
_FACTS = """
with bought as (
    select customer_id,
           min(purchased_on) as first_on,
           max(purchased_on) as last_on,
           count(*) filter (where purchased_on > cast(:as_of as date) - 180) as orders,
           sum(amount) filter (where purchased_on > cast(:as_of as date) - 90) as recent,
           sum(amount) filter (where purchased_on > cast(:as_of as date) - 180
                                 and purchased_on <= cast(:as_of as date) - 90) as before,
           sum(amount) as spent,
           count(*) as purchases
    from customers_v_purchases
    where purchased_on <= cast(:as_of as date){of_them}
    group by customer_id
)
select p.customer_id,
       p.segment,
       case when p.loyalty_tier_changed_on > cast(:as_of as date) then p.previous_loyalty_tier
            else p.loyalty_tier end as loyalty_tier,
       coalesce(p.loyalty_tier_changed_on between cast(:as_of as date) - 90 and cast(:as_of as date)
                and array_position(array['bronze', 'silver', 'gold', 'platinum'],
                                   lower(p.loyalty_tier collate "C"))
                  < array_position(array['bronze', 'silver', 'gold', 'platinum'],
                                   lower(p.previous_loyalty_tier collate "C")),
                false) as loyalty_tier_fell,
       cast(:as_of as date)
         - greatest(b.last_on, case when p.last_active_on <= cast(:as_of as date) then p.last_active_on end)
         as recency_days,
       b.orders / float8 '6' as orders_per_month,
       case when b.first_on <= cast(:as_of as date) - 90 then
           case when coalesce(b.before, 0) > 0
                then least(cast(coalesce(b.recent, 0) as float8) / cast(b.before as float8), 10)
                when b.recent > 0 then 10
                else 0 end
       end as spending_ratio,
       cast(b.spent / b.purchases as float8) as average_order,
       p.engagement_30d / (nullif(p.engagement_90d, 0) / float8 '3') as engagement_ratio,
       p.csat_180d as csat,
       p.tickets_overdue,
       case when p.nps_answered_on between cast(:as_of as date) - 180 and cast(:as_of as date)
              or p.nps_answered_on is null
            then p.nps end as nps,
       cast(coalesce(p.lifetime_value, b.spent) as float8) as lifetime_value,
       cast(:as_of as date)
         - coalesce(case when p.signed_up_on <= cast(:as_of as date) then p.signed_up_on end, b.first_on)
         as tenure_days,
       case when p.marketing_consent is false then 'opted_out'
            when p.email is null and p.phone is null then 'unreachable'
            else 'free' end as standing
from customers_v_profiles as p
left join bought as b on b.customer_id = p.customer_id
where true{of_this}"""

AMONG = "churn_changed"
"""The table (temporary) of those whose facts changed."""

FRESH = "churn_fresh"
"""The table (temporary) of the facts of everyone, before they are held against each other's."""


def facts_of_everyone(day: date) -> str:
    """Signals and standing of the whole base on a day, keyed by customer; it takes no parameter."""
    return _FACTS.format(of_them="", of_this="").replace(":as_of", f"'{day.isoformat()}'")


def facts_of_the_changed() -> str:
    """The same of those in `churn_changed` alone."""
    among = "select customer_id from churn_changed"
    return _FACTS.format(of_them=f" and customer_id in ({among})", of_this=f" and p.customer_id in ({among})")
