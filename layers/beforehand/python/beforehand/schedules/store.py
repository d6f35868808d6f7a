"""Runs in PostgreSQL: a due time is inserted if absent, so it never runs twice."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from beforehand.adapters.postgres import Transaction
from beforehand.errors import NotFoundError
from beforehand.names import Schedule
from beforehand.schedules.model import Opened, Run, Totals, run_id_of

# Longer than any run may take, so that what is taken over is surely not under way.
ABANDONED_AFTER = timedelta(minutes=30)


class PostgresRuns:
    """The ledger of runs, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def open(
        self,
        *,
        schedule: Schedule,
        due_at: datetime,
        execution: str,
        options: Mapping[str, Any],
        now: datetime,
    ) -> Opened:
        """Takes the due time for this execution, or says who has it.

        Asking again for the same execution answers the same again, so a repeated step is harmless. A run that
        was abandoned is taken over by whoever asks for it next.
        """
        self._abandon(schedule, now)
        due_at = due_at.astimezone(UTC)
        run_id = run_id_of(schedule, due_at)
        self._transaction.run(
            """insert into schedules_runs (run_id, schedule, due_at, execution, options, started_at)
               values (:run_id, :schedule, :due_at, :execution, cast(:options as jsonb), :now)
               on conflict do nothing""",
            run_id=run_id, schedule=schedule, due_at=due_at, execution=execution,
            options=json.dumps(options), now=now,
        )  # fmt: skip
        self._transaction.run(
            """update schedules_runs
               set execution = :execution, state = 'running', started_at = :now, finished_at = null
               where run_id = :run_id and state = 'abandoned'""",
            execution=execution, now=now, run_id=run_id,
        )  # fmt: skip
        holder = self._transaction.row(
            "select execution, state from schedules_runs where run_id = :run_id", run_id=run_id
        )
        if holder is None:
            raise NotFoundError(f"The run {run_id} vanished while it was being opened")
        if holder["execution"] == execution:
            return Opened(run_id=run_id, claimed=True, because=f"it was due at {due_at.isoformat()}")
        because = f"another execution has the run that was due at {due_at.isoformat()}: it is {holder['state']}"
        return Opened(run_id=run_id, claimed=False, because=because)

    def get(self, run_id: UUID) -> Run:
        """One run. Raises NotFoundError."""
        return self._read(run_id, "")

    def hold(self, run_id: UUID) -> Run:
        """One run, which nobody else can close before this transaction ends. Raises NotFoundError."""
        return self._read(run_id, "for update")

    def _read(self, run_id: UUID, how: str) -> Run:
        found = self._transaction.row(
            f"""select run_id, schedule, due_at, state, options, statistics, started_at, finished_at
               from schedules_runs where run_id = :run_id {how}""",
            run_id=run_id,
        )
        if found is None:
            raise NotFoundError(f"There is no run {run_id}")
        return Run(**{**found, "schedule": Schedule(found["schedule"])})

    def finish(self, run_id: UUID, *, statistics: Mapping[str, Any], now: datetime) -> None:
        """Closes the run with what it counted; a run that is closed already stays as it is."""
        self._transaction.run(
            """update schedules_runs
               set state = 'finished', finished_at = :now, statistics = statistics || cast(:statistics as jsonb)
               where run_id = :run_id and state <> 'finished'""",
            run_id=run_id, statistics=json.dumps(statistics), now=now,
        )  # fmt: skip

    def note(self, run_id: UUID, *, statistics: Mapping[str, Any]) -> None:
        """Keeps what a step of a run counted, beside what others have; what it counted first, stays."""
        self._transaction.run(
            "update schedules_runs set statistics = cast(:more as jsonb) || statistics where run_id = :run_id",
            run_id=run_id, more=json.dumps(statistics),
        )  # fmt: skip

    def totals(self, schedule: Schedule) -> Totals:
        """What the finished runs of a schedule did together."""
        found = self._transaction.row(
            """select count(*) as scans, coalesce(sum((statistics ->> 'proposed')::bigint), 0)::bigint as proposed
               from schedules_runs where schedule = :schedule and state = 'finished'""",
            schedule=schedule,
        )
        return Totals(**found) if found else Totals(scans=0, proposed=0)

    def _abandon(self, schedule: Schedule, now: datetime) -> None:
        """Runs that never ended are marked, so that nobody waits for them."""
        self._transaction.run(
            """update schedules_runs set state = 'abandoned', finished_at = :now
               where schedule = :schedule and state = 'running' and started_at < :before""",
            schedule=schedule, now=now, before=now - ABANDONED_AFTER,
        )  # fmt: skip
