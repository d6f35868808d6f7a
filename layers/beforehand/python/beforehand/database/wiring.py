"""Puts `database_migrate` together: the isolated half."""

from pathlib import Path

from beforehand.adapters.postgres import database
from beforehand.adapters.s3 import S3Files
from beforehand.clock import now
from beforehand.database import service
from beforehand.events.database import DatabaseMigrate, DatabaseMigrated
from beforehand.outreach.suppression import pepper
from beforehand.outreach.suppression.pepper_store import PostgresFingerprints
from beforehand.settings import from_environment
from beforehand.settings.database import DatabaseMigrateSettings

FOLDER = "migrations"


def migrate(request: DatabaseMigrate) -> DatabaseMigrated:
    """Applies the migrations that lie beside the function's handler, and sees to the pepper of the hashes."""
    settings = from_environment(DatabaseMigrateSettings)
    done = service.migrate(request, settings=settings, folder=Path.cwd() / FOLDER)
    if done.ready:
        with database(DatabaseMigrateSettings).transaction() as transaction:
            pepper.ensure(S3Files(settings.files_bucket), PostgresFingerprints(transaction, now=now()))
    return done
