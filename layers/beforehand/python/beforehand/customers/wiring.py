"""Puts `customers_import` together."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import unquote
from uuid import UUID

from pydantic import BaseModel

from beforehand.adapters.postgres import PostgresDatabase, database
from beforehand.adapters.s3 import Opened, S3Files
from beforehand.clock import monotonic, now
from beforehand.customers.columns import COLUMNS, Kind
from beforehand.customers.ledger import PostgresImports
from beforehand.customers.mapping import AS_IT_IS, ImportMapping, read_mapping
from beforehand.customers.model import Upload
from beforehand.customers.opening import open_sheet
from beforehand.customers.service import import_file, refuse_file
from beforehand.customers.sheet import UnreadableFileError
from beforehand.customers.store import PostgresImport
from beforehand.errors import InvalidEventError
from beforehand.events.customers import (
    FileUploaded,
    ImportFinished,
    ImportProgress,
    import_mapping_file,
    import_progress_file,
    import_result_file,
)
from beforehand.ids import from_content
from beforehand.names import Prefix
from beforehand.settings import from_environment
from beforehand.settings.customers import CustomersImportSettings

TOLD_EVERY_SECONDS = 1.0


class Files(Protocol):
    """The files bucket, as far as an import uses it."""

    def open(self, key: str) -> AbstractContextManager[Opened]: ...
    def content(self, key: str, *, most: int) -> bytes | None: ...
    def write(self, key: str, document: BaseModel) -> None: ...


def import_upload(event: FileUploaded) -> ImportFinished:
    """Imports an uploaded file and leaves the answer beside it, under `import-results/`."""
    files = S3Files(from_environment(CustomersImportSettings).files_bucket)
    return take(event.detail.object.key, files, database(CustomersImportSettings))


def take(key: str, files: Files, database: PostgresDatabase) -> ImportFinished:
    """Imports the file of that key; an upload that was imported before is answered the same."""
    kind = kind_of(key)
    with files.open(key) as opened:
        upload = _upload(key, kind, opened)
        with database.transaction() as transaction:
            answer = PostgresImports(transaction).begin(upload)
        if answer is None:
            answer = _import(key, upload, opened, files, database)
    files.write(import_result_file(key), answer)
    return answer


def _import(key: str, upload: Upload, opened: Opened, files: Files, database: PostgresDatabase) -> ImportFinished:
    kind = upload.kind
    try:
        with database.transaction() as transaction:
            imports = PostgresImports(transaction)
            if answer := imports.hold(upload):
                return answer
            mapping = _mapping(key, files)
            answer = import_file(
                key,
                kind,
                open_sheet(opened.stream, kind, mapping),
                PostgresImport(transaction),
                now=upload.started_at,
                mapping=mapping,
                tell=_teller(key, opened, files),
            )
            imports.finish(upload, answer, now=now())
            return answer
    except UnreadableFileError as error:
        answer = refuse_file(key, kind, str(error))
        with database.transaction() as transaction:
            PostgresImports(transaction).finish(upload, answer, now=now())
        return answer
    except Exception as error:
        # Whoever waits for the answer learns that there is none; the failure itself goes on to the dead letters.
        failure = f"the import itself failed ({type(error).__name__}); nothing was taken, the log says more"
        files.write(import_result_file(key), refuse_file(key, kind, failure))
        with database.transaction() as transaction:
            PostgresImports(transaction).fail(upload, failure, now=now())
        raise


def kind_of(key: str) -> Kind:
    """What a file holds, by the folder it was put in. Raises InvalidEventError."""
    for kind in COLUMNS:
        if PurePosixPath(key).is_relative_to(f"{Prefix.IMPORTS}{kind}"):
            return kind
    problem = f"{key} lies in none of {', '.join(f'{Prefix.IMPORTS}{kind}/' for kind in COLUMNS)}"
    raise InvalidEventError("FileUploaded", [problem])


def _upload(key: str, kind: Kind, opened: Opened) -> Upload:
    """A key with an id in it holds one upload; one that a person chose may hold another tomorrow."""
    path = PurePosixPath(key)
    try:
        import_id, known_by = UUID(path.stem), key
    except ValueError:
        known_by = f"{key}?versionId={opened.version}"
        import_id = from_content(known_by)
    return Upload(
        import_id=import_id,
        key=known_by,
        file_name=unquote(opened.metadata.get("file-name", path.name)),
        kind=kind,
        uploaded_by=unquote(opened.metadata["uploaded-by"]) if "uploaded-by" in opened.metadata else None,
        started_at=now(),
    )


def _mapping(key: str, files: Files) -> ImportMapping:
    place = import_mapping_file(key)
    content = files.content(place, most=1 << 20)
    return AS_IT_IS if content is None else read_mapping(content, name=place)


def _teller(key: str, opened: Opened, files: Files) -> Callable[[int, bool], None]:
    """Leaves how far the import has come where whoever waits for it looks; at most once a second."""
    told = monotonic()

    def tell(rows: int, read: bool) -> None:
        nonlocal told
        if monotonic() - told < TOLD_EVERY_SECONDS and not (read and rows > 100_000):
            return
        told = monotonic()
        share = 1.0 if read else min(opened.position() / max(opened.size, 1), 1.0)
        phase = "merging" if read else "reading"
        files.write(import_progress_file(key), ImportProgress(rows=rows, share=share, phase=phase))

    return tell
