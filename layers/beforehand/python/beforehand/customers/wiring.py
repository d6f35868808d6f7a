"""Puts `customers_import` together."""

from pathlib import PurePosixPath

from beforehand.adapters.postgres import database
from beforehand.adapters.s3 import S3Files
from beforehand.clock import now
from beforehand.customers.columns import COLUMNS, Kind
from beforehand.customers.rows import UnreadableFileError
from beforehand.customers.service import import_file, refuse_file
from beforehand.customers.store import PostgresImport
from beforehand.errors import InvalidEventError
from beforehand.events.customers import FileUploaded, ImportFinished, import_result_file
from beforehand.names import Prefix
from beforehand.settings import from_environment
from beforehand.settings.customers import CustomersImportSettings


def import_upload(event: FileUploaded) -> ImportFinished:
    """Imports an uploaded file and leaves the answer beside it, under `import-results/`."""
    key = event.detail.object.key
    kind = _kind_of(key)
    files = S3Files(from_environment(CustomersImportSettings).files_bucket)
    try:
        with database(CustomersImportSettings).transaction() as transaction:
            answer = import_file(key, kind, files.lines(key), PostgresImport(transaction), now=now())
    except UnreadableFileError as error:
        answer = refuse_file(key, kind, str(error))
    except Exception as error:
        # Whoever waits for the answer learns that there is none; the failure itself goes on to the dead letters.
        failure = f"the import itself failed ({type(error).__name__}); nothing was taken, the log says more"
        files.write(import_result_file(key), refuse_file(key, kind, failure))
        raise
    files.write(import_result_file(key), answer)
    return answer


def _kind_of(key: str) -> Kind:
    for kind in COLUMNS:
        if PurePosixPath(key).is_relative_to(f"{Prefix.IMPORTS}{kind}"):
            return kind
    problem = f"{key} lies in none of {', '.join(f'{Prefix.IMPORTS}{kind}/' for kind in COLUMNS)}"
    raise InvalidEventError("FileUploaded", [problem])
