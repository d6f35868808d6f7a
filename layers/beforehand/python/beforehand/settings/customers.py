"""The settings of the functions of `customers`."""

from beforehand.settings import DatabaseSettings, FilesSettings


class CustomersImportSettings(DatabaseSettings, FilesSettings):
    """`customers_import`."""
