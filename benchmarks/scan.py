"""What a scan of a million customers takes, beside a loop over a data frame, pandas, polars and a plain count.

Everything reads the same real PostgreSQL; each measurement is a process of its own. See benchmarks/README.md.
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

from beforehand.names import DATABASE_NAME, DatabaseRole
from benchmarks.cold_start import PEER, PeerUnavailableError
from benchmarks.imports import install_peer, start
from infra.packages import ROOT

CUSTOMERS = 1_000_000
ROUNDS = 5
FILL = """
insert into customers (customer_id, email, segment, loyalty_tier, signed_up_on, last_active_on, csat_180d,
                       tickets_overdue, nps, engagement_30d, engagement_90d, updated_at)
select 'C' || lpad(cast(n as text), 8, '0'), 'c' || n || '@customers.example',
       (array['VIP', 'Loyal', 'Regular', 'Occasional'])[1 + (hashint4(n) & 3)],
       (array['Platinum', 'Gold', 'Silver', 'Bronze'])[1 + (hashint4(n + 7) & 3)],
       date '2025-12-31' - (hashint4(n + 1) & 2047), date '2025-12-31' - (hashint4(n + 2) & 255),
       case when hashint4(n + 3) % 5 <> 0 then 1 + (hashint4(n + 3) & 1023) / 256.0 end, hashint4(n + 4) & 1,
       hashint4(n + 5) & 7, hashint4(n + 6) & 31, 10 + (hashint4(n + 8) & 63), now()
from generate_series(1, cast(:customers as integer)) n"""
BUY = """
insert into customers_purchases (customer_id, purchase_id, purchased_on, amount)
select 'C' || lpad(cast(n as text), 8, '0'), 'P' || k, date '2025-12-31' - (hashint4(n * 3 + k) & 511),
       (hashint4(n * 3 + k + 1) & 65535) / 100.0
from generate_series(1, cast(:customers as integer)) n, generate_series(1, 3) k"""
# Where the peers keep their scores, each in place of the day before's, as ours are kept.
KEPT_BY_PEERS = f"""
create table benchmark_scores (customer_id text primary key, health float8, risk float8, coverage float8)
with (fillfactor = 80);
grant select, insert, update on benchmark_scores to {DatabaseRole.APP_RW}"""
CHANGE = """
update customers set csat_180d = 1 + random() * 4
where customer_id in (select customer_id from customers tablesample system (1.2) limit cast(:some as integer))"""


def main() -> None:
    """Fills a database, measures, prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help=f"how many (default {CUSTOMERS:,})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"counted rounds (default {ROUNDS})")
    given = parser.parse_args()
    try:
        peer = install_peer("scan")
    except PeerUnavailableError as error:
        sys.exit(str(error))
    with tempfile.TemporaryDirectory(prefix="beforehand-bench-") as place:
        folder = Path(place)
        folder.chmod(0o755)  # the account that runs PostgreSQL must reach it
        server = start(folder / "postgres")
        try:
            socket = str(server.socket)
            _fill(socket, given.customers)
            report(measure(socket, peer, given.customers, given.rounds), given.customers)
        finally:
            server.stop()


def _fill(socket: str, customers: int) -> None:
    connection = native.Connection("postgres", unix_sock=socket, database=DATABASE_NAME)
    for statement in (FILL, BUY):
        connection.run(statement, customers=customers)
    for statement in KEPT_BY_PEERS.split(";"):
        connection.run(statement)
    connection.run("delete from customers_changes")
    connection.run("vacuum analyze")
    connection.close()


def _change(socket: str, some: int) -> None:
    connection = native.Connection(DatabaseRole.APP_RW, unix_sock=socket, database=DATABASE_NAME)
    connection.run(CHANGE, some=some)
    connection.close()


