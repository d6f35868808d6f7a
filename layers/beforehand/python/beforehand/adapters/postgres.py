"""PostgreSQL over verified TLS: one connection, made when first used and kept while the function is warm."""

import re
import socket
import ssl
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pg8000.converters import array_out, make_params, timestamptz_in
from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import TIMESTAMPTZ, Connection, to_statement

from beforehand.adapters import rds_token
from beforehand.clock import now
from beforehand.errors import BeforehandError
from beforehand.settings import DatabaseSettings, from_environment

AUTHORITY = Path(__file__).parent.parent / "certificates" / "database-ca.pem"
CONNECT_SECONDS = 10
STATEMENTS_KEPT = 100
"""So many prepared statements each connection keeps; the server holds a plan for each."""
TEMPORARY = "create temporary table"
EVERY_COLUMN = re.compile(r"\bselect\s+\*|\.\*")
"""A statement that names no columns is not kept: after a migration that adds one, the server would refuse it."""

C = TypeVar("C")
Row = dict[str, Any]

SESSION = (
    # What a function that was ended in the middle had begun is ended too, and lets go of what it held.
    "set client_connection_check_interval = '5s'",
    "set idle_in_transaction_session_timeout = '60s'",
)


@cache
def trust(authority: Path) -> ssl.SSLContext:
    """Trusts only servers whose certificate this authority signed, for the host that was asked for.

    pg8000 verifies nothing unless it is given a context; making one by hand also leaves the machine's
    150 other authorities unread, which is most of the time that connecting takes.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=authority)
    return context


def connect(
    settings: DatabaseSettings,
    *,
    password: str | None = None,
    authority: Path = AUTHORITY,
    driver: Callable[..., C] = Connection,
) -> C:
    """A new connection as the settings' user: by IAM token, or by `password` where one is given.

    Raises ssl.SSLError for a certificate that is not to be trusted and pg8000's InterfaceError for a
    server without TLS.
    """
    host, port = settings.database_host, settings.database_port
    plain = socket.create_connection((host, port), CONNECT_SECONDS)
    # Without this, a statement over 8 KB waits 40 ms for the acknowledgement of its first part.
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    try:
        connection = driver(
            settings.database_user,
            host=host,
            port=port,
            database=settings.database_name,
            password=password or rds_token.make(host=host, port=port, user=settings.database_user, at=now()),
            sock=plain,
            ssl_context=trust(authority),
            application_name="beforehand",
        )
    except BaseException:
        plain.close()
        raise
    # Signing in had its time; a statement may take as long as its function has. (pg8000 has no word for it.)
    connection._usock.settimeout(None)  # type: ignore[attr-defined]
    return connection


class Prepared:
    """The statements that a connection used last, read and planned by the server; each takes one round trip.

    A statement is known by its text, and what its names mean is settled when it is read: a temporary table that is
    made later, before a lasting one of its name, would be passed by. So whenever one is made, all are forgotten.
    When it goes, the server by itself reads anew what spoke of it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._kept: OrderedDict[str, tuple[bytes, Any, Any]] = OrderedDict()

    def execute(self, statement: str, values: tuple[Any, ...]) -> Any:
        """Carries out a statement, prepared now if it was not; answers as `Connection.execute_unnamed` does."""
        name, columns, readers = self._named(statement)
        given = make_params(self._connection.py_types, values)
        return self._connection.execute_named(name, given, columns, readers, statement)

    def forget(self) -> None:
        """Lets go of every statement."""
        while self._kept:
            self._let_go_of_the_oldest()

    def _named(self, statement: str) -> tuple[bytes, Any, Any]:
        if statement not in self._kept:
            if len(self._kept) == STATEMENTS_KEPT:
                self._let_go_of_the_oldest()
            self._kept[statement] = self._connection.prepare_statement(statement, ())
        self._kept.move_to_end(statement)
        return self._kept[statement]

    def _let_go_of_the_oldest(self) -> None:
        _, (name, *_) = self._kept.popitem(last=False)
        self._connection.close_prepared_statement(name)


