"""Runs when `database_setup` calls it: makes the roles if they are missing and applies the migrations."""

from beforehand.database.wiring import migrate
from beforehand.entrypoint import task
from beforehand.events.database import DatabaseMigrate

handler = task(DatabaseMigrate, migrate)
