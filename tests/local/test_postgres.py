"""The embedded PostgreSQL: started, stopped, killed, and its data still there."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pg8000.native
import pytest

from beforehand_cli.local import roles
from beforehand_cli.local.accounts import Account
from beforehand_cli.local.node import Tools
from beforehand_cli.local.postgres import (
    DATABASE,
    MASTER_USER,
    SUPERUSER,
    Postgres,
    UnsafeSocketDirectoryError,
    copy_whole,
    throwaway,
)
from beforehand_cli.local.processes import record_of, wait_until
from tests.local.conftest import refused


@pytest.fixture(scope="module")
def made(tools: Tools) -> Iterator[Postgres]:
    with throwaway(tools.postgres()) as server:
        yield server


@pytest.fixture
def server(made: Postgres) -> Postgres:
    """It runs, whatever the test before did to it."""
    made.start()
    return made


def connect(server: Postgres, user: str = SUPERUSER, **more: str) -> pg8000.native.Connection:
    return server.connect(user, database=more.pop("database", "postgres"), **more)


def run(server: Postgres, statement: str) -> list[list[object]]:
    connection = connect(server)
    try:
        answer: list[list[object]] = connection.run(statement)
        return answer
    finally:
        connection.close()


def test_data_outlive_a_stop(server: Postgres) -> None:
    run(server, "CREATE TABLE stopped AS SELECT 7 AS n")
    assert server.stop() is True
    assert server.pid() is None
    server.start()
    assert run(server, "SELECT n FROM stopped") == [[7]]


def test_data_outlive_a_crash(server: Postgres) -> None:
    run(server, "CREATE TABLE crashed AS SELECT 7 AS n")
    crashed = record_of(server.start())
    os.kill(crashed.pid, signal.SIGKILL)
    assert wait_until(lambda: not crashed.is_running(), seconds=5)
    assert server.start() != crashed.pid
    assert run(server, "SELECT n FROM crashed") == [[7]]
    assert run(server, "SHOW fsync") == [["on"]]


def test_starting_twice_is_starting_once(server: Postgres) -> None:
    assert server.start() == server.start()


def test_stopping_what_does_not_run_is_no_error(server: Postgres) -> None:
    server.stop()
    assert server.stop() is False


def test_leaves_no_socket_directory_behind(server: Postgres) -> None:
    assert server.socket_directory.is_dir()
    server.stop()
    assert not server.socket_directory.exists()


def test_is_stopped_although_its_binaries_are_gone(server: Postgres, tmp_path: Path) -> None:
    crippled = Postgres(binaries=tmp_path, home=server.home, account=server.account)
    assert crippled.stop() is True
    assert server.pid() is None


def test_listens_on_its_socket_only(server: Postgres) -> None:
    assert run(server, "SHOW listen_addresses") == [[""]]
    assert server.socket.parent.stat().st_mode & 0o777 == 0o700
    assert len(str(server.socket)) < 107


def test_is_the_database_that_rds_has(server: Postgres) -> None:
    assert run(server, "SHOW server_version") == [["18.4"]]
    assert run(server, "SHOW timezone") == [["UTC"]]
    assert run(server, "SELECT pg_encoding_to_char(encoding) FROM pg_database LIMIT 1") == [["UTF8"]]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the server to another account")
def test_does_not_run_as_root(server: Postgres) -> None:
    assert Path(f"/proc/{server.start()}").stat().st_uid == Account.choose().uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the server to another account")
def test_moves_where_its_account_can_go_when_the_project_is_closed_to_it(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("beforehand_cli.local.postgres._ROOT_HOME", tmp_path / "open")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    server = Postgres.at(closed / "postgres", native=tools.postgres())
    try:
        server.start()
        assert server.home.is_relative_to(tmp_path / "open")
        assert run(server, "SELECT 1") == [[1]]
        gone = Postgres.at(closed / "postgres", native=tmp_path / "gone")
        assert gone.pid() == server.pid(), "found without its binaries"
    finally:
        server.stop()
    Postgres.remove(closed / "postgres", native=tools.postgres())
    assert not (tmp_path / "open").exists()


def test_refuses_a_socket_directory_of_somebody_else(server: Postgres, tmp_path: Path) -> None:
    server.stop()
    server.socket_directory.symlink_to(tmp_path)
    try:
        with pytest.raises(UnsafeSocketDirectoryError):
            server.start()
    finally:
        server.socket_directory.unlink()


def test_the_master_is_no_superuser_but_may_give_the_iam_role(server: Postgres) -> None:
    roles.ensure_roles(server.socket, master_password="secret")
    roles.ensure_roles(server.socket, master_password="secret")
    master = connect(server, MASTER_USER, password="secret", database=DATABASE)
    try:
        assert master.run("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user") == [
            [False, True]
        ]
        master.run("CREATE ROLE app LOGIN")
        master.run("GRANT rds_iam TO app")
        master.run("CREATE TABLE mine (n int)")
    finally:
        master.close()
    with refused("28P01"):
        connect(server, MASTER_USER, password="wrong", database=DATABASE)


def test_of_two_that_start_first_at_once_both_find_whole_binaries(tmp_path: Path) -> None:
    source, target = tmp_path / "native", tmp_path / "copies" / "binaries"
    (source / "bin").mkdir(parents=True)
    (source / "bin" / "postgres").write_text("it")
    starts = [multiprocessing.Process(target=copy_whole, args=(source, target)) for _ in range(8)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert [start.exitcode for start in starts] == [0] * 8
    assert (target / "bin" / "postgres").read_text() == "it"
    assert list(target.parent.iterdir()) == [target], "nothing half copied is left"
