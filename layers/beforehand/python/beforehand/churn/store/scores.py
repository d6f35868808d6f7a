"""Signals and scores in PostgreSQL: a day's first pass is over the whole base, the others over what changed."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

from beforehand.adapters.postgres import Transaction
from beforehand.churn import sql
from beforehand.churn.model import Scored, Signals
from beforehand.churn.profile import ScoreProfile
from beforehand.churn.store import yardsticks
from beforehand.churn.store.base import Base, known, recount, remember
from beforehand.churn.store.choosing import changes_counted
from beforehand.churn.store.facts import FRESH, facts_of_everyone, facts_of_the_changed
from beforehand.churn.store.merging import Changes, merge

COMPARED_TO_OTHERS = ("lifetime_value_rank", "lifetime_value_percentile", "lifetime_value_ratio")
SIGNALS = tuple(field.name for field in fields(Signals))
FACTS = (*(name for name in SIGNALS if name not in COMPARED_TO_OTHERS), "standing")
COMPARED = (*FACTS, *COMPARED_TO_OTHERS)
SCORES = ("profile", "health", "risk", "coverage")
KEPT = ("customer_id", *SCORES, "as_of", "lifetime_value", "standing")

WHOLE_ABOVE = 0.2
"""Where more than this share of the base changed, all of it is scored: the yardsticks have grown old."""

SNAPSHOTS_KEPT = timedelta(days=400)

# What stood on the oldest day that is kept, stays: a snapshot stands until the next one.
FORGET = """
delete from churn_snapshots as old
where old.day < :oldest
  and exists (select from churn_snapshots as next
              where next.customer_id = old.customer_id and next.day > old.day and next.day <= :oldest)"""

# Of who is no more nothing stays, and whoever comes again under the same id starts anew.
FORGET_THE_GONE = """
delete from churn_snapshots as old
where not exists (select from churn_scores as kept where kept.customer_id = old.customer_id)"""

CHANGED = """
insert into churn_changed
select distinct customer_id from customers_v_changes where changed_in >= cast(:seen as xid8)"""

# As well where transactions are counted anew, as after restoring a dump: what is new then is below what was seen.
UNKNOWN = """
select up_to from customers_v_changes_forgotten where up_to >= cast(:seen as xid8)
union all
select pg_current_xact_id() where pg_snapshot_xmax(pg_current_snapshot()) < cast(:seen as xid8)"""

# A score that is the same keeps the moment since when it is.
SINCE = " or ".join(f"kept.{name} is distinct from fresh.{name}" for name in SCORES)
ANEW = " or ".join(f"old.{name} is distinct from new.{name}" for name in SCORES)
FELL = "(fresh.health < cast(:health_threshold as float8) or fresh.risk >= cast(:risk_threshold as float8))"
WAITS = (
    f"case when {FELL} then cast(:day as date) end",
    f"case when {FELL} then coalesce(kept.at_risk_since, cast(:day as date)) end",
)
TENTH = "round(cast(fresh.health * 10 as numeric)) / float8 '10'"


class PostgresScores:
    """The signals and scores of the base, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def refresh(self, *, as_of: datetime, profile: ScoreProfile) -> Scored:
        """Brings the scores to the day (in UTC) of a moment; waits for a scoring that is still under way.

        A customer whose facts changed in a transaction that is not over yet is scored next time: changes are read
        from the oldest transaction that was under way when they were read last.
        """
        settle(self._transaction)
        day, base, seen = as_of.astimezone(UTC).date(), known(self._transaction), self._now_seen()
        if base is not None and base.is_of(day, profile):
            changed = self._changed(str(base.seen))
            if changed is not None and changed <= WHOLE_ABOVE * base.customers:
                return self._score_changed(changed, base, seen, as_of, profile)
        return self._score_everyone(day, base, seen, as_of, profile)

    def ensure(self, *, as_of: datetime, profile: ScoreProfile) -> None:
        """Scores again where another run has scored as of another day since, or the release before has: its scores
        say nothing of whom to leave alone. Keeps it so for this transaction."""
        settle(self._transaction)
        base = known(self._transaction)
        day = as_of.astimezone(UTC).date()
        if base is None or not base.is_of(day, profile):
            self.refresh(as_of=as_of, profile=profile)

    def _score_changed(self, changed: int, base: Base, seen: str, as_of: datetime, profile: ScoreProfile) -> Scored:
        if not changed:
            remember(self._transaction, replace(base, seen=seen))
            recount(self._transaction, base, {})
            return Scored(customers=base.customers, rescored=0, changed=0)
        facts = yardsticks.compared(f"({facts_of_the_changed()})", FACTS)
        known = f"""select changed.customer_id, facts.customer_id is not null as known, {_of("facts", COMPARED)}
                    from churn_changed as changed
                    left join ({facts}) as facts on facts.customer_id = changed.customer_id"""
        self._merge(merge("churn_signals", known, COMPARED[1:]), as_of=base.day)
        scored = f"""select changed.customer_id, scored.customer_id is not null as known, {_of("scored", KEPT)}
                     from churn_changed as changed
                     left join ({_scored(profile, among=True)}) as scored
                       on scored.customer_id = changed.customer_id"""
        statement = _merged_scores(scored, judged=base.judged, counted=base.counted)
        counting = {"share": base.counted_share} if base.counted else {}
        done = self._merge(statement, profile=profile.version, as_of=as_of, **base.waiting, **counting)
        if done.removed:
            among = " and customer_id in (select customer_id from churn_changed)"
            self._transaction.run(FORGET_THE_GONE + among)
        customers = base.customers + done.added - done.removed
        remember(self._transaction, replace(base, seen=seen, customers=customers))
        recount(self._transaction, base, done.sums)
        return Scored(customers=customers, rescored=changed, changed=done.touched)

    def _score_everyone(
        self, day: date, base: Base | None, seen: str, as_of: datetime, profile: ScoreProfile
    ) -> Scored:
        self._transaction.run(f"drop table if exists pg_temp.{FRESH}")
        self._transaction.run(f"create temporary table {FRESH} on commit drop as {facts_of_everyone(day)}")
        self._transaction.run(f"analyze {FRESH}")
        yardsticks.make(self._transaction)
        facts = f"select compared.*, true as known from ({yardsticks.compared(FRESH, FACTS)}) as compared"
        self._merge(merge("churn_signals", facts, COMPARED[1:], everyone=True))
        last = base.snapshot_on if base is not None else None
        newest = last is None or day >= last
        scored = f"select scored.*, true as known from ({_scored(profile)}) as scored"
        statement = _merged_scores(scored, everyone=True, day=day if newest else None)
        done = self._merge(statement, profile=profile.version, as_of=as_of)
        self._transaction.run(FORGET, oldest=day - SNAPSHOTS_KEPT)
        if done.removed:
            self._transaction.run(FORGET_THE_GONE)
        counted = self._transaction.row("select count(*) as customers from churn_scores")
        customers = counted["customers"] if counted else 0
        new = Base(
            day=day, profile=profile.version, seen=seen, customers=customers, snapshot_on=day if newest else last
        )
        remember(self._transaction, new)
        return Scored(customers=customers, rescored=customers, changed=done.touched)

    def _now_seen(self) -> str:
        row = self._transaction.row("select cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as seen")
        assert row is not None
        return str(row["seen"])

    def _changed(self, seen: str) -> int | None:
        """Puts those whose facts changed into `churn_changed`; returns how many there are.

        None where nobody can say: changes since then are forgotten already, as when the same past day is looked at
        again weeks later.
        """
        if self._transaction.row(UNKNOWN, seen=seen) is not None:
            return None
        self._transaction.run("drop table if exists pg_temp.churn_changed")
        self._transaction.run("create temporary table churn_changed (customer_id text primary key) on commit drop")
        count = self._transaction.run(CHANGED, seen=seen)
        self._transaction.run("analyze churn_changed")
        return count

    def _merge(self, statement: str, **parameters: object) -> Changes:
        row = self._transaction.row(statement, **parameters)
        assert row is not None
        done = {name: row.pop(name) for name in ("added", "changed", "removed")}
        return Changes(**done, sums=row)


