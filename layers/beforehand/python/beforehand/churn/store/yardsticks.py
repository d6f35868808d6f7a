"""What lifetime values are held against, in PostgreSQL; `yardstick.py` says the same in Python."""

from beforehand.adapters.postgres import Transaction
from beforehand.churn.store.facts import FRESH
from beforehand.churn.yardstick import EVERYONE, STEPS, Yardstick

# The mean is that of whole cents, whose sum is exact: who has just the mean is held against just the mean.
MAKE = f"""
with valued as (
    select 'segment:' || coalesce(segment, '') as scope, lifetime_value from {FRESH}
    where lifetime_value is not null
    union all
    select '{EVERYONE}', lifetime_value from {FRESH} where lifetime_value is not null
), placed as (
    select scope, lifetime_value,
           row_number() over alike - 1 as place, greatest(count(*) over (partition by scope) - 1, 1) as last
    from valued
    window alike as (partition by scope order by lifetime_value)
)
insert into churn_yardsticks (scope, mean, negated)
select scope, avg(round(lifetime_value * 100)) / 100,
       array_agg(-lifetime_value order by lifetime_value desc) filter (where place * {STEPS} % last < {STEPS})
from placed
group by scope"""


def make(transaction: Transaction) -> None:
    """Takes the yardsticks anew from the facts of everyone, which lie in `FRESH`."""
    transaction.run("delete from churn_yardsticks")
    transaction.run(MAKE)


COARSE_STEP = 25
"""Of a yardstick of 501 values every so many are kept in a coarse one, so that the last is among them."""

COARSE = f"""
select scope, mean, array(select negated[place] from generate_series(1, cardinality(negated),
                              case cardinality(negated) when {STEPS + 1} then {COARSE_STEP} else 1 end) as place
                          order by place) as negated
from churn_yardsticks"""


def compared(facts: str, columns: tuple[str, ...]) -> str:
    """Facts with what their lifetime values come to beside those of others."""
    return f"""
select {", ".join(f"facts.{name}" for name in columns)},
       churn_rank(facts.lifetime_value, alike.negated) as lifetime_value_rank,
       churn_rank(facts.lifetime_value, everyone.negated) as lifetime_value_percentile,
       facts.lifetime_value / nullif(alike.mean, 0) as lifetime_value_ratio
from {facts} as facts
left join churn_yardsticks as alike on alike.scope = 'segment:' || coalesce(facts.segment, '')
left join churn_yardsticks as everyone on everyone.scope = '{EVERYONE}'"""


def kept(transaction: Transaction) -> dict[str, Yardstick]:
    """The yardsticks that scores are made with now."""
    return _read(transaction, "select scope, mean, negated from churn_yardsticks")


def coarse(transaction: Transaction) -> dict[str, Yardstick]:
    """The same in fewer values, as evenly spaced: enough to say what a rank is at least."""
    return _read(transaction, COARSE)


def _read(transaction: Transaction, query: str) -> dict[str, Yardstick]:
    rows = transaction.rows(query)
    return {
        row["scope"]: Yardstick(mean=row["mean"], values=tuple(-value for value in reversed(row["negated"])))
        for row in rows
    }
