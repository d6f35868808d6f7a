"""One measured piece of delivery, in a process of its own.

python -m benchmarks.delivery_once WHAT SOCKET COUNT
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time, sleep
from typing import Any
from uuid import UUID

from pg8000 import native

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.clock import monotonic, now
from beforehand.ids import uuid7
from beforehand.journal.store import PostgresJournal
from beforehand.names import DATABASE_NAME, DatabaseRole
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.delivery import claiming, recording
from beforehand.outreach.delivery.model import LEASE, ChannelState, Claimed, Ended, Token, Told
from beforehand.outreach.delivery.speaking import from_templates
from beforehand.outreach.delivery.store import PostgresDelivery
from beforehand.outreach.delivery.writing import MessageWriter
from beforehand.outreach.gate.decide import decide
from beforehand.outreach.gate.facts_store import PostgresFacts
from beforehand.outreach.gate.legal import shipped
from beforehand.outreach.gate.suppressed import suppressed_in
from beforehand.outreach.ledger_store import PostgresLedger
from beforehand.outreach.messages.model import Company
from beforehand.outreach.messages.store import PostgresTemplates
from beforehand.outreach.model import Channel, Proposal, Purpose
from beforehand.outreach.policies_store import PostgresPolicies
from beforehand.outreach.store import PostgresOutreach
from beforehand.outreach.suppression.model import Suppression
from beforehand.results import Status
from functions.outreach_claim import handler

AS_OF = datetime(2026, 11, 27, 9, tzinfo=UTC)
"""A Friday morning; everything here is due by then, and everybody's send window is open for ten hours."""
BATCH = claiming.BATCH
CLAIMED_TOGETHER = 200
"""Messages in a claim whose time is looked at alone."""
PAUSE = 0.005
"""Seconds until a tick that found another at work tries again."""
PEPPER = bytes(32)
COMPANY = Company(name="A company", postal_address="1 Long Street, Pune", support_url="https://example.com/help")
BODY = """Hello there,

thank you for your visit on Tuesday. We would like to know whether everything was to your liking, and whether there
is anything that we could do better the next time.

You can answer this message, or look at https://example.com/visits whenever it suits you.

Your team"""
ACCEPTED = Told(token=Token.STARTED, ended=Ended.ACCEPTED, because="the provider took it", provider_id="m-1")

Attempt = tuple[UUID, int]


def proposals(begin: int, end: int) -> list[Proposal]:
    """Messages that are due, one for each customer."""
    return [
        Proposal(
            customer_id=f"C{number:07d}", purpose=Purpose.POST_EVENT, cycle="visit-1", step=0,
            channel=Channel.EMAIL, priority=number % 100, due_at=AS_OF - timedelta(minutes=number % 60),
            not_after=AS_OF + timedelta(days=7), language="en", subject="Your visit on Tuesday", body=BODY,
            because="they were here on Tuesday", run_id=None,
        )
        for number in range(begin, end)
    ]  # fmt: skip


def enqueue(database: PostgresDatabase, count: int) -> dict[str, Any]:
    """Proposes in batches, each a transaction; then proposes the same again, which is refused one by one."""
    given = [proposals(begin, min(begin + BATCH, count)) for begin in range(1, count, BATCH)]
    found: dict[str, Any] = {}
    for what, status in (("seconds", Status.DONE), ("again", Status.SKIPPED)):
        began = monotonic()
        for batch in given:
            with database.transaction() as transaction:
                results = PostgresOutreach(transaction).propose(batch, now=AS_OF)
            assert all(result.status is status for result in results)
        found[what] = monotonic() - began
    return {**found, "rows": sum(map(len, given))}


def enqueue_one_by_one(database: PostgresDatabase, count: int) -> dict[str, Any]:
    """Proposes one message in each transaction."""
    given = proposals(1_000_000, 1_000_000 + count)
    began = monotonic()
    for one in given:
        with database.transaction() as transaction:
            PostgresOutreach(transaction).propose([one], now=AS_OF)
    return {"seconds": monotonic() - began, "rows": count}


def commits(database: PostgresDatabase, count: int) -> dict[str, Any]:
    """The machine's own limit: transactions that write nothing but their commit."""
    began = monotonic()
    for _ in range(count):
        with database.transaction() as transaction:
            transaction.run("select pg_logical_emit_message(true, 'bench', '')")
    return {"seconds": monotonic() - began, "rows": count}


def dispatch(database: PostgresDatabase, count: int) -> dict[str, Any]:
    """Claims and records in batches, as the functions do, with all that a claim rests on."""
    return _dispatch(database, count, _claim)


def dispatch_bare(database: PostgresDatabase, count: int) -> dict[str, Any]:
    """Claims and records in the ledger alone: no facts, no gate, no message, no journal."""
    return _dispatch(database, count, _claim_bare)


def claims(database: PostgresDatabase, count: int) -> dict[str, Any]:
    """Claims in smaller batches; recording in between is in what `elapsed` alone."""
    found = _dispatch(database, count, _claim, batch=CLAIMED_TOGETHER)
    return {**found, "seconds": sum(found["took"]), "elapsed": found["seconds"]}


