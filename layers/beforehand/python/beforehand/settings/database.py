"""The settings of the functions of `database`."""

from beforehand.settings import DatabaseSettings, FilesSettings, Settings


class DatabaseMigrateSettings(DatabaseSettings, FilesSettings):
    """`database_migrate`: signs in as the migrator."""


class DatabaseSetupSettings(Settings):
    """`database_setup`: the function that migrates, and the master's secret (ARN) if it is needed."""

    migrate_function: str
    master_secret: str
