"""Files to import, made of text, of bytes, or of lines that come one by one."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import openpyxl

from beforehand.adapters.s3 import Opened
from beforehand.customers.columns import Kind
from beforehand.customers.mapping import AS_IT_IS, ImportMapping
from beforehand.customers.opening import open_sheet
from beforehand.customers.sheet import Sheet
from beforehand.names import Prefix
from tests.fakes import MemoryFiles


class _Lines(io.RawIOBase):
    """Lines as a file, each made when it is read."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left and (line := next(self._lines, "")):
            self._left = memoryview(line.encode())
        piece, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def stream(content: str | bytes | Iterator[str]) -> "io.BufferedReader[Any]":
    if isinstance(content, str | bytes):
        return io.BufferedReader(io.BytesIO(content.encode() if isinstance(content, str) else content))
    return io.BufferedReader(_Lines(content))


def sheet(content: str | bytes | Iterator[str], kind: Kind, mapping: ImportMapping = AS_IT_IS) -> Sheet:
    return open_sheet(stream(content), kind, mapping)


def excel(rows: Iterable[Iterable[object]], *, title: str = "Sheet") -> bytes:
    """An .xlsx with these rows."""
    workbook = openpyxl.Workbook()
    workbook.active.title = title
    for row in rows:
        workbook.active.append(list(row))
    written = io.BytesIO()
    workbook.save(written)
    return written.getvalue()


class UploadedFiles(MemoryFiles):
    """The files bucket in memory, with what was uploaded to it."""

    def __init__(self) -> None:
        super().__init__()
        self.uploaded: dict[str, bytes] = {}
        self.metadata: dict[str, str] = {}
        self.opened = 0

    @contextmanager
    def open(self, key: str) -> Iterator[Opened]:
        self.opened += 1
        content = self.uploaded[key]
        yield Opened(
            stream=stream(content), size=len(content), version=str(hash(content)), metadata=self.metadata,
            position=lambda: len(content),
        )  # fmt: skip

    def content(self, key: str, *, most: int) -> bytes | None:
        assert key.startswith(Prefix.IMPORT_MAPPINGS)
        return self.uploaded.get(key)
