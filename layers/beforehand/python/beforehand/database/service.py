"""Brings the database to a release: roles first, where they are missing, then the migrations."""

from pathlib import Path

from pg8000 import dbapi
from pg8000.exceptions import DatabaseError

from beforehand.adapters.postgres import connect
from beforehand.database import migrations, roles
from beforehand.events.database import DatabaseMigrate, DatabaseMigrated
from beforehand.settings import DatabaseSettings

REFUSED_SIGN_IN = frozenset({"28000", "28P01"})


def migrate(request: DatabaseMigrate, *, settings: DatabaseSettings, folder: Path) -> DatabaseMigrated:
    """Applies what is missing as the migrator.

    Where the migrator cannot sign in, or the roles lack rights of this release, and no master was given, it
    answers `ready=False` and does nothing.
    """
    if request.master_user and request.master_password:
        _make_roles(settings, request.master_user, request.master_password.get_secret_value())
    try:
        connection = connect(settings, driver=dbapi.Connection)
    except DatabaseError as error:
        if request.master_user or error.args[0].get("C") not in REFUSED_SIGN_IN:
            raise
        return DatabaseMigrated(ready=False, because=f"{settings.database_user} cannot sign in yet")
    connection.autocommit = True
    try:
        if _rights(connection) != roles.version():
            return DatabaseMigrated(ready=False, because="the roles have the rights of another release")
        _run(connection, roles.rights())
        applied = migrations.apply(connection, folder)
    finally:
        connection.close()
    because = f"applied {', '.join(applied)}" if applied else "the database has every migration already"
    return DatabaseMigrated(ready=True, applied=applied, because=because)


def _make_roles(settings: DatabaseSettings, user: str, password: str) -> None:
    as_master = settings.model_copy(update={"database_user": user})
    connection = connect(as_master, password=password, driver=dbapi.Connection)
    try:
        cursor = connection.cursor()
        cursor.execute("select rolname from pg_roles")
        existing = frozenset(row[0] for row in cursor.fetchall())
        _run(connection, roles.creation(existing))
        connection.commit()
    finally:
        connection.close()


def _rights(connection: dbapi.Connection) -> str | None:
    """Which rights the master gave last, as the migrator's comment says."""
    cursor = connection.cursor()
    cursor.execute("select shobj_description(oid, 'pg_authid') from pg_roles where rolname = current_user")
    found = cursor.fetchone()
    return found[0] if found else None


def _run(connection: dbapi.Connection, statements: list[str]) -> None:
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
