"""Sends a file to be imported and waits for the answer that the import leaves beside it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from botocore.exceptions import ClientError

from beforehand.clock import monotonic
from beforehand.customers.columns import Kind
from beforehand.errors import BeforehandError
from beforehand.events.customers import ImportFinished, import_result_file
from beforehand.ids import uuid7
from beforehand.names import Prefix
from beforehand_cli.deployment import Deployment
from beforehand_cli.waiting import pause

PATIENCE_SECONDS = 900


class ImportUnansweredError(BeforehandError):
    """The import did not answer in time."""

    def __init__(self, key: str, seconds: float) -> None:
        super().__init__(
            f"Nothing was heard of {key} for {seconds:.0f} seconds. It may still be running; the log of "
            "customers_import and its dead letters say more."
        )


def import_file(
    deployment: Deployment, kind: Kind, path: Path, *, now: datetime, progress: Callable[[float], None]
) -> ImportFinished:
    """Uploads the file and returns what became of its rows; `progress` hears the share that is uploaded (0–1).

    Raises ImportUnansweredError.
    """
    key = f"{Prefix.IMPORTS}{kind}/{uuid7(now)}.csv"
    bucket = deployment.outputs["FilesBucket"]
    s3 = deployment.client("s3")
    size, sent = max(path.stat().st_size, 1), 0

    def report(more: int) -> None:
        nonlocal sent
        sent += more
        progress(min(sent / size, 1.0))

    s3.upload_file(str(path), bucket, key, Callback=report, ExtraArgs={"ContentType": "text/csv"})
    return _answer(s3, bucket, key, look_every=deployment.look_every)


def _answer(s3: object, bucket: str, key: str, *, look_every: float) -> ImportFinished:
    deadline = monotonic() + PATIENCE_SECONDS
    while monotonic() < deadline:
        body = read_if_there(s3, bucket, import_result_file(key))
        if body is not None:
            return ImportFinished.model_validate_json(body)
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
