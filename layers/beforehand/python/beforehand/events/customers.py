"""What the functions of `customers` take and answer."""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from beforehand.events import Count, Event
from beforehand.names import Prefix
from beforehand.results import Status


class UploadedObject(Event):
    """The part of an S3 event that says which object it is about."""

    key: str
    size: Count = 0


class UploadedBucket(Event):
    """The bucket of an S3 event."""

    name: str


class UploadedDetail(Event):
    """The detail of an S3 `Object Created` event."""

    bucket: UploadedBucket
    object: UploadedObject


class FileUploaded(Event):
    """S3 tells the bus that a file to import has arrived."""

    id: str
    time: AwareDatetime
    detail: UploadedDetail


class ImportRefusal(Event):
    """One row that was not taken: the line in the file (the header is line 1), the column and the remedy."""

    line: Annotated[int, Field(ge=1)]
    column: str
    because: str


class ImportFinished(Event):
    """What an import did; `refused` lists the first refusals, `refused_rows` counts all of them."""

    file: str
    kind: Literal["customers", "purchases"]
    status: Status
    rows: Count
    added: Count
    changed: Count
    unchanged: Count
    refused_rows: Count
    refused: tuple[ImportRefusal, ...] = ()
    because: str


def import_result_file(key: str) -> str:
    """Where the answer about an uploaded file lies in the bucket."""
    return f"{Prefix.IMPORT_RESULTS}{key.removeprefix(Prefix.IMPORTS)}.json"


class ImportProgress(Event):
    """How far an import has come: rows read, the share of the file that is read (0–1), and what it does."""

    rows: Count
    share: Annotated[float, Field(ge=0, le=1)]
    phase: Literal["reading", "merging"]


def import_progress_file(key: str) -> str:
    """Where an import that takes its time says how far it has come."""
    return f"{Prefix.IMPORT_RESULTS}{key.removeprefix(Prefix.IMPORTS)}.progress.json"


def import_mapping_file(key: str) -> str:
    """Where the mapping for an uploaded file lies, if it has one; it is put there before the file."""
    return f"{Prefix.IMPORT_MAPPINGS}{PurePosixPath(key).stem}.json"
