"""Sends a file to be imported and waits for the answer that the import leaves beside it."""

import getpass
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from beforehand.clock import monotonic
from beforehand.customers.columns import Kind
from beforehand.customers.mapping import ImportMapping
from beforehand.errors import BeforehandError
from beforehand.events.customers import (
    ImportFinished,
    ImportProgress,
    import_mapping_file,
    import_progress_file,
    import_result_file,
)
from beforehand.ids import uuid7
from beforehand.names import Prefix
from beforehand_cli.deployment import Deployment
from beforehand_cli.waiting import pause

PATIENCE_SECONDS = 900
EXCEL = {".xlsx", ".xlsm"}

Progress = Callable[[ImportProgress], None]


class ImportUnansweredError(BeforehandError):
    """The import did not answer in time."""

    def __init__(self, key: str, seconds: float) -> None:
        super().__init__(
            f"Nothing was heard of {key} for {seconds:.0f} seconds. It may still be running; the log of "
            "customers_import and its dead letters say more."
        )


def import_file(
    deployment: Deployment,
    kind: Kind,
    path: Path,
    *,
    now: datetime,
    progress: Callable[[float], None],
    mapping: ImportMapping | None = None,
    reading: Progress = lambda progress: None,
) -> ImportFinished:
    """Uploads the file and returns what became of its rows.

    `progress` hears the share that is uploaded (0–1), `reading` how far the import has come, if it takes its time.
    Raises ImportUnansweredError.
    """
    ending = "xlsx" if path.suffix.lower() in EXCEL else "csv"
    key = f"{Prefix.IMPORTS}{kind}/{uuid7(now)}.{ending}"
    bucket = deployment.outputs["FilesBucket"]
    s3 = deployment.client("s3")
    if mapping is not None:
        body = mapping.model_dump_json(by_alias=True, exclude_defaults=True).encode()
        s3.put_object(Bucket=bucket, Key=import_mapping_file(key), Body=body, ContentType="application/json")
    size, sent = max(path.stat().st_size, 1), 0

    def report(more: int) -> None:
        nonlocal sent
        sent += more
        progress(min(sent / size, 1.0))

    # With a checksum S3 itself refuses what was damaged on its way.
    arguments = {"ChecksumAlgorithm": "SHA256", "Metadata": _metadata(path)}
    s3.upload_file(str(path), bucket, key, Callback=report, ExtraArgs=arguments)
    return _answer(s3, bucket, key, look_every=deployment.look_every, reading=reading)


def _metadata(path: Path) -> dict[str, str]:
    """What the ledger of imports says of the upload; metadata are ASCII."""
    told = {"file-name": quote(path.name)}
    try:
        return {**told, "uploaded-by": quote(getpass.getuser())}
    except (KeyError, OSError):
        return told


def _answer(s3: Any, bucket: str, key: str, *, look_every: float, reading: Progress) -> ImportFinished:
    heard, last = monotonic(), b""
    while monotonic() < heard + PATIENCE_SECONDS:
        body = read_if_there(s3, bucket, import_result_file(key))
        if body is not None:
            return ImportFinished.model_validate_json(body)
        told = read_if_there(s3, bucket, import_progress_file(key))
        if told and told != last:
            heard, last = monotonic(), told
            reading(ImportProgress.model_validate_json(told))
        pause(look_every)
    raise ImportUnansweredError(key, PATIENCE_SECONDS)


def read_if_there(s3: object, bucket: str, key: str) -> bytes | None:
    """A file of the bucket, or None while it is not there."""
    try:
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())  # type: ignore[attr-defined]
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
            return None
        raise
