"""Whom scans of the coming days would choose, on copies of the scores that a rehearsal's transaction ends with."""

from datetime import datetime, timedelta
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction
from beforehand.churn.model import Facts, Peers, Purchases, Selected, Signals, Trigger
from beforehand.churn.profile import ScoreProfile
from beforehand.churn.store.candidates import CHANNEL, CHOSEN, SIGNALS, PostgresCandidates
from beforehand.churn.store.scores import tune
from beforehand.outreach.model import Channel
from beforehand.outreach.policy import ContactPolicy

REMEMBERED = timedelta(days=400)

SCORES = (
    "customer_id, profile, as_of, health, risk, coverage, lifetime_value, standing, at_risk_since, treated_on, "
    "snapshot_health, drawn"
)

COPIES = (
    "create temporary table churn_scores (like public.churn_scores including defaults including generated) "
    "on commit drop",
    "create temporary table churn_base (like public.churn_base including defaults) on commit drop",
    "create temporary table churn_scans (like public.churn_scans including defaults) on commit drop",
    "create temporary table churn_candidates (like public.churn_candidates including defaults) on commit drop",
    "create temporary table churn_held_out (like public.churn_held_out including defaults) on commit drop",
)
FILLED = (
    f"insert into pg_temp.churn_scores ({SCORES}) select {SCORES} from public.churn_scores",
    """insert into pg_temp.churn_candidates
       select c.* from public.churn_candidates as c
       join schedules_v_runs as r on r.run_id = c.run_id
       where r.state = 'running' or r.due_at >= cast(:begin as timestamptz) - interval '1 day'""",
    """insert into pg_temp.churn_held_out
       select * from public.churn_held_out where due_at > cast(:begin as timestamptz) - cast(:kept as interval)""",
)
INDEXES = (
    "insert into pg_temp.churn_base select * from public.churn_base",
    "create unique index on pg_temp.churn_scores (customer_id)",
    "create index on pg_temp.churn_scores (waits_since, stake_band)",
    "create index on pg_temp.churn_scores (customer_id) where drawn is null",
    "create index on pg_temp.churn_held_out (customer_id, due_at desc)",
    "create index on pg_temp.churn_candidates (run_id)",
    "analyze pg_temp.churn_scores",
)

# As much of the facts as decides what is proposed and who takes over; not what a message would say.
FACTS = f"""
select c.position, c.rank, c.health, c.risk, p.language, {CHANNEL}, c.health - v.health as velocity, s.*
from {CHOSEN}
where c.run_id = :run_id
order by c.position"""


class PostgresRehearsed:
    """The scans of a rehearsal, inside its transaction: the statements are those of real scans."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._candidates = PostgresCandidates(transaction)

    def prepare(self, *, begin: datetime) -> None:
        """Lays copies of what scans write beside the real tables."""
        tune(self._transaction)
        for statement in COPIES:
            self._transaction.run(statement)
        self._transaction.run(FILLED[0])
        self._transaction.run(FILLED[1], begin=begin)
        self._transaction.run(FILLED[2], begin=begin, kept=REMEMBERED)
        for statement in INDEXES:
            self._transaction.run(statement)

    def select(self, run_id: UUID, *, trigger: Trigger, due_at: datetime, policy: ContactPolicy) -> Selected:
        """Chooses as a scan does, by today's scores."""
        self._candidates.choose(run_id, trigger=trigger, due_at=due_at, policy=policy)
        return self._candidates.selected(run_id)

    def facts(self, run_id: UUID, *, as_of: datetime, profile: ScoreProfile) -> list[Facts]:
        """What decides about each who was chosen, best first."""
        found = self._transaction.rows(FACTS, run_id=run_id, as_of=as_of.date(), profile=profile.version)
        return [_facts(row) for row in found]


def _facts(row: Row) -> Facts:
    return Facts(
        customer_id=row["customer_id"],
        position=row["position"],
        rank=row["rank"],
        health=row["health"],
        risk=row["risk"],
        velocity=row["velocity"],
        name=None,
        language=row["language"],
        channel=Channel(row["channel"]),
        signals=Signals(**{name: row[name] for name in SIGNALS}),
        purchases=Purchases(),
        peers=Peers(),
    )