def _dispatch(
    database: PostgresDatabase,
    count: int,
    claim: Callable[[Transaction, int, datetime], Sequence[Attempt]],
    *,
    batch: int = BATCH,
) -> dict[str, Any]:
    """Tick after tick, each a minute later by its own clock, until so many are claimed or nothing is due."""
    with database.transaction() as transaction:
        transaction.run("select 1")
    took, busy, claimed, as_of, begin = [], 0, 0, AS_OF, monotonic()
    while claimed < count:
        began = monotonic()
        with database.transaction() as transaction:
            attempts = claim(transaction, batch, as_of) if PostgresDelivery(transaction).begin() else None
        if attempts is None:
            busy += 1
            sleep(PAUSE)
            continue
        if not attempts:
            break
        took.append(monotonic() - began)
        claimed, as_of = claimed + len(attempts), as_of + timedelta(minutes=1)
        with database.transaction() as transaction:
            ledger, cases = PostgresDelivery(transaction), PostgresCases(transaction)
            told = dict.fromkeys(attempts, ACCEPTED)
            recording.record(attempts, told, ledger=ledger, cases=cases, suppress=_nobody, now=as_of)
    return {"seconds": monotonic() - begin, "rows": claimed, "took": took, "busy": busy}


def _nobody(_: Suppression) -> None:
    raise AssertionError("every message here is taken, and nobody opts out")


class _Ledger(PostgresDelivery):
    """The ledger, with room for one batch in each tick."""

    def __init__(self, transaction: Transaction, batch: int) -> None:
        super().__init__(transaction)
        self._batch = batch

    def channels(self, now: datetime) -> list[ChannelState]:
        return [replace(channel, room=min(channel.room, self._batch)) for channel in super().channels(now)]


def _claim(transaction: Transaction, batch: int, as_of: datetime) -> list[Attempt]:
    policy, legal = PostgresPolicies(transaction).in_force(as_of), shipped()
    facts = PostgresFacts(transaction, suppressed_in(transaction, PEPPER))
    claimed = claiming.claim(
        uuid7(now()),
        ledger=_Ledger(transaction, batch),
        facts_of=lambda ids: facts.of(ids, policy=policy, as_of=as_of),
        decide=lambda person, planned, history: decide(person, planned, history, policy, legal, as_of=as_of),
        policy_version=policy.version,
        writer=MessageWriter(
            company=COMPANY,
            pepper=PEPPER,
            public_url="https://api.example.com",
            speak=from_templates(PostgresTemplates(transaction), COMPANY),
        ),
        journal=PostgresJournal(transaction),
        stopped=frozenset(),
        now=as_of,
    ).claimed
    return [(one.outreach_id, one.attempt) for one in claimed]


def _claim_bare(transaction: Transaction, batch: int, as_of: datetime) -> list[Attempt]:
    ledger = PostgresDelivery(transaction)
    claimed = [
        Claimed(
            outreach_id=due.outreach_id, attempt=due.attempt + 1, channel=due.channel, policy_version="contact-v1",
            because=claiming.GOES, chunk="a chunk", subject=due.subject, body=due.body,
        )
        for due in ledger.due(Channel.EMAIL, now=as_of, limit=batch)
    ]  # fmt: skip
    ledger.claim(claimed, now=as_of, until=as_of + LEASE)
    return [(one.outreach_id, one.attempt) for one in claimed]


def pending(database: PostgresDatabase, count: int) -> dict[str, Any]:
    """A page of what waits, and what a function with a batch of it in hand takes."""
    assert handler.handler
    with database.transaction() as transaction:
        ledger = PostgresLedger(transaction)
        began = monotonic()
        page = ledger.page({"state": "scheduled"}, due_from=None, due_before=None, after=None, limit=100)
        seconds = monotonic() - began
        assert len(page) == 100
        _claim(transaction, BATCH, AS_OF)
    return {"seconds": seconds, "rows": count}


PIECES: dict[str, Callable[[PostgresDatabase, int], dict[str, Any]]] = {
    f.__name__: f for f in (enqueue, enqueue_one_by_one, commits, dispatch, dispatch_bare, claims, pending)
}


def main() -> None:
    """Measures one piece and prints it as JSON."""
    what, socket, count = sys.argv[1:]
    database = PostgresDatabase(
        lambda: native.Connection(DatabaseRole.APP_RW, unix_sock=socket, database=DATABASE_NAME)
    )
    with database.transaction() as transaction:
        server = transaction.rows("select pg_backend_pid() as pid")[0]["pid"]
    began, server_began = process_time(), _cpu_of(server)
    found = PIECES[what](database, int(count))
    used = {"cpu": process_time() - began, "server_cpu": _cpu_of(server) - server_began}
    megabytes = _peak()
    print(json.dumps({**found, **used, "megabytes": megabytes}))


def _cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used: what other work on the machine does not change."""
    figures = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(figures[11]) + int(figures[12])) / os.sysconf("SC_CLK_TCK")


def _peak() -> float:
    """The most memory this program has held, in megabytes; `getrusage` counts that of whoever started it, too."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
