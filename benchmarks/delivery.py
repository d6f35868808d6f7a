"""What delivery takes on a real PostgreSQL: enqueue, dispatch, a claim among a million rows; beside APScheduler.

Ours and the peer keep what they do in the same server; each measurement is a process of its own. See
benchmarks/README.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from pg8000 import native

from beforehand.names import DATABASE_NAME
from benchmarks.cold_start import PEER, PeerUnavailableError
from benchmarks.delivery_once import AS_OF, BATCH, BODY, CLAIMED_TOGETHER
from benchmarks.imports import install_peer, start
from infra.packages import ROOT

JOBS = 20_000
ONE_BY_ONE = 2_000
PENDING = 100_000
ROWS = 1_000_000
CUSTOMERS = 200_000
ROUNDS = 3
WORKERS = 4
PEER_DATABASE = "peer"

PEOPLE = """
insert into customers (customer_id, name, email, phone, language, zone, country, marketing_consent, updated_at)
select 'C' || lpad(cast(n as text), 7, '0'), 'Customer ' || n, 'c' || n || '@customers.example',
       '+4474' || lpad(cast(n as text), 8, '0'), 'en',
       (array['Europe/London', 'Europe/Berlin', 'Europe/Lisbon', 'Europe/Paris'])[1 + (n & 3)],
       (array['GB', 'DE', 'PT', 'FR'])[1 + (n & 3)], true, now()
from generate_series(1, cast(:customers as integer)) n"""

# Of ten messages, seven went within the last 400 days, two are due within the next 30, one is due now.
LEDGER = """
insert into outreach (outreach_id, customer_id, purpose, cycle, channel, state, priority, due_at, not_after,
                      language, subject, body, because, proposed_at, next_at, attempt, policy_version,
                      state_because, state_at, lease_until)
select gen_random_uuid(), 'C' || lpad(cast(1 + n % :customers as text), 7, '0'), 'post_event', 'fill-' || n,
       'email', case when kind < 7 then 'sent' else 'scheduled' end, hashint4(n) & 63, at, at + interval '7 days',
       'en', 'Your visit on Tuesday', :body, 'they were here on Tuesday', at - interval '1 day',
       case when kind < 7 then null else at end, case when kind < 7 then 1 else 0 end,
       case when kind < 7 then 'contact-v1' end, case when kind < 7 then 'the provider took it' end, at,
       case when kind < 7 then at + interval '3 minutes' end
from generate_series(1, cast(:rows as integer)) n,
     lateral (select n / 7 % 10 as kind) k,
     lateral (select cast(:as_of as timestamptz) + case
                  when kind < 7 then - interval '1 day' - (hashint4(n) & 1023) * interval '561 minutes'
                  when kind < 9 then interval '1 day' + (hashint4(n) & 1023) * interval '40 minutes'
                  else - (hashint4(n) & 63) * interval '1 minute' end as at) a"""
ATTEMPTS = """
insert into outreach_attempts (outreach_id, attempt, channel, policy_version, chunk, claimed_at, lease_until,
                               ended_at, outcome, provider_id, because)
select outreach_id, 1, channel, policy_version, gen_random_uuid(), due_at, due_at + interval '3 minutes', due_at,
       'accepted', outreach_id, 'the provider took it'
from outreach where state = 'sent'"""


def main() -> None:
    """Measures, prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"messages to dispatch (default {JOBS:,})")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows of the large ledger (default {ROWS:,})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"counted rounds (default {ROUNDS})")
    given = parser.parse_args()
    try:
        peer = install_peer("delivery")
    except PeerUnavailableError as error:
        sys.exit(str(error))
    with tempfile.TemporaryDirectory(prefix="beforehand-bench-") as place:
        folder = Path(place)
        folder.chmod(0o755)  # the account that runs PostgreSQL must reach it
        server = start(folder / "postgres")
        try:
            bench = Bench(server.socket, peer)
            found = {**bench.queues(given.jobs, given.rounds), **bench.waiting(given.rounds)}
            found |= bench.large(given.rows, given.rounds)
        finally:
            server.stop()
    report(found)


