"""Puts `churn_export` together; it needs the database and the files bucket."""

from beforehand.adapters.postgres import database
from beforehand.adapters.s3 import S3Files
from beforehand.churn import exporting
from beforehand.churn.memory_store import PostgresMemory
from beforehand.events.churn import MemoryExported, MemoryRequested
from beforehand.settings import from_environment
from beforehand.settings.churn import ChurnExportSettings


def export(request: MemoryRequested) -> MemoryExported:
    """Leaves the memory of customers as files."""
    settings = from_environment(ChurnExportSettings)
    with database(ChurnExportSettings).transaction() as transaction:
        return exporting.export(request, memory=PostgresMemory(transaction), files=S3Files(settings.files_bucket))
