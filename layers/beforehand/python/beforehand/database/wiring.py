"""Puts `database_migrate` together: the isolated half."""

from pathlib import Path

from beforehand.database import service
from beforehand.events.database import DatabaseMigrate, DatabaseMigrated
from beforehand.settings import from_environment
from beforehand.settings.database import DatabaseMigrateSettings

FOLDER = "migrations"


def migrate(request: DatabaseMigrate) -> DatabaseMigrated:
    """Applies the migrations that lie beside the function's handler."""
    settings = from_environment(DatabaseMigrateSettings)
    return service.migrate(request, settings=settings, folder=Path.cwd() / FOLDER)
