"""Imports one file as `customers_import` does, in a process of its own, and prints what it took as JSON.

python -m benchmarks.import_once <socket> <kind> <file>

Everything is the function's own but two things: the file is opened on this machine instead of in S3 (its client is
made all the same, as it takes memory), and the database is reached by its socket, without TLS.
"""

import io
import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pg8000.native import Connection
from pydantic import BaseModel

from beforehand.adapters.aws import client
from beforehand.adapters.postgres import PostgresDatabase
from beforehand.adapters.s3 import Opened
from beforehand.clock import now
from beforehand.customers import wiring
from beforehand.ids import uuid7
from beforehand.names import DATABASE_NAME, DatabaseRole
from functions.customers_import import handler


class LocalFile:
    """One file, as the bucket would give it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def open(self, key: str) -> Iterator[Opened]:
        """The file, streamed."""
        with io.BufferedReader(self._path.open("rb", buffering=0), 1 << 20) as stream:
            size = self._path.stat().st_size
            yield Opened(stream=stream, size=size, version="1", metadata={}, position=stream.tell)

    def content(self, key: str, *, most: int) -> bytes | None:
        """There is no mapping."""
        return None

    def write(self, key: str, document: BaseModel) -> None:
        """The answer is printed, not kept."""


def main(socket: str, kind: str, file: str) -> None:
    """Imports the file; fails when a row was refused."""
    assert handler.handler
    client("s3")
    database = PostgresDatabase(lambda: Connection(DatabaseRole.APP_RW, unix_sock=socket, database=DATABASE_NAME))
    began = time.perf_counter()
    key = f"imports/{kind}/{uuid7(now())}.csv"
    answer: Any = wiring.take(key, LocalFile(Path(file)), database)
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if answer.refused_rows or answer.status != "done":
        sys.exit(str(answer))
    print(json.dumps({"seconds": took, "megabytes": peak, "rows": answer.rows}))


if __name__ == "__main__":
    main(*sys.argv[1:])
