"""Imports one file: everything that is good in it, or, where the file itself is broken, nothing of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Protocol

from beforehand.customers.columns import Kind
from beforehand.customers.mapping import AS_IT_IS, ImportMapping
from beforehand.customers.model import Merged, Taken
from beforehand.customers.plan import Plan, plan
from beforehand.customers.rows import SHOWN_REFUSALS, Rows
from beforehand.customers.sheet import Sheet
from beforehand.events.customers import ImportFinished
from beforehand.results import Status

KEYS: Mapping[Kind, tuple[str, ...]] = {
    "customers": ("customer_id",),
    "purchases": ("customer_id", "purchase_id"),
}
TOLD_EVERY = 2_000
FURTHEST_AHEAD = timedelta(hours=14)
"""How far the day has come where it is furthest, beside UTC."""


class Tables(Protocol):
    """Where rows go: beside the tables first, then into them as one set."""

    def stage(self, kind: Kind, columns: tuple[str, ...], rows: Iterable[tuple[int, list[str]]]) -> None: ...
    def doubled(self, key: tuple[str, ...], *, shown: int) -> Taken: ...
    def strangers(self, *, shown: int) -> Taken: ...
    def merge_customers(self, columns: tuple[str, ...], *, now: datetime) -> Merged: ...
    def merge_purchases(self, columns: tuple[str, ...]) -> Merged: ...


def latest_day(now: datetime) -> date:
    """The last day that is not in the future anywhere."""
    return (now + FURTHEST_AHEAD).date()


def import_file(
    file: str,
    kind: Kind,
    sheet: Sheet,
    tables: Tables,
    *,
    now: datetime,
    mapping: ImportMapping = AS_IT_IS,
    tell: Callable[[int, bool], None] = lambda rows, read: None,
) -> ImportFinished:
    """What became of each row of the file; `tell` hears how many rows were read, and whether that is all of them.

    Raises UnreadableFileError, so that the transaction around it is undone, for a file that cannot be read.
    """
    planned = plan(sheet.header, kind, mapping, latest=latest_day(now))
    rows = Rows(sheet=sheet, plan=planned)
    tables.stage(kind, planned.columns, _told(rows, tell))
    tell(rows.count, True)
    repeated = _take_out(kind, rows, tables, first_counts=mapping.file.doubled == "first")
    merged = (
        tables.merge_customers(planned.columns, now=now)
        if kind == "customers"
        else tables.merge_purchases(planned.columns)
    )
    return ImportFinished(
        file=file,
        kind=kind,
        status=Status.DONE,
        rows=rows.count,
        added=merged.added,
        changed=merged.changed,
        unchanged=merged.unchanged + repeated,
        refused_rows=rows.refusals.count,
        refused=tuple(sorted(rows.refusals.shown, key=lambda refusal: refusal.line)),
        because="; ".join(_sentences(planned, sheet, repeated)),
    )


def refuse_file(file: str, kind: Kind, because: str) -> ImportFinished:
    """The answer about a file of which nothing was taken."""
    return ImportFinished(
        file=file, kind=kind, status=Status.FAILED, rows=0, added=0, changed=0, unchanged=0, refused_rows=0,
        because=because,
    )  # fmt: skip


def _told(rows: Rows, tell: Callable[[int, bool], None]) -> Iterator[tuple[int, list[str]]]:
    """The rows, as they are; now and then somebody hears how many there were."""
    due = TOLD_EVERY
    for row in rows:
        if rows.count >= due:
            tell(rows.count, False)
            due = rows.count + TOLD_EVERY
        yield row


def _take_out(kind: Kind, rows: Rows, tables: Tables, *, first_counts: bool) -> int:
    """Takes out what stands twice and whose customer nobody knows; returns how many rows only repeat another."""
    key = KEYS[kind]
    repeated = 0
    if set(key) <= set(rows.plan.columns):
        taken = tables.doubled(key, shown=0 if first_counts else SHOWN_REFUSALS)
        if first_counts:
            repeated = taken.count
        else:
            rows.refusals.add_all(
                taken.count,
                [
                    (at, key[-1], f"stands on line {first} already; keep one of the two")
                    for at, first in taken.shown
                ],
            )
    if kind == "purchases":
        taken = tables.strangers(shown=SHOWN_REFUSALS)
        because = "is not a customer we know; import the customers first"
        rows.refusals.add_all(taken.count, [(at, "customer_id", because) for at, _ in taken.shown])
    return repeated


def _sentences(planned: Plan, sheet: Sheet, repeated: int) -> Iterator[str]:
    """What a person should know of how the file was read."""
    if planned.ignored:
        yield f"left out of account: {', '.join(planned.ignored)}"
    renamed = [f"{name} from {source}" for name, source in planned.sources if name != source]
    if renamed:
        yield f"read {', '.join(renamed)}"
    if repeated:
        yield f"{repeated:,} rows repeat a customer whose first row counts"
    yield from sheet.about
    if not planned.ignored and not renamed:
        yield "every column was read"