def settle(transaction: Transaction) -> None:
    """Lets one scan at a time score and select, and gives it the memory to do so in few passes."""
    transaction.run("select pg_advisory_xact_lock(hashtext('churn'))")
    tune(transaction)


def tune(transaction: Transaction) -> None:
    """Gives a transaction the memory to score and select in few passes."""
    transaction.run("set local work_mem = '32MB'")
    # The few that changed are looked up: by the usual price of a page out of turn, that of a spinning disk, the
    # planner would read each table whole for a hundredth of it.
    transaction.run("set local random_page_cost = 1.1")
    # Compiling the expressions takes longer than they run.
    transaction.run("set local jit = off")


def _of(alias: str, names: tuple[str, ...]) -> str:
    return ", ".join(f"{alias}.{name}" for name in names if name != "customer_id")


def _scored(profile: ScoreProfile, *, among: bool = False) -> str:
    """The fresh scores with what selecting needs of the signals beside them."""
    where = " where customer_id in (select customer_id from churn_changed)" if among else ""
    source = f"(select * from churn_signals{where})"
    return f"""
select scored.*, cast(:profile as text) as profile, cast(:as_of as timestamptz) as as_of
from ({sql.scores(profile, source, ("lifetime_value", "standing"))}) as scored"""


def _merged_scores(
    fresh: str,
    *,
    everyone: bool = False,
    day: date | None = None,
    judged: bool = False,
    counted: bool = False,
) -> str:
    """The merge of fresh scores; on a new day it leaves a snapshot of each that is not what it was.

    Where everyone is `judged`, those whom it writes stay so; where they are `counted`, it sums by how much each
    count is another.
    """
    since = "fresh.as_of", f"case when {SINCE} then fresh.as_of else kept.as_of end"
    columns = (*SCORES, "lifetime_value", "standing")
    if day is None:
        beside = {"as_of": since, "at_risk_since": WAITS} if judged else {"as_of": since}
        summed = changes_counted("old", "new", "cast(:share as float8)") if counted else None
        return merge("churn_scores", fresh, columns, everyone=everyone, beside=beside, anew=ANEW, summed=summed)
    tenth = f"kept.snapshot_health is distinct from {TENTH}"
    return merge(
        "churn_scores", fresh, columns, everyone=everyone,
        beside={"as_of": since, "snapshot_health": (TENTH, TENTH)}, also=tenth, anew=ANEW,
        then=f"""snapshots as (
            insert into churn_snapshots (customer_id, day, profile, health, risk, coverage)
            select customer_id, date '{day}', profile, health, risk, coverage from merged
            where done <> 'DELETE'
              and (tenth_before, profile_before) is distinct from (tenth, profile)
            on conflict (customer_id, day) do update
            set profile = excluded.profile, health = excluded.health, risk = excluded.risk,
                coverage = excluded.coverage
        )""",
        returning=(
            "new.customer_id, new.profile, new.health, new.risk, new.coverage, new.snapshot_health as tenth, "
            "old.snapshot_health as tenth_before, old.profile as profile_before"
        ),
    )  # fmt: skip
