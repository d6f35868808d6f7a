"""Migrations: plain SQL files, each applied once, in one transaction with the note that it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pg8000 import dbapi
from yoyo import read_migrations
from yoyo.backends.base import DatabaseBackend

from beforehand.errors import NotFoundError

LOCK = 7_265_366_723


def apply(connection: dbapi.Connection, folder: Path) -> tuple[str, ...]:
    """Applies what this database has not seen yet; returns the names of what was applied, in order.

    Two at once are harmless: the second waits for the first. A migration that fails leaves nothing
    behind, and those before it stay applied. Raises NotFoundError for a folder without migrations.
    """
    backend = _Backend(connection)
    migrations = read_migrations(str(folder))
    if not migrations:
        raise NotFoundError(f"There is no migration in {folder}")
    with backend.lock():
        waiting = list(backend.to_apply(migrations))
        for migration in waiting:
            backend.apply_one(migration)
    return tuple(migration.id for migration in waiting)


class _Backend(DatabaseBackend):  # type: ignore[misc]
    """yoyo over a connection of ours, made safe against a function that is killed half-way.

    yoyo notes a migration in a second transaction and holds its lock as a row; killed between, it would
    apply the migration again or wait for ever. Here both belong to the connection and go with it.
    """

    driver_module = "pg8000.dbapi"
    list_tables_sql = "select table_name from information_schema.tables where table_schema = 'public'"

    _is_locked: bool

    def __init__(self, connection: dbapi.Connection) -> None:
        self._is_locked = False
        self._given = connection
        super().__init__("postgresql", "_yoyo_migration")
        self._connection.autocommit = True

    def connect(self, dburi: str) -> dbapi.Connection:
        return self._given

    def list_tables(self, **_: Any) -> list[str]:
        return [row[0] for row in self.execute(self.list_tables_sql).fetchall()]

    def commit(self) -> None:
        self.execute("commit")
        self._in_transaction = False

    def rollback(self) -> None:
        self.execute("rollback")
        self._in_transaction = False

    @contextmanager
    def lock(self, timeout: float = 0) -> Iterator[None]:
        """Held until the connection ends, however it ends.

        One may wait minutes for another migration, but a migration itself only seconds for a table:
        everyone who uses that table would queue up behind it.
        """
        if not self._is_locked:
            self.execute("set lock_timeout = '5min'")
            self.execute(f"select pg_advisory_lock({LOCK})")
            self.execute("set lock_timeout = '5s'")
            self._is_locked = True
        yield

    def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:
        self.ensure_internal_schema_updated()
        with self.transaction():
            migration.process_steps(self, "apply", force=force)
            self.mark_one(migration, log=False)