def measure(socket: str, peer: Path, customers: int, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Every figure of every round, by what was measured."""
    ours = [sys.executable, "-m", "benchmarks.scan_once"]
    theirs = [sys.executable, str(PEER / "scan" / "score.py")]
    target = [str(Path(socket).parent), DATABASE_NAME, DatabaseRole.APP_RW]
    environment = {**os.environ, "PYTHONPATH": str(peer)}
    found: dict[str, list[dict[str, Any]]] = {"first pass": [_run([*ours, "whole_pass", socket], None)]}
    found["first selection"] = [_run([*ours, "selection", socket], None)]
    _vacuum(socket)
    for _ in range(rounds):
        for piece in (
            "preview_of_the_top",
            "top_of_a_full_pass",
            "top_in_sequence",
            "count_in_sequence",
            "score_and_store",
            "selection",
        ):
            found.setdefault(piece, []).append(_run([*ours, piece, socket], None))
        for engine in ("iterrows", "pandas", "polars"):  # before anybody changes, to find the same ten
            found.setdefault(engine, []).append(_run([*theirs, engine, *target], environment))
        _change(socket, customers // 100)
        found.setdefault("what_changed", []).append(_run([*ours, "what_changed", socket], None))
        found.setdefault("whole_pass", []).append(_run([*ours, "whole_pass", socket], None))
        _vacuum(socket)
    return found


def _vacuum(socket: str) -> None:
    connection = native.Connection("postgres", unix_sock=socket, database=DATABASE_NAME)
    connection.run("vacuum analyze")
    connection.run("checkpoint")
    connection.close()


def _run(command: list[str], environment: dict[str, str] | None) -> dict[str, Any]:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command[-2:])} failed:\n{done.stderr[-2_000:]}")
    return dict(json.loads(done.stdout))


def report(found: dict[str, list[dict[str, Any]]], customers: int) -> None:
    """The figures and the goals."""

    def middle(what: str, figure: str = "seconds") -> float:
        return median(run[figure] for run in found[what])

    same = {
        tuple(found[what][0]["ten"]) for what in ("preview_of_the_top", "top_of_a_full_pass", "pandas", "polars")
    }
    loop = customers * middle("iterrows") / found["iterrows"][0]["rows"]
    loop_cpu = customers * middle("iterrows", "cpu") / found["iterrows"][0]["rows"]
    top, count, changed = middle("top_of_a_full_pass"), middle("count_in_sequence"), middle("what_changed")
    alone = middle("top_in_sequence")
    print(f"{customers:,} customers, {3 * customers:,} purchases; medians of {len(found['pandas'])} rounds")
    for what, runs in found.items():
        seconds, megabytes = middle(what), max(run["megabytes"] for run in runs)
        print(f"  {what:20}{seconds:9.3f} s {middle(what, 'cpu'):9.3f} s of CPU {megabytes:8.0f} MB")
    print(f"  preview, full pass, pandas and polars find the same ten: {'yes' if len(same) == 1 else 'no'}")
    for goal, ratio, most in (
        ("B1 preview of the top ten / loop over a data frame", middle("preview_of_the_top") / loop, 1 / 500),
        ("   top ten of a full pass / loop over a data frame", top / loop, 1 / 500),
        ("   top ten of stored scores / loop over a data frame", middle("selection") / loop, 1 / 500),
        ("B2 top ten of a full pass, workers / count(*)", top / count, 2.5),
        ("B2 top ten of a full pass, in sequence / count(*)", alone / count, 4.5),
        ("   top ten of a full pass / polars", top / middle("polars"), 1.0),
        ("B3 score all and store / pandas", middle("score_and_store") / middle("pandas", "stored"), 0.5),
        ("   score all and store / pandas, as durably", middle("score_and_store") / middle("pandas", "kept"), 0.5),
        ("   score all and store / polars", middle("score_and_store") / middle("polars", "stored"), 1.0),
        ("   score all and store / polars, as durably", middle("score_and_store") / middle("polars", "kept"), 1.0),
        ("B4 scoring 1 % changed / a full pass of the score", changed / top, 1 / 30),
        ("   scoring 1 % changed / the day's whole pass", changed / middle("whole_pass"), 1 / 30),
        ("   with the selection / the day's whole pass",
         (changed + middle("selection")) / middle("whole_pass"), 1 / 30),
        ("by CPU: B1", middle("preview_of_the_top", "cpu") / loop_cpu, 1 / 500),
        ("        B2 in sequence", middle("top_in_sequence", "cpu") / middle("count_in_sequence", "cpu"), 4.5),
        ("        B3", middle("score_and_store", "cpu") / middle("pandas", "stored_cpu"), 0.5),
        ("        B3, as durably", middle("score_and_store", "cpu") / middle("pandas", "kept_cpu"), 0.5),
        ("        B4 with the selection",
         (middle("what_changed", "cpu") + middle("selection", "cpu")) / middle("whole_pass", "cpu"), 1 / 30),
        ("B5 memory of the client / pandas", max(r["megabytes"] for r in found["whole_pass"])
         / middle("pandas", "megabytes"), 0.10),
    ):  # fmt: skip
        verdict = "met" if ratio <= most else "missed"
        print(f"  {goal:55}{ratio:10.4f} (at most {most:.4f}: {verdict})")


if __name__ == "__main__":
    main()
