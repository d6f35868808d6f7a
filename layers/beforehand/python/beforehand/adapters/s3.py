"""Files in S3: how functions hand facts to each other, so that only ids travel through state machines."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from beforehand.adapters.aws import client
from beforehand.errors import NotFoundError

M = TypeVar("M", bound=BaseModel)

TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")
"""S3's words for: something is there already, or is just being put there."""


class S3Files:
    """The files bucket."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def write(self, key: str, document: BaseModel) -> None:
        """Puts a document in its place; a reader sees the whole of it or nothing."""
        body = document.model_dump_json().encode()
        client("s3").put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")

    def claim(self, key: str, document: BaseModel) -> bool:
        """Puts a document in its place if nothing is there; of several at once one does."""
        s3 = client("s3")
        try:
            s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=document.model_dump_json().encode(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in TAKEN:
                return False
            raise
        return True

    def write_lines(self, key: str, documents: Iterable[BaseModel]) -> None:
        """Puts documents in their place, one on each line."""
        body = "".join(f"{document.model_dump_json()}\n" for document in documents).encode()
        client("s3").put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/x-ndjson")

    def upload_address(self, key: str, *, size: int, media: str, metadata: Mapping[str, str], seconds: int) -> str:
        """Where whoever has it may put one file of that size, for so long. It is made here; S3 is not asked."""
        given = {"Bucket": self._bucket, "Key": key, "ContentType": media, "ContentLength": size}
        # By default S3 addresses are signed in a way that covers neither the size nor the headers.
        address: str = client("s3", signature="s3v4").generate_presigned_url(
            "put_object", Params={**given, "Metadata": dict(metadata)}, ExpiresIn=seconds
        )
        return address

    def read(self, key: str, kind: type[M]) -> M:
        """A document that was written before. Raises NotFoundError naming the key."""
        return kind.model_validate_json(self._get(key)["Body"].read())

    def read_aged(self, key: str, kind: type[M]) -> tuple[M, timedelta]:
        """A document and how long ago it was written, both by S3's own clock. Raises NotFoundError."""
        answer = self._get(key)
        said = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return kind.model_validate_json(answer["Body"].read()), max(said - answer["LastModified"], timedelta(0))

    def find(self, key: str, kind: type[M]) -> M | None:
        """A document, or None where nothing was written."""
        try:
            return self.read(key, kind)
        except NotFoundError:
            return None

    @contextmanager
    def open(self, key: str) -> Iterator["Opened"]:
        """A file to be streamed. Raises NotFoundError."""
        answer = self._get(key)
        body = _Raw(answer["Body"])
        with io.BufferedReader(body, 1 << 20) as stream:
            yield Opened(
                stream=stream,
                size=answer["ContentLength"],
                version=answer.get("VersionId", answer["ETag"].strip('"')),
                metadata=answer.get("Metadata", {}),
                position=lambda: body.taken,
            )

    def content(self, key: str, *, most: int) -> bytes | None:
        """The first `most` bytes of a file and one more, or None where there is none."""
        try:
            return bytes(self._get(key)["Body"].read(most + 1))
        except NotFoundError:
            return None

    def _get(self, key: str) -> Any:
        s3 = client("s3")
        try:
            return s3.get_object(Bucket=self._bucket, Key=key)
        except s3.exceptions.NoSuchKey as error:
            raise NotFoundError(f"There is no file {key} in the bucket {self._bucket}") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A file of the bucket while it is read: what is told of it, and how many bytes were taken so far."""

    stream: "io.BufferedReader[Any]"
    size: int
    version: str
    metadata: Mapping[str, str]
    position: Callable[[], int]


class _Raw(io.RawIOBase):
    """Reads a body of S3 as a file, a piece at a time."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._body.read(len(buffer))
        buffer[: len(piece)] = piece
        self.taken += len(piece)
        return len(piece)