class Transaction:
    """Statements that are committed together or not at all."""

    def __init__(self, connection: Connection, prepared: Prepared | None = None) -> None:
        """`prepared`: keeps statements for the transactions after this one; None reads each anew."""
        self._connection = connection
        self._prepared = prepared

    def run(self, sql: str, **parameters: Any) -> int:
        """Carries out a statement; returns how many rows it touched."""
        return max(int(self._execute(sql, parameters).row_count), 0)

    def rows(self, sql: str, **parameters: Any) -> list[Row]:
        """The rows of a query, each by column name."""
        answer = self._execute(sql, parameters)
        names = [column["name"] for column in answer.columns or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.rows or ()]

    def row(self, sql: str, **parameters: Any) -> Row | None:
        """The first row of a query, or None."""
        found = self.rows(sql, **parameters)
        return found[0] if found else None

    def attempt(self, sql: str, **parameters: Any) -> int | None:
        """As `run`; None where another has the place that it wanted, which ends nothing but this statement."""
        self.run("savepoint attempt")
        try:
            touched = self.run(sql, **parameters)
        except DatabaseError as error:
            if _state(error) not in TAKEN:
                raise
            self.run("rollback to savepoint attempt")
            return None
        self.run("release savepoint attempt")
        return touched

    def copy_in(self, sql: str, lines: Iterator[str]) -> None:
        """Streams lines into a `COPY … FROM STDIN`."""
        self._connection.run(sql, stream=lines)

    def _execute(self, sql: str, parameters: dict[str, Any]) -> Any:
        """As `Connection.run`, which looks through the text of a statement, sign by sign, each time it is run."""
        if self._prepared is not None and sql.startswith(TEMPORARY):
            self._prepared.forget()
        if not parameters:
            return self._connection.execute_simple(sql)
        statement, values, may_be_kept = _read(sql)
        if self._prepared is None or not may_be_kept:
            return self._connection.execute_unnamed(statement, values(parameters))
        return self._prepared.execute(statement, values(parameters))


@lru_cache(maxsize=512)
def _read(sql: str) -> tuple[str, Callable[[dict[str, Any]], tuple[Any, ...]], bool]:
    """A statement as the server reads it, what puts its values in order, and whether it may be kept prepared."""
    statement, values = to_statement(sql)
    return statement, values, EVERY_COLUMN.search(statement) is None


def _moment(text: str) -> datetime | str:
    """A `timestamptz`, read much faster than the driver does; what is no moment of Python's is left to it."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return timestamptz_in(text)  # type: ignore[no-any-return]


def _array(values: list[Any]) -> str:
    """An array as PostgreSQL reads it. The driver looks at each sign of each text; a batch has thousands."""
    if not all(type(value) is str for value in values):
        return array_out(values)  # type: ignore[no-any-return]
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in escaped) + "}"


class PostgresDatabase:
    """Opens transactions; connects again by itself when the kept connection has gone stale."""

    def __init__(self, connecting: Callable[[], Connection]) -> None:
        self._connecting = connecting
        self._connection: Connection | None = None
        self._prepared: Prepared | None = None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One transaction: committed at the end of the block, rolled back when the block raises."""
        connection = self._begin()
        try:
            yield Transaction(connection, self._prepared)
            connection.run("commit")
        except BeforehandError:
            # Nothing is wrong with the connection when we ourselves refuse something.
            self._undo(connection)
            raise
        except BaseException:
            self._forget()
            raise

    @contextmanager
    def undone(self) -> Iterator[Transaction]:
        """One transaction of which nothing stays: it is rolled back at the end of the block, however that ends."""
        connection = self._begin()
        try:
            yield Transaction(connection, self._prepared)
        except BaseException:
            self._forget()
            raise
        self._undo(connection)

    def _begin(self) -> Connection:
        if self._connection is not None:
            try:
                self._connection.run("begin")
                return self._connection
            except (InterfaceError, OSError):
                self._forget()
        self._connection = self._connecting()
        self._connection.register_in_adapter(TIMESTAMPTZ, _moment)
        self._connection.register_out_adapter(list, _array)
        self._prepared = Prepared(self._connection)
        for setting in SESSION:
            self._connection.run(setting)
        self._connection.run("begin")
        return self._connection

    def _undo(self, connection: Connection) -> None:
        try:
            connection.run("rollback")
        except (DatabaseError, InterfaceError, OSError):
            self._forget()

    def _forget(self) -> None:
        """Closes the connection: whatever it had not committed is gone with it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except (InterfaceError, OSError):
                return


AWAY = ("08", "53", "57")
"""Classes of SQLSTATE: a broken connection, too few resources, a server that an operator stops."""


TAKEN = ("23505", "23P01", "40P01")
"""SQLSTATEs of whoever comes second: a unique or an exclusion constraint, or two waiting for each other there."""


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database is not there, rather than that it refused something."""
    if isinstance(error, DatabaseError):
        return _state(error).startswith(AWAY)
    return isinstance(error, (InterfaceError, OSError))


def _state(error: DatabaseError) -> str:
    said = error.args[0] if error.args else None
    return str(said.get("C", "")) if isinstance(said, dict) else ""


@cache
def database(kind: type[DatabaseSettings]) -> PostgresDatabase:
    """This process's database, as the function's own settings say."""
    return PostgresDatabase(lambda: connect(from_environment(kind)))
