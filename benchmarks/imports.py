"""What an import of a million rows takes, beside what is commonly done: pandas, then rows one by one or by COPY.

All three write to the same real PostgreSQL, each run into empty tables in a process of its own. Ours reads, checks
and normalises every cell, names each bad row and keeps a ledger; the peers check nothing. See benchmarks/README.md.
"""

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from pg8000 import dbapi, native

from beforehand.database import migrations
from beforehand.database import roles as statements
from beforehand.names import DATABASE_NAME, DatabaseRole
from beforehand_cli.local import roles
from beforehand_cli.local.node import ensure_tools
from beforehand_cli.local.postgres import Postgres
from beforehand_cli.local.state import StateDirectory
from benchmarks.cold_start import KEPT, PEER, PeerUnavailableError, install
from infra.packages import ROOT

ROWS = 1_000_000
GOAL_MEGABYTES = 200
PASSWORD = "for this benchmark only"
TABLES = {
    "customers": ("customers", "customer_id"),
    "purchases": ("customers_purchases", "customer_id,purchase_id"),
}
PLACES = (
    ("IN", "Asia/Kolkata", "hi", "+9198{:08d}"),
    ("IN", "Asia/Kolkata", "ta", "+9197{:08d}"),
    ("US", "America/Chicago", "en-US", "+1212{:07d}"),
    ("GB", "Europe/London", "en-GB", "+4474{:08d}"),
    ("DE", "Europe/Berlin", "de", "+49151{:08d}"),
    ("MX", "America/Mexico_City", "es-MX", "+5255{:08d}"),
)
NEWEST = date(2025, 12, 31)


@dataclass(frozen=True, kw_only=True, slots=True)
class Took:
    """One run: who, seconds, peak resident megabytes of its process, rows."""

    name: str
    seconds: float
    megabytes: float
    rows: int


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows of each file (default {ROWS:,})")
    rows = parser.parse_args().rows
    try:
        peer = install_peer()
    except PeerUnavailableError as error:
        sys.exit(str(error))
    with tempfile.TemporaryDirectory(prefix="beforehand-bench-") as place:
        folder = Path(place)
        folder.chmod(0o755)  # the account that runs PostgreSQL must reach it
        files = write(folder, rows)
        server = start(folder / "postgres")
        try:
            for kind, file in files.items():
                report(kind, list(measure(server, kind, file, files["customers"], peer)))
        finally:
            server.stop()


def write(folder: Path, rows: int) -> dict[str, Path]:
    """A file of customers and one of their purchases, the same every time."""
    files = {kind: folder / f"{kind}.csv" for kind in TABLES}
    for kind, made in (("customers", _customers(rows)), ("purchases", _purchases(rows))):
        with files[kind].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(made)
    return files


def _customers(rows: int) -> Iterator[Iterable[object]]:
    yield (
        "customer_id", "name", "email", "country", "phone", "language", "zone", "segment", "loyalty_tier",
        "signed_up_on", "last_active_on", "marketing_consent", "nps",
    )  # fmt: skip
    chance = Random(1)
    for number in range(rows):
        country, zone, language, phone = chance.choice(PLACES)
        national = 20_000_00 + number % 7_000_000
        joined = NEWEST - timedelta(days=chance.randrange(1, 3_000))
        yield (
            f"C{number:07d}", f"Customer {number} Müller", f"c{number}@customers.example", country,
            phone.format(national), language, zone, chance.choice(("VIP", "Loyal", "Regular")),
            chance.choice(("Gold", "Silver")), joined, NEWEST - timedelta(days=chance.randrange(300)),
            chance.choice(("yes", "no")), chance.randrange(11),
        )  # fmt: skip


def _purchases(rows: int) -> Iterator[Iterable[object]]:
    yield "customer_id", "purchase_id", "purchased_on", "quantity", "amount"
    chance = Random(2)
    for number in range(rows):
        day = NEWEST - timedelta(days=chance.randrange(700))
        amount = f"{chance.uniform(1, 900):.2f}"
        yield f"C{chance.randrange(rows):07d}", f"P{number}", day, chance.randrange(1, 4), amount


