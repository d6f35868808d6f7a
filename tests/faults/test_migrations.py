"""Migrations on the real database, while things go wrong."""

import os
import signal
from pathlib import Path

import pytest

from beforehand_cli.local.postgres import Postgres
from beforehand_cli.local.processes import wait_until
from tests.stores.test_database import apply, tables


@pytest.mark.fault(30)
def test_a_migration_that_is_killed_is_applied_whole_the_next_time(postgres: Postgres, tmp_path: Path) -> None:
    (tmp_path / "9101.slow.sql").write_text("create table half_made (id int);\nselect pg_sleep(30);")
    child = os.fork()
    if child == 0:
        apply(postgres, tmp_path)
        os._exit(0)
    superuser = postgres.connect("postgres")
    sleeping = "from pg_stat_activity where wait_event = 'PgSleep'"
    assert wait_until(lambda: bool(superuser.run(f"select pid {sleeping}")), seconds=20)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    superuser.run(f"select pg_terminate_backend(pid) {sleeping}")
    superuser.close()
    assert tables(postgres, "half_made") == []
    (tmp_path / "9101.slow.sql").write_text("create table half_made (id int);")
    assert apply(postgres, tmp_path) == ("9101.slow",)
