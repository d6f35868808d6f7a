"""Imports one file: everything that is good in it, or, where the file itself is broken, nothing of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from beforehand.customers.columns import COLUMNS, Kind
from beforehand.customers.model import Merged
from beforehand.customers.rows import Rows, UnreadableFileError, read
from beforehand.events.customers import ImportFinished
from beforehand.results import Status

KEYS: Mapping[Kind, tuple[str, ...]] = {
    "customers": ("customer_id",),
    "purchases": ("customer_id", "purchase_id"),
}


class Tables(Protocol):
    """Where rows go: beside the tables first, then into them as one set."""

    def stage(self, kind: Kind, columns: tuple[str, ...], rows: Iterable[tuple[int, list[str]]]) -> None: ...
    def doubled(self, key: tuple[str, ...]) -> list[tuple[int, int]]: ...
    def strangers(self) -> list[int]: ...
    def merge_customers(self, columns: tuple[str, ...], *, now: datetime) -> Merged: ...
    def merge_purchases(self, columns: tuple[str, ...]) -> Merged: ...


def import_file(file: str, kind: Kind, lines: Iterable[str], tables: Tables, *, now: datetime) -> ImportFinished:
    """What became of each row of the file.

    Raises UnreadableFileError, so that the transaction around it is undone, for a file that cannot be read.
    """
    try:
        rows = read(lines, COLUMNS[kind])
        tables.stage(kind, rows.columns, rows)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"the file is not UTF-8 text (byte {error.start} is {error.object[error.start]:#04x}); save it as UTF-8"
        ) from error
    merged = _merge(kind, rows, tables, now)
    return ImportFinished(
        file=file,
        kind=kind,
        status=Status.DONE,
        rows=rows.count,
        added=merged.added,
        changed=merged.changed,
        unchanged=merged.unchanged,
        refused_rows=rows.refusals.count,
        refused=tuple(sorted(rows.refusals.shown, key=lambda refusal: refusal.line)),
        because=f"left out of account: {', '.join(rows.ignored)}" if rows.ignored else "every column was read",
    )


def refuse_file(file: str, kind: Kind, because: str) -> ImportFinished:
    """The answer about a file of which nothing was taken."""
    return ImportFinished(
        file=file, kind=kind, status=Status.FAILED, rows=0, added=0, changed=0, unchanged=0, refused_rows=0,
        because=because,
    )  # fmt: skip


def _merge(kind: Kind, rows: Rows, tables: Tables, now: datetime) -> Merged:
    key = KEYS[kind]
    if set(key) <= set(rows.columns):
        for line, earlier in tables.doubled(key):
            rows.refusals.add(line, key[-1], f"stands on line {earlier} already; keep one of the two")
    if kind == "customers":
        return tables.merge_customers(rows.columns, now=now)
    for line in tables.strangers():
        rows.refusals.add(line, "customer_id", "is not a customer we know; import the customers first")
    return tables.merge_purchases(rows.columns)
