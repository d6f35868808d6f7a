"""Databases that are paused, crowded, read-only, or of yesterday."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from pg8000 import native
from pg8000.exceptions import DatabaseError, InterfaceError

from beforehand.adapters.postgres import PostgresDatabase
from beforehand.names import DATABASE_NAME, DatabaseRole
from beforehand.outreach.model import State
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect
from tests.faults.books import check, standings
from tests.faults.desk import Desk
from tests.faults.people import plan
from tests.faults.points import together
from tests.outreach.provider_server import Mode, ProviderServer

TOO_MANY_CONNECTIONS, READ_ONLY = "53300", "25006"
EARLIER = "beforehand_earlier"


@pytest.fixture
def superuser(postgres: Postgres) -> Iterator[native.Connection]:
    connection = postgres.connect("postgres")
    yield connection
    connection.run(f"alter role {DatabaseRole.APP_RW} connection limit -1")
    connection.run(f"alter role {DatabaseRole.APP_RW} reset default_transaction_read_only")
    connection.close()


def code_of(error: BaseException | None) -> str | None:
    """PostgreSQL's code for what went wrong; closing what never stood may hide it behind an error of its own."""
    while error is not None:
        if isinstance(error, DatabaseError):
            return str(error.args[0]["C"])
        error = error.__context__
    return None


@contextmanager
def paused(server: Postgres, place: Path) -> Iterator[tuple[Path, threading.Event]]:
    """A socket before the database that takes calls and passes nothing on until it is told to."""
    awake = threading.Event()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place))
    listener.listen(16)

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            awake.wait()
            behind = socket.socket(socket.AF_UNIX)
            behind.connect(str(server.socket))
            for pair in ((caller, behind), (behind, caller)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield place, awake
    finally:
        awake.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.mark.fault(16)
def test_while_the_database_is_paused_ticks_fail_and_nothing_goes_and_then_all_goes_once(
    desk: Desk, postgres: Postgres, provider: ProviderServer, tmp_path: Path
) -> None:
    ids = plan(desk.database, "paused", count=2)
    with paused(postgres, tmp_path / "s") as (place, awake):
        seconds = [0.3]

        def connecting() -> native.Connection:
            return native.Connection(
                DatabaseRole.APP_RW,
                unix_sock=str(place),
                ssl_context=False,
                database=DATABASE_NAME,
                timeout=seconds[0],
            )

        through = replace(desk, database=PostgresDatabase(connecting))
        for _ in range(3):
            with pytest.raises((InterfaceError, OSError)):
                through.whole()
        assert (provider.calls(), standings(desk.database, ids)[ids[0]].attempt) == ([], 0)
        seconds[0] = 30
        awake.set()
        through.whole()
    assert check(desk, ids, provider.taken()) == {State.SENT: 2}


@pytest.mark.fault(17)
def test_workers_that_find_no_connection_fail_whole_and_those_that_do_send_once(
    desk: Desk, postgres: Postgres, provider: ProviderServer, superuser: native.Connection, tmp_path: Path
) -> None:
    ids = plan(desk.database, "crowded", count=30)
    log = tmp_path / "how it went"

    def work() -> None:
        try:
            desk.forked(postgres).whole()
            said = "done"
        except (DatabaseError, InterfaceError) as error:
            said = code_of(error) or type(error).__name__
        with log.open("a") as file:
            file.write(f"{said}\n")

    superuser.run(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = :name",
        name=DatabaseRole.APP_RW,
    )
    superuser.run(f"alter role {DatabaseRole.APP_RW} connection limit 3")
    with desk.database.transaction():
        others = [connect(postgres) for _ in range(2)]
    together(work, processes=6)
    assert log.read_text().split() == [TOO_MANY_CONNECTIONS] * 6
    assert provider.calls() == []
    for other in others:
        other.close()
    for _ in range(3):
        together(work, processes=6)
    assert set(log.read_text().split()) <= {TOO_MANY_CONNECTIONS, "done"}
    desk.drain(ids)
    assert check(desk, ids, provider.taken()) == {State.SENT: len(ids)}


@pytest.mark.fault(18)
def test_while_the_database_can_only_be_read_nothing_is_sent_and_what_was_sent_is_recorded_later(
    desk: Desk, postgres: Postgres, provider: ProviderServer, superuser: native.Connection
) -> None:
    def turned(to: str) -> Desk:
        superuser.run(f"alter role {DatabaseRole.APP_RW} set default_transaction_read_only = {to}")
        return replace(desk, database=PostgresDatabase(lambda: connect(postgres)))

    (sent,) = plan(desk.database, "sent before")
    (chunk,), _ = desk.tick()
    desk.send(chunk)
    (planned,) = plan(desk.database, "planned before")
    locked = turned("on")
    for step in (locked.tick, lambda: locked.record(chunk)):
        with pytest.raises(DatabaseError) as failed:
            step()
        assert code_of(failed.value) == READ_ONLY
    assert [call["outreach_id"] for call in provider.calls()] == [str(sent)]
    again = turned("off")
    again.record(chunk)
    assert standings(again.database, [sent])[sent].state is State.SENT
    again.drain([planned])
    assert check(again, [sent, planned], provider.taken()) == {State.SENT: 2}


@contextmanager
def copied(server: Postgres) -> Iterator[PostgresDatabase]:
    """A copy of the database as it is now, to go back to."""
    outside = server.connect("postgres", database="template1")
    outside.run("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name", name=DATABASE_NAME)
    outside.run(f"drop database if exists {EARLIER}")
    outside.run(f"create database {EARLIER} template {DATABASE_NAME}")
    try:
        yield PostgresDatabase(lambda: server.connect(DatabaseRole.APP_RW, database=EARLIER))
    finally:
        outside.run(f"drop database {EARLIER} with (force)")
        outside.close()


@pytest.mark.fault(32)
def test_a_database_of_yesterday_sends_nothing_again_that_went_since(
    desk: Desk, postgres: Postgres, provider: ProviderServer
) -> None:
    """The attempts of the copy have the numbers of those that were made since, and their keys still stand."""
    waiting = plan(desk.database, "planned before the copy", count=4)
    retried, lost, refused, _ = waiting
    provider.says([Mode.THROTTLES, Mode.THROTTLES, Mode.ACCEPTS], retried)
    provider.says([Mode.LOSES, Mode.ACCEPTS], lost)
    provider.says([Mode.REFUSES, Mode.ACCEPTS], refused)
    in_flight = plan(desk.database, "claimed before the copy", count=2)
    with desk.database.transaction() as t:
        t.run("update outreach set next_at = next_at + interval '1 minute' where cycle = 'planned before the copy'")
    (chunk,), _ = desk.tick()
    with copied(postgres) as earlier:
        desk.send(chunk)
        desk.record(chunk)
        since = plan(desk.database, "planned after the copy", count=2)
        everything = [*waiting, *in_flight, *since]
        desk.drain(everything)
        ends = check(desk, everything, provider.taken())
        taken = len(provider.taken())

        restored = replace(desk, database=earlier)
        assert plan(earlier, "planned after the copy", count=2) == since
        restored.drain(everything, deliveries=2)
        assert check(restored, everything, provider.taken()) == ends
        assert len(provider.taken()) == taken
