"""Files in S3: how functions hand facts to each other, so that only ids travel through state machines."""

import io
from collections.abc import Iterable, Iterator
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

    def read(self, key: str, kind: type[M]) -> M:
        """A document that was written before. Raises NotFoundError naming the key."""
        return kind.model_validate_json(self._open(key).read())

    def find(self, key: str, kind: type[M]) -> M | None:
        """A document, or None where nothing was written."""
        try:
            return self.read(key, kind)
        except NotFoundError:
            return None

    def lines(self, key: str, *, encoding: str = "utf-8-sig") -> Iterator[str]:
        """The lines of a text file, streamed, their ends kept. Raises UnicodeDecodeError, NotFoundError."""
        body = self._open(key)
        with io.TextIOWrapper(io.BufferedReader(_Raw(body), 1 << 20), encoding=encoding, newline="") as text:
            yield from text

    def _open(self, key: str) -> Any:
        s3 = client("s3")
        try:
            return s3.get_object(Bucket=self._bucket, Key=key)["Body"]
        except s3.exceptions.NoSuchKey as error:
            raise NotFoundError(f"There is no file {key} in the bucket {self._bucket}") from error


class _Raw(io.RawIOBase):
    """Reads a body of S3 as a file, a piece at a time."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._body.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)
