"""One measured piece of a scan, in a process of its own: `python -m benchmarks.scan_once WHAT SOCKET`."""

import json
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from uuid import uuid4

from pg8000 import native

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.churn.model import Trigger
from beforehand.churn.preview import FIRST, MOST_GROUPS, Wanted, preview
from beforehand.churn.profile import DEFAULT_V1
from beforehand.churn.store import scores as stored
from beforehand.churn.store.candidates import PostgresCandidates
from beforehand.churn.store.previewing import PostgresPreviewBase
from beforehand.churn.store.scores import PostgresScores, settle
from beforehand.clock import monotonic
from beforehand.errors import BeforehandError
from beforehand.names import DATABASE_NAME, DatabaseRole
from beforehand.outreach.policy import ContactPolicy

AS_OF = datetime(2026, 1, 1, 12, tzinfo=UTC)
TRIGGER = Trigger(health_threshold=40, risk_threshold=0.6, max_interventions=10)
WANTED = Wanted(profile=DEFAULT_V1, health_threshold=40, risk_threshold=0.6, limit=10)


def top_of_a_full_pass(transaction: Transaction) -> list[str]:
    """Scores everyone, as a preview does that cannot walk; by the first few it knows below whom nobody matters."""
    base = PostgresPreviewBase(transaction)
    stands = base.stands()
    assert stands is not None
    few = (FIRST * len(base.groups(MOST_GROUPS)) + 1) / stands.customers
    found = preview(WANTED, base, customers=stands.customers, whole_from=few)
    assert found.looked_at > stands.customers
    return [one.customer_id for one in found.best]


def top_in_sequence(transaction: Transaction) -> list[str]:
    """The same by one process alone."""
    transaction.run("set local max_parallel_workers_per_gather = 0")
    return top_of_a_full_pass(transaction)


def preview_of_the_top(transaction: Transaction) -> list[str]:
    """The best ten by the facts alone, as `beforehand risk preview` finds them; no stored score is read."""
    base = PostgresPreviewBase(transaction)
    stands = base.stands()
    assert stands is not None
    return [one.customer_id for one in preview(WANTED, base, customers=stands.customers).best]


def count_in_sequence(transaction: Transaction) -> list[str]:
    transaction.run("set local max_parallel_workers_per_gather = 0")
    transaction.rows("select count(*) from churn_signals where csat > 0")
    return []


def score_and_store(transaction: Transaction) -> list[str]:
    """Scores everyone by another version, so that each row is written."""
    settle(transaction)
    profile = replace(DEFAULT_V1, version=f"bench-{uuid4().hex[:6]}")
    fresh = f"select scored.*, true as known from ({stored._scored(profile)}) as scored"
    statement = stored._merged_scores(fresh, everyone=True)
    transaction.run(statement, profile=profile.version, as_of=AS_OF)
    return []


def whole_pass(transaction: Transaction) -> list[str]:
    """A new day's pass: facts from every purchase, signals, yardsticks, scores, snapshots."""
    base = transaction.row("select day from churn_base")
    as_of = AS_OF if base is None else datetime.combine(base["day"], AS_OF.timetz()) + timedelta(days=1)
    PostgresScores(transaction).refresh(as_of=as_of, profile=DEFAULT_V1)
    return []


def what_changed(transaction: Transaction) -> list[str]:
    PostgresScores(transaction).refresh(as_of=_today(transaction), profile=DEFAULT_V1)
    return []


def selection(transaction: Transaction) -> list[str]:
    due_at = _today(transaction) + timedelta(microseconds=uuid4().int % 10**9)
    found = PostgresCandidates(transaction).select(
        uuid4(), trigger=TRIGGER, due_at=due_at, policy=ContactPolicy(holdout_shares={})
    )
    return [candidate.customer_id for candidate in found.candidates]


def _today(transaction: Transaction) -> datetime:
    base = transaction.row("select day from churn_base")
    assert base is not None
    return datetime.combine(base["day"], AS_OF.timetz())


PIECES: dict[str, Callable[[Transaction], list[str]]] = {
    f.__name__: f
    for f in (
        preview_of_the_top,
        top_of_a_full_pass,
        top_in_sequence,
        count_in_sequence,
        score_and_store,
        whole_pass,
        what_changed,
        selection,
    )
}


def main() -> None:
    """Measures one piece and prints it as JSON."""
    what, socket = sys.argv[1:]
    database = PostgresDatabase(
        lambda: native.Connection(DatabaseRole.APP_RW, unix_sock=socket, database=DATABASE_NAME)
    )
    with database.transaction() as transaction:
        row = transaction.row("select pg_backend_pid() as pid")
    assert row is not None
    used, began = cpu_of(row["pid"]), monotonic()
    try:
        with database.transaction() as transaction:
            ten = PIECES[what](transaction)
            if what == "score_and_store":
                raise _UndoError  # the next round finds everything as this one did
    except _UndoError:
        with database.transaction() as transaction:  # what was written reaches the disk with this
            transaction.run("update churn_base set day = day")
        ten = []
    seconds, cpu = monotonic() - began, cpu_of(row["pid"]) - used
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ten": ten, "seconds": seconds, "cpu": cpu, "megabytes": megabytes}))


def cpu_of(server: int) -> float:
    """Seconds of CPU that this process and its server process have used; those of workers are not in it."""
    figures = Path(f"/proc/{server}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return process_time() + (int(figures[11]) + int(figures[12])) / os.sysconf("SC_CLK_TCK")


class _UndoError(BeforehandError):
    """Takes back what was measured; the connection stays."""


if __name__ == "__main__":
    main()
