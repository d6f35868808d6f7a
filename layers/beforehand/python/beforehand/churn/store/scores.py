"""Signals and scores in PostgreSQL: the whole base in two statements, and only what changed is written."""

from dataclasses import fields
from datetime import UTC, datetime

from beforehand.adapters.postgres import Transaction
from beforehand.churn import sql
from beforehand.churn.model import Scored, Signals
from beforehand.churn.profile import ScoreProfile

SIGNALS = tuple(field.name for field in fields(Signals))
SCORES = ("customer_id", "profile", "as_of", "health", "risk", "coverage")
# A score that is the same keeps the moment since when it is.
COMPARED = ("profile", "health", "risk", "coverage")

# What stood on the day :as_of. `signals.py` says the same in Python, one customer at a time.
FRESH_SIGNALS = """
with bought as (
    select customer_id,
           min(purchased_on) as first_on,
           max(purchased_on) as last_on,
           count(*) filter (where purchased_on > cast(:as_of as date) - 180) as orders,
           sum(amount) filter (where purchased_on > cast(:as_of as date) - 90) as recent,
           sum(amount) filter (where purchased_on > cast(:as_of as date) - 180
                                 and purchased_on <= cast(:as_of as date) - 90) as before,
           sum(amount) as spent
    from customers_v_purchases
    where purchased_on <= cast(:as_of as date)
    group by customer_id
), facts as (
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
           p.engagement_30d / (nullif(p.engagement_90d, 0) / float8 '3') as engagement_ratio,
           p.csat_180d as csat,
           p.tickets_overdue,
           case when p.nps_answered_on between cast(:as_of as date) - 180 and cast(:as_of as date)
                  or p.nps_answered_on is null
                then p.nps end as nps,
           cast(coalesce(p.lifetime_value, b.spent) as float8) as lifetime_value,
           cast(:as_of as date)
             - coalesce(case when p.signed_up_on <= cast(:as_of as date) then p.signed_up_on end, b.first_on)
             as tenure_days
    from customers_v_profiles as p
    left join bought as b on b.customer_id = p.customer_id
)
select facts.*,
       case when lifetime_value is not null and (percent_rank() over alike > 0 or cume_dist() over alike < 1)
            then percent_rank() over alike end as lifetime_value_rank
from facts
window alike as (partition by segment collate "C", lifetime_value is null order by lifetime_value)"""


def _fresh_scores(profile: ScoreProfile) -> str:
    scored = sql.scores(profile, "churn_signals")
    return f"""
select scored.*, cast(:profile as text) as profile, cast(:as_of as timestamptz) as as_of
from ({scored}) as scored"""  # noqa: S608 - nothing here comes from outside this package


def _merge(table: str, fresh: str, columns: tuple[str, ...], compared: tuple[str, ...]) -> str:
    """Makes a table equal to a query, keyed by customer.

    A merge, not an insert with `on conflict do update`: that one locks, and so writes, every row it meets.
    """
    listed = ", ".join(columns)
    return f"""
merge into {table} as kept
using ({fresh}) as fresh on kept.customer_id = fresh.customer_id
when not matched by target then
    insert ({listed}) values ({", ".join(f"fresh.{name}" for name in columns)})
when matched and ({", ".join(f"kept.{name}" for name in compared)})
    is distinct from ({", ".join(f"fresh.{name}" for name in compared)}) then
    update set {", ".join(f"{name} = fresh.{name}" for name in columns if name != "customer_id")}
when not matched by source then
    delete"""  # noqa: S608 - nothing here comes from outside this package


class PostgresScores:
    """The signals and scores of the base, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def refresh(self, *, as_of: datetime, profile: ScoreProfile) -> Scored:
        """Scores everyone as of the day (in UTC) of a moment; waits for a scoring that is still under way."""
        settle(self._transaction)
        day = as_of.astimezone(UTC).date()
        self._transaction.run(_merge("churn_signals", FRESH_SIGNALS, SIGNALS, SIGNALS[1:]), as_of=day)
        scored = _merge("churn_scores", _fresh_scores(profile), SCORES, COMPARED)
        changed = self._transaction.run(scored, profile=profile.version, as_of=as_of)
        self._transaction.run(
            """insert into churn_base (day, profile) values (:day, :profile)
               on conflict (only_row) do update set day = excluded.day, profile = excluded.profile
               where (churn_base.day, churn_base.profile) is distinct from (excluded.day, excluded.profile)""",
            day=day, profile=profile.version,
        )  # fmt: skip
        counted = self._transaction.row("select count(*) as customers from churn_scores")
        return Scored(customers=counted["customers"] if counted else 0, changed=changed)

    def ensure(self, *, as_of: datetime, profile: ScoreProfile) -> None:
        """Scores again where another run has scored as of another day since; keeps it so for this transaction."""
        settle(self._transaction)
        base = self._transaction.row("select day, profile from churn_base")
        if base != {"day": as_of.astimezone(UTC).date(), "profile": profile.version}:
            self.refresh(as_of=as_of, profile=profile)


def settle(transaction: Transaction) -> None:
    """Lets one scan at a time score and select, and gives it the memory to do so in few passes."""
    transaction.run("select pg_advisory_xact_lock(hashtext('churn'))")
    transaction.run("set local work_mem = '32MB'")
    # Compiling the expressions takes longer than they run.
    transaction.run("set local jit = off")
