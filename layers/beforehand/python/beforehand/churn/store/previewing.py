"""The base as a preview reads it, in PostgreSQL: a few of each group by an index, or everyone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf, log
from typing import Any

from beforehand.adapters.postgres import Row, Transaction
from beforehand.churn import sql
from beforehand.churn.preview import Group, Previewed, Read, Stretch, Wanted
from beforehand.churn.store import yardsticks
from beforehand.churn.store.scores import SIGNALS, tune
from beforehand.churn.yardstick import Yardstick

VALUE = "greatest(coalesce(lifetime_value, 0), 1)"
"""As the index has it: what is unknown or below 1 counts as 1."""

GROUPS = """
with recursive found as (
    (select labels, coalesce(segment, '') as segment from churn_signals
     order by labels, coalesce(segment, '') limit 1)
    union all
    select next.* from found cross join lateral (
        select labels, coalesce(segment, '') as segment from churn_signals
        where (labels, coalesce(segment, '')) > (found.labels, found.segment)
        order by labels, coalesce(segment, '') limit 1
    ) as next
)
select labels, segment from found limit :most"""

CLOSE = 1e-6
"""More than the last bits of a logarithm, in points of health."""

CARRIED = ("labels", "segment", "lifetime_value", "standing")
COLUMNS = ", ".join((*SIGNALS, "standing", "labels", "unknown"))

MEANT = """health <= cast(:most_health as float8)
  and (health < cast(:health_threshold as float8) or risk >= cast(:risk_threshold as float8)) is true
  and (cast(:min_lifetime_value as float8) is null or lifetime_value >= :min_lifetime_value)
  and (cast(:standing as text) is null or standing = :standing)
  and (cast(:segments as text[]) is null
       or lower(segment collate "C") in (select lower(one collate "C")
                                         from unnest(cast(:segments as text[])) as one))"""

BEST = f"""
select customer_id, health, risk, risk * ln(1 + {VALUE}) as rank
from {{scored}} as scored
where {MEANT} and risk * ln(1 + {VALUE}) >= :least_rank
order by rank desc, risk desc, customer_id collate "C" limit :limit"""

SOURCE = f"""(
    select one.*
    from unnest(cast(:labels as smallint[]), cast(:written as text[]), cast(:least as float8[]),
                cast(:below as float8[])) as stretch (labels, segment, least, below)
    cross join lateral (
        select {COLUMNS} from churn_signals
        where labels = stretch.labels and coalesce(segment, '') = stretch.segment
          and {VALUE} >= stretch.least and {VALUE} < stretch.below
        order by {VALUE} desc fetch first (cast(:depth as integer)) rows with ties
    ) as one)"""

READ = f"""
with scored as materialized ({{scores}}), best as ({BEST.format(scored="scored")})
select labels, coalesce(segment, '') as segment, count(*) as read, min({VALUE}) as lowest,
       null as customer_id, null as health, null as risk, null as rank
from scored group by labels, coalesce(segment, '')
union all
select null, null, null, null, customer_id, health, risk, rank from best"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stands:
    """As of which day and by which profile everyone is scored, and by which thresholds scans look, where known.

    Where they are not `ranked`, the release before has scored, and the next scan scores everyone.
    """

    day: date
    profile: str
    customers: int
    health_threshold: float | None
    risk_threshold: float | None
    ranked: bool


class PostgresPreviewBase:
    """The facts of the base, inside one transaction; nothing is written."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._ranked = False

    def stands(self) -> Stands | None:
        """How the base stands; None where nobody was ever scored. Call it first: it makes ready for reading."""
        tune(self._transaction)
        row = self._transaction.row(
            """select day, profile, customers, health_threshold, risk_threshold, (ranked = seen) is true as ranked
               from churn_base"""
        )
        self._ranked = row is not None and row["ranked"]
        return None if row is None else Stands(**row)

    def groups(self, most: int) -> list[Group]:
        """The groups, each found by one look into the index."""
        return [Group(**row) for row in self._transaction.rows(GROUPS, most=most)]

    def yardsticks(self) -> Mapping[str, Yardstick]:
        """Those of the last whole pass, in fewer values."""
        return yardsticks.coarse(self._transaction)

    def read(self, wanted: Wanted, stretches: Sequence[Stretch], depth: int) -> Read:
        """Scores the `depth` most valuable of each stretch, and those as valuable as the last of these."""
        rows = self._transaction.rows(
            READ.format(scores=sql.scores(wanted.profile, SOURCE, CARRIED)),
            labels=[one.group.labels for one in stretches],
            written=[one.group.segment for one in stretches],
            least=[one.least for one in stretches],
            below=[one.below for one in stretches],
            depth=depth,
            least_rank=0.0,
            **_meant(wanted),
        )
        return Read(
            best=[_previewed(row) for row in rows if row["labels"] is None],
            lowest={
                Group(labels=row["labels"], segment=row["segment"]): (row["read"], row["lowest"])
                for row in rows
                if row["labels"] is not None
            },
        )

    def read_everyone(self, wanted: Wanted, least_rank: float = 0.0) -> list[Previewed]:
        """The best of all, by one pass over the base; whoever ranks lower than that is not put in order."""
        source = "churn_signals" if self._ranked else sql.numbered("churn_compared_signals")
        scores = sql.scores(wanted.profile, source, CARRIED)
        rows = self._transaction.rows(BEST.format(scored=f"({scores})"), least_rank=least_rank, **_meant(wanted))
        return [_previewed(row) for row in rows]

    def told(self, customer_ids: Sequence[str]) -> dict[str, Row]:
        """Of each of these customers the signals, the standing, and how they are scored now."""
        rows = self._transaction.rows(
            f"""select {", ".join(f"s.{name}" for name in SIGNALS)}, s.standing,
                       c.health as health_now, c.risk as risk_now
                from churn_compared_signals as s left join churn_scores as c on c.customer_id = s.customer_id
                where s.customer_id = any(cast(:ids as text[]))""",
            ids=list(customer_ids),
        )
        return {row["customer_id"]: row for row in rows}


def _most_health(wanted: Wanted) -> float:
    """Above this health nobody is at risk, so that the risk need not be computed of them."""
    profile, risk = wanted.profile, wanted.risk_threshold
    by_health = -inf if wanted.health_threshold is None else wanted.health_threshold
    if risk is None:
        return by_health + CLOSE
    if not 0 < risk < 1:
        return inf
    by_risk = 100 * (profile.midpoint + log(1 / risk - 1) / profile.steepness)
    return max(by_risk, by_health) + CLOSE


def _meant(wanted: Wanted) -> dict[str, Any]:
    return {
        "most_health": _most_health(wanted),
        "health_threshold": wanted.health_threshold, "risk_threshold": wanted.risk_threshold,
        "min_lifetime_value": wanted.min_lifetime_value, "standing": wanted.standing, "limit": wanted.limit,
        "segments": None if wanted.segments is None else list(wanted.segments),
    }  # fmt: skip


def _previewed(row: Row) -> Previewed:
    return Previewed(**{name: row[name] for name in ("customer_id", "health", "risk", "rank")})