def start(folder: Path) -> Postgres:
    """A throwaway server with the product's roles and tables."""
    folder.mkdir()
    server = Postgres.at(folder, native=ensure_tools(StateDirectory.of(ROOT)).postgres())
    server.start()
    roles.ensure_roles(server.socket, master_password=PASSWORD)
    socket = str(server.socket)
    master = native.Connection("beforehand_master", unix_sock=socket, database=DATABASE_NAME, password=PASSWORD)
    for statement in statements.creation(frozenset(row[0] for row in master.run("select rolname from pg_roles"))):
        master.run(statement)
    master.close()
    migrator = dbapi.connect(user=DatabaseRole.MIGRATOR, unix_sock=socket, database=DATABASE_NAME)
    migrator.autocommit = True
    for statement in statements.rights():
        migrator.cursor().execute(statement)
    migrations.apply(migrator, ROOT / "functions" / "database_migrate" / "migrations")
    migrator.close()
    return server


def install_peer(name: str = "imports") -> Path:
    """The peer's packages, kept between runs. Raises PeerUnavailableError."""
    lock = PEER / name / "requirements.txt"
    fingerprint = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    place = KEPT / "benchmarks" / f"peer-{name}-{fingerprint}"
    if not place.is_dir():
        partial = place.with_suffix(".partial")
        install(lock, partial)
        partial.rename(place)
    return place


def measure(server: Postgres, kind: str, file: Path, customers: Path, peer: Path) -> Iterator[Took]:
    """Ours and the peers, each into tables that hold nothing of the kind."""
    socket, (table, key) = str(server.socket), TABLES[kind]
    ours = [sys.executable, "-m", "benchmarks.import_once", socket, kind, str(file)]
    script = [sys.executable, str(PEER / "imports" / "load.py")]
    target = [str(server.socket.parent), DATABASE_NAME, DatabaseRole.APP_RW, table, key, str(file)]
    environment = {**os.environ, "PYTHONPATH": str(peer)}
    for name, command, given in (
        ("Beforehand, everything checked", ours, dict(os.environ)),
        ("pandas and COPY, nothing checked", [*script, "copy", *target], environment),
        ("pandas row by row, nothing checked", [*script, "rows", *target], environment),
    ):
        _empty(socket, kind, customers)
        done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{name} failed:\n{done.stderr[-2_000:]}")
        yield Took(name=name, **json.loads(done.stdout))


def _empty(socket: str, kind: str, customers: Path) -> None:
    """Empties the tables; for purchases, their customers are put back."""
    connection = native.Connection("postgres", unix_sock=socket, database=DATABASE_NAME)
    connection.run("truncate customers_purchases, customers cascade")
    if kind == "purchases":
        rows = sum(1 for _ in customers.open(encoding="utf-8")) - 1
        connection.run(
            "insert into customers (customer_id, updated_at) "
            "select 'C' || lpad(cast(n as text), 7, '0'), now() from generate_series(0, :rows - 1) n",
            rows=rows,
        )
    connection.run("vacuum analyze customers")
    connection.run("checkpoint")
    connection.close()


def report(kind: str, taken: list[Took]) -> None:
    """One table for a kind of file, and what has become of the goal."""
    print(f"{taken[0].rows:,} {kind}")
    first = taken[0]
    for one in taken:
        rate, ratio = one.rows / one.seconds, one.seconds / first.seconds
        cells = f"{one.seconds:8.1f} s {rate:10,.0f} rows/s {ratio:7.2f} x {one.megabytes:8.0f} MB"
        print(f"  {one.name:36}{cells}")
    met = "met" if first.megabytes < GOAL_MEGABYTES else "missed"
    print(f"  peak memory under {GOAL_MEGABYTES} MB: {met} ({first.megabytes:.0f} MB)\n")


if __name__ == "__main__":
    main()
