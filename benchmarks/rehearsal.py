"""What a rehearsal takes on a real PostgreSQL: 100,000 customers and seven days, and 20,000 due at one instant.

Each measurement is a process of its own; see benchmarks/README.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from pg8000 import native

from beforehand.names import DATABASE_NAME
from benchmarks.delivery import PEOPLE
from benchmarks.delivery_once import AS_OF, BODY
from benchmarks.imports import start
from infra.packages import ROOT

CUSTOMERS = 100_000
AT_ONE_INSTANT = 20_000
SECONDS = 60

SPREAD = """
insert into outreach (outreach_id, customer_id, purpose, cycle, channel, state, priority, due_at, not_after,
                      language, subject, body, because, proposed_at, next_at)
select gen_random_uuid(), 'C' || lpad(cast(n as text), 7, '0'), 'post_event', 'bench',
       case when n % 4 = 0 then 'sms' else 'email' end, 'scheduled', n % 100, at, at + interval '7 days', 'en',
       'Your visit', :body, 'they were here', at - interval '1 day', at
from generate_series(1, cast(:customers as integer)) n,
     lateral (select cast(:as_of as timestamptz) + n % 10080 * interval '1 minute' as at) a"""
INSTANT = """
insert into outreach (outreach_id, customer_id, purpose, cycle, channel, state, priority, due_at, not_after,
                      language, subject, body, because, proposed_at, next_at)
select gen_random_uuid(), 'C' || lpad(cast(n as text), 7, '0'), 'post_event', 'bench', 'email', 'scheduled', 50,
       at, at + interval '7 days', 'en', 'Your visit', :body, 'they were here', at - interval '1 day', at
from generate_series(1, cast(:customers as integer)) n, lateral (select cast(:as_of as timestamptz) as at) a"""
# Of four customers one is at risk, as a scan would have scored them.
SCORES = (
    """insert into churn_signals (customer_id, segment, loyalty_tier, loyalty_tier_fell, recency_days, csat,
                                  lifetime_value)
       select customer_id, 'Regular', 'Bronze', false, 70, 2.5, 100 + customer_no % 5000 from customers""",
    """insert into churn_scores (customer_id, profile, as_of, health, risk, coverage, lifetime_value)
       select customer_id, 'default-v1', cast(:as_of as timestamptz),
              case when customer_no % 4 = 0 then 30 else 70 end,
              case when customer_no % 4 = 0 then 0.88 else 0.12 end, 1, 100 + customer_no % 5000 from customers""",
)


def main() -> None:
    """Measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help=f"(default {CUSTOMERS:,})")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="beforehand-bench-") as place:
        folder = Path(place)
        folder.chmod(0o755)  # the account that runs PostgreSQL must reach it
        server = start(folder / "postgres")
        try:
            found = measure(server.socket, given.customers, given.rounds)
        finally:
            server.stop()
    report(found)


def measure(socket: Path, customers: int, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Every measurement, in turn."""
    master(socket, PEOPLE, customers=customers)
    master(socket, "update outreach_channels set mode = 'live', per_minute = 600, at_once = 600")
    master(socket, SCORES[0])
    master(socket, SCORES[1], as_of=AS_OF)
    pieces = (
        ("a week, with scans", SPREAD, customers, 7, 1),
        ("a week, the ledger alone", SPREAD, customers, 7, 0),
        ("all due at one instant", INSTANT, min(AT_ONE_INSTANT, customers), 1, 0),
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for what, filled, count, days, planners in pieces:
        master(socket, "truncate outreach cascade")
        master(socket, filled, customers=count, as_of=AS_OF, body=BODY[:150])
        master(socket, "vacuum analyze")
        for _ in range(rounds):
            command = [sys.executable, "-m", "benchmarks.rehearsal_once", str(socket), str(days), str(planners)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                sys.exit(done.stderr[-3_000:])
            found.setdefault(what, []).append(json.loads(done.stdout))
            print(f"  {what}: {done.stdout.strip()}", file=sys.stderr, flush=True)
    return found


def master(socket: Path, statement: str, **given: Any) -> None:
    """Does something as the server's superuser."""
    connection = native.Connection("postgres", unix_sock=str(socket), database=DATABASE_NAME)
    connection.run(statement, **given)
    connection.close()


def report(found: dict[str, list[dict[str, Any]]]) -> None:
    """The figures and the goal."""
    print(f"load of the machine {os.getloadavg()[1]:.1f}")
    for what, runs in found.items():
        seconds, cpu = median(run["seconds"] for run in runs), median(run["cpu"] for run in runs)
        one, megabytes = runs[-1], max(run["megabytes"] for run in runs)
        print(f"  {what:28}{seconds:7.1f} s {cpu:7.1f} s of CPU {megabytes:6.0f} MB  {one['messages']:,} messages, "
              f"{one['sent']:,} sent, {one['ticks']:,} ticks")  # fmt: skip
    longest = median(run["seconds"] for run in found["a week, with scans"])
    print(f"  a week in under {SECONDS} s: {'met' if longest < SECONDS else 'missed'} ({longest:.1f} s)")


if __name__ == "__main__":
    main()
