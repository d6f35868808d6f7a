"""What many tests share: one real PostgreSQL 18 for each process, each test in a transaction of its own."""

import os
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from pg8000 import dbapi, native

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.database import migrations
from beforehand.database import roles as statements
from beforehand.names import DATABASE_NAME, DatabaseRole
from beforehand_cli.local import roles
from beforehand_cli.local.node import ensure_tools
from beforehand_cli.local.postgres import MASTER_USER, Postgres, throwaway
from beforehand_cli.local.state import StateDirectory
from tests import spreading

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
"""Hundreds of Python processes are started; each would compile the thousand modules that it imports."""

botocore.session.create_loader = cache(botocore.session.create_loader)
"""Many tests make clients of their own; AWS's long descriptions of its services are read once for all of them."""

ROOT = Path(__file__).parent.parent
MIGRATIONS = ROOT / "functions" / "database_migrate" / "migrations"
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    return spreading.processes()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> spreading.Spread:
    config.option.loadscopereorder = False
    return spreading.Spread(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items[:] = spreading.in_turn(items)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A throwaway server as RDS hands it over, then prepared as `database_migrate` does."""
    with throwaway(ensure_tools(StateDirectory.of(ROOT)).postgres()) as server:
        prepare(server)
        yield server


def prepare(server: Postgres) -> None:
    """Roles by the master, tables by the migrator."""
    roles.ensure_roles(server.socket, master_password="for this test only")
    master = server.connect(MASTER_USER, password="for this test only")
    existing = frozenset(row[0] for row in master.run("select rolname from pg_roles"))
    for statement in statements.creation(existing):
        master.run(statement)
    master.close()
    socket = {"unix_sock": str(server.socket), "ssl_context": False}
    migrator = dbapi.connect(user=DatabaseRole.MIGRATOR, database=DATABASE_NAME, **socket)
    migrator.autocommit = True
    for statement in statements.rights():
        migrator.cursor().execute(statement)
    migrations.apply(migrator, MIGRATIONS)
    migrator.close()


def connect(server: Postgres) -> native.Connection:
    """A connection with the rights that functions have."""
    return server.connect(DatabaseRole.APP_RW)


def forget(server: Postgres, table: str, where: str = "true") -> None:
    """Takes away what a test has committed; functions may not do that to a ledger, the tables' owner may."""
    owner = server.connect(DatabaseRole.MIGRATOR)
    owner.run(f"delete from {table} where {where}")
    owner.close()


def empty(server: Postgres, tables: Iterable[str]) -> None:
    """Takes every row out of the tables, whatever refers to it; to truncate them takes twenty times as long."""
    taken_out = "; ".join(f"delete from {table}" for table in tables)
    # Only the superuser can take entries out of the journal.
    superuser = server.connect("postgres")
    superuser.run(f"do $$ begin set local session_replication_role = replica; {taken_out}; end $$")
    superuser.close()


@pytest.fixture
def database(postgres: Postgres) -> PostgresDatabase:
    """The database as a function uses it; what is committed here stays for the tests that follow."""
    return PostgresDatabase(lambda: connect(postgres))


@pytest.fixture
def transaction(postgres: Postgres) -> Iterator[Transaction]:
    """A transaction that is undone at the end of the test."""
    connection = connect(postgres)
    connection.run("begin")
    yield Transaction(connection)
    connection.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real public data, where they are present."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data are not at {SHARED_DATA}")
    return SHARED_DATA