class Bench:
    """One server, its ledger and the peer's jobs."""

    def __init__(self, socket: Path, peer: Path) -> None:
        self._socket, self._peer = socket, peer
        self._master("create database " + PEER_DATABASE)
        self._master(PEOPLE, customers=CUSTOMERS)
        self._master("update outreach_channels set mode = 'live', per_minute = 10000000, at_once = 10000000")

    def queues(self, jobs: int, rounds: int) -> dict[str, list[dict[str, Any]]]:
        """Enqueue and dispatch, ours and the peer's in turn."""
        found: dict[str, list[dict[str, Any]]] = {}
        for _ in range(rounds):
            for what in ("dispatch", "dispatch_bare"):
                self._empty()
                found.setdefault("enqueue", []).append(self._ours("enqueue", jobs))
                found.setdefault(what, []).append(self._ours(what, jobs))
            for what, count in (("enqueue_one_by_one", ONE_BY_ONE), ("commits", ONE_BY_ONE)):
                found.setdefault(what, []).append(self._ours(what, count))
            for what, count in (("enqueue", ONE_BY_ONE), ("dispatch", jobs // 4)):
                found.setdefault(f"peer {what}", []).append(self._theirs(what, count))
        return found

    def waiting(self, rounds: int) -> dict[str, list[dict[str, Any]]]:
        """What waits: a page of it, and the memory of whoever handles it."""
        self._empty()
        self._ours("enqueue", PENDING)
        self._theirs("fill", PENDING)
        self._settle()
        found: dict[str, list[dict[str, Any]]] = {}
        for _ in range(rounds):
            found.setdefault("pending", []).append(self._ours("pending", PENDING))
            found.setdefault("peer pending", []).append(self._theirs("pending", PENDING))
        return found

    def large(self, rows: int, rounds: int) -> dict[str, list[dict[str, Any]]]:
        """Claims in a ledger of many rows: one tick after another, then several workers that all want to."""
        found: dict[str, list[dict[str, Any]]] = {"claims": []}
        for _ in range(rounds):
            self._fill(rows)
            found["claims"].append(self._ours("claims", rows // 20))
        self._fill(rows)
        found["contended"] = self._together("claims", rows // 20 // WORKERS)
        return found

    def _fill(self, rows: int) -> None:
        self._empty()
        # The rows are as the functions would leave them; the triggers that watch moves would only cost time.
        connection = native.Connection("postgres", unix_sock=str(self._socket), database=DATABASE_NAME)
        connection.run("set session_replication_role = replica")
        connection.run(LEDGER, customers=CUSTOMERS, rows=rows, body=BODY, as_of=AS_OF)
        connection.run(ATTEMPTS)
        connection.close()
        self._settle()

    def _empty(self) -> None:
        self._master("truncate outreach, outreach_attempts, journal_decisions cascade")

    def _settle(self) -> None:
        self._master("vacuum analyze")
        self._master("checkpoint")

    def _master(self, statement: str, **given: Any) -> None:
        connection = native.Connection("postgres", unix_sock=str(self._socket), database=DATABASE_NAME)
        connection.run(statement, **given)
        connection.close()

    def _ours(self, what: str, count: int) -> dict[str, Any]:
        return _answer(self._start(what, count))

    def _together(self, what: str, count: int) -> list[dict[str, Any]]:
        return [_answer(process) for process in [self._start(what, count) for _ in range(WORKERS)]]

    def _start(self, what: str, count: int) -> "subprocess.Popen[str]":
        return _begun([sys.executable, "-m", "benchmarks.delivery_once", what, str(self._socket), str(count)])

    def _theirs(self, what: str, count: int) -> dict[str, Any]:
        script = [sys.executable, str(PEER / "delivery" / "jobs.py"), what, str(self._socket.parent)]
        return _answer(_begun([*script, PEER_DATABASE, "postgres", str(count)], PYTHONPATH=str(self._peer)))


def _begun(command: list[str], **environment: str) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=pipe, stderr=pipe, text=True
    )


def _answer(process: "subprocess.Popen[str]") -> dict[str, Any]:
    out, err = process.communicate()
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, process.args))} failed:\n{err[-2_000:]}")  # type: ignore[arg-type]
    found = dict(json.loads(out))
    print(f"  {found['rows']:,} in {found['seconds']:.2f} s", *_words(process), file=sys.stderr, flush=True)
    return found


def _words(process: "subprocess.Popen[str]") -> list[str]:
    """What a process was to measure, and with how many."""
    return [word for word in map(str, process.args) if word.isidentifier() and word != PEER_DATABASE]  # type: ignore[arg-type]


def report(found: dict[str, list[dict[str, Any]]]) -> None:
    """The figures and the goals."""

    def rate(what: str, seconds: str = "seconds") -> float:
        # Where the ledger is small, the first of several workers leaves the others nothing.
        return median(run["rows"] / run[seconds] for run in found[what] if run[seconds])

    def figure(what: str, name: str) -> float:
        return median(run[name] for run in found[what])

    print(f"medians of {len(found['claims'])} rounds; load of the machine {os.getloadavg()[1]:.1f}")
    for what, runs in found.items():
        memory = max(run["megabytes"] for run in runs)
        cpu = figure(what, "cpu") if what.startswith("peer") else figure(what, "cpu") + figure(what, "server_cpu")
        took = f"{figure(what, 'seconds'):9.4f} s {cpu:9.2f} s of CPU"
        print(f"  {what:22}{rate(what):10,.0f} /s {took} {memory:8.0f} MB")
    print(f"  {'enqueue, all known':22}{rate('enqueue', 'again'):10,.0f} /s")
    slow = median(_percentile(run["took"], 0.99) for run in found["claims"])
    waited = _percentile([took for run in found["contended"] for took in run["took"]], 0.99)
    print(f"  {WORKERS} workers claim {_together(found['contended']):,.0f} /s, p99 {waited * 1000:.0f} ms")
    for goal, value, least in (
        (f"C1 dispatch, {BATCH} in a claim / peer", rate("dispatch") / rate("peer dispatch"), 20),
        ("   dispatch of the ledger alone / peer", rate("dispatch_bare") / rate("peer dispatch"), 20),
        ("C2 enqueue in batches / peer one by one", rate("enqueue") / rate("peer enqueue"), 50),
        ("C3 enqueue one by one / peer", rate("enqueue_one_by_one") / rate("peer enqueue"), 1.3),
        ("   enqueue one by one / bare commits", rate("enqueue_one_by_one") / rate("commits"), 0.45),
        ("R8 claims a second", rate("claims"), 5_000),
    ):
        print(f"  {goal:50}{value:12,.2f} (at least {least:,}: {'met' if value >= least else 'missed'})")
    for goal, value, most in (
        (f"R8 p99 of a claim of {CLAIMED_TOGETHER}, ms", slow * 1000, 50),
        # Whatever is dispatched here is due at one instant, so the last waits as long as all of them take.
        ("C4 lag of the 99th of a hundred / peer", 0.99 * rate("peer dispatch") / rate("dispatch"), 0.25),
        ("C5 due at one instant, the last / peer", rate("peer dispatch") / rate("dispatch"), 0.06),
        ("C6 memory / peer", figure("pending", "megabytes") / figure("peer pending", "megabytes"), 0.2),
        (
            "C7 a page of 100 / peer's list",
            figure("pending", "seconds") / figure("peer pending", "seconds"),
            1 / 200,
        ),
    ):
        print(f"  {goal:50}{value:12,.4f} (at most {most:,}: {'met' if value <= most else 'missed'})")


def _percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _together(runs: list[dict[str, Any]]) -> float:
    """What workers claimed and recorded beside each other, in a second of the longest of them, waits included."""
    return float(sum(run["rows"] for run in runs) / max(run["elapsed"] for run in runs))


if __name__ == "__main__":
    main()
