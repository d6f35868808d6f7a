"""How customers stand, as the last scoring left it: the list by rank, and one with all that went into it."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction
from beforehand.churn.model import Signals
from beforehand.churn.score import AGEING, LEAST_AT_STAKE

SIGNALS = tuple(field.name for field in fields(Signals))
RANK = f"""coalesce(c.risk * ln(1 + greatest(coalesce(c.lifetime_value, 0), {LEAST_AT_STAKE}))
             * (1 + {AGEING} * greatest(
                 case when c.at_risk_since is not null
                      then cast(:day as date) - greatest(c.at_risk_since, c.treated_on) end, 0)), 0)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A place in the list: as of which day it is ranked, the rank, and who has it."""

    day: date
    rank: float
    customer_id: str


class PostgresStandings:
    """Scores, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def page(
        self, *, least: float, below: float | None, segment: str | None, day: date, after: Place | None, limit: int
    ) -> list[Row]:
        """Customers whose risk is known, in the order in which a scan of that day would take them."""
        return self._transaction.rows(
            f"""select * from (
                    select c.customer_id, c.health, c.risk, c.coverage, c.lifetime_value, c.standing,
                           c.at_risk_since, s.segment, s.loyalty_tier, {RANK} as rank
                    from churn_scores as c join churn_signals as s on s.customer_id = c.customer_id
                    where c.risk >= :least and (cast(:below as float8) is null or c.risk < :below)
                      and (cast(:segment as text) is null or s.segment = :segment)
                ) as ranked
                where cast(:rank as float8) is null
                   or (rank, customer_id collate "C") < (cast(:rank as float8), cast(:customer_id as text))
                order by rank desc, customer_id collate "C" desc limit :limit""",
            least=least, below=below, segment=segment, day=day, limit=limit,
            rank=after.rank if after else None, customer_id=after.customer_id if after else None,
        )  # fmt: skip

    def find(self, customer_id: str) -> Row | None:
        """One customer's score with the signals and the velocity; all of it None where they are not scored yet."""
        signals = ", ".join(f"s.{name}" for name in SIGNALS if name != "customer_id")
        return self._transaction.row(
            f"""select p.customer_id, c.profile, c.as_of, c.health, c.risk, c.coverage, c.standing, c.at_risk_since,
                       c.treated_on, b.day, c.health - v.health as velocity, {signals}
                from customers_v_profiles as p
                left join churn_scores as c on c.customer_id = p.customer_id
                left join churn_compared_signals as s on s.customer_id = p.customer_id
                left join churn_base as b on true
                left join lateral (
                    select health, profile from churn_snapshots
                    where customer_id = c.customer_id and day <= b.day - 28
                    order by day desc limit 1
                ) as v on v.profile = c.profile
                where p.customer_id = :id""",
            id=customer_id,
        )


class PostgresScanList:
    """Scans and what they found, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def page(self, *, schedule: str, after: tuple[datetime, UUID] | None, limit: int) -> list[Row]:
        """Runs, newest first, those before one."""
        due_at, run_id = after or (None, None)
        return self._transaction.rows(
            """select r.run_id, r.due_at, r.state, r.started_at, r.finished_at, r.options, r.statistics, c.at_risk
               from schedules_v_runs as r left join churn_scans as c on c.run_id = r.run_id
               where r.schedule = :schedule
                 and (cast(:due_at as timestamptz) is null
                      or (r.due_at, r.run_id) < (cast(:due_at as timestamptz), cast(:run_id as uuid)))
               order by r.due_at desc, r.run_id desc limit :limit""",
            schedule=schedule, due_at=due_at, run_id=run_id, limit=limit,
        )  # fmt: skip

    def find(self, run_id: UUID) -> Row | None:
        """One run with its thresholds and figures; those are None until it has selected."""
        return self._transaction.row(
            """select r.run_id, r.due_at, r.state, r.started_at, r.finished_at, r.options, r.statistics,
                      c.at_risk, c.health_threshold, c.risk_threshold, c.max_interventions, c.min_lifetime_value,
                      c.segments, c.opted_out, c.unreachable, c.in_hand, c.resting, c.over_budget, c.held_out,
                      c.insufficient
               from schedules_v_runs as r left join churn_scans as c on c.run_id = r.run_id
               where r.run_id = :run_id""",
            run_id=run_id,
        )

    def candidates(self, run_id: UUID) -> list[Row]:
        """Who was treated, best first, and what was decided for each."""
        return self._transaction.rows(
            """select c.position, c.customer_id, c.rank, c.health, c.risk, d.action, d.because, d.outreach_id
               from churn_candidates as c
               left join journal_v_decisions as d
                 on d.run_id = c.run_id and d.customer_id = c.customer_id
                and d.capability = 'churn' and d.kind = 'intervention'
               where c.run_id = :run_id order by c.position""",
            run_id=run_id,
        )

    def totals(self, schedule: str) -> Row:
        """What all finished scans found and proposed."""
        found = self._transaction.row(
            """select count(*) as scans,
                      coalesce(sum(cast(statistics ->> 'at_risk' as bigint)), 0)::bigint as at_risk_found,
                      coalesce(sum(cast(statistics ->> 'proposed' as bigint)), 0)::bigint as proposed,
                      max(due_at) as last_scan_at
               from schedules_v_runs where schedule = :schedule and state = 'finished'""",
            schedule=schedule,
        )
        assert found is not None
        return found
