"""Looks at a file as an import would, and takes nothing: what its columns are, its first rows, what is refused."""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from beforehand.customers.columns import Kind
from beforehand.customers.mapping import ImportMapping
from beforehand.customers.opening import open_sheet
from beforehand.customers.plan import plan
from beforehand.customers.rows import Rows
from beforehand.customers.service import KEYS, latest_day
from beforehand.customers.sheet import Flaws, Sheet, UnreadableFileError
from beforehand.customers.suggest import suggest
from beforehand.events import Count, Event
from beforehand.events.customers import ImportRefusal

LOOKED_AT = 1_000
SHOWN_ROWS = 5


class TakenColumn(Event):
    """One of our columns and what it is in the file."""

    name: str
    source: str


class Preview(Event):
    """What an import would make of the first rows of a file. `problem` says why it would take nothing of it."""

    file: str
    kind: Kind
    problem: str = ""
    found: tuple[str, ...] = ()
    taken: tuple[TakenColumn, ...] = ()
    ignored: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    looked_at: Count = 0
    whole: bool = False
    """Whether these were all the rows of the file."""
    refused_rows: Count = 0
    refused: tuple[ImportRefusal, ...] = ()
    rows: tuple[dict[str, str], ...] = ()
    mapping: ImportMapping
    """The mapping in use, or the one that is suggested where there was none."""


def preview(
    file: str,
    kind: Kind,
    stream: "io.BufferedReader[Any]",
    mapping: ImportMapping,
    *,
    now: datetime,
    looked_at: int = LOOKED_AT,
) -> Preview:
    """Reads the first rows with the import's own code. What needs the database is left to the import."""
    found: tuple[str, ...] = ()
    suggested = mapping
    try:
        sheet = open_sheet(stream, kind, mapping)
        found = sheet.header
        ahead = _Ahead(sheet, looked_at)
        if not mapping.columns:
            suggested = suggest(sheet.header, ahead.kept, kind, mapping)
        planned = plan(sheet.header, kind, mapping, latest=latest_day(now))
        rows = Rows(sheet=ahead, plan=planned)
        good = [(line, dict(zip(planned.columns, cells, strict=True))) for line, cells in rows]
    except UnreadableFileError as error:
        return Preview(file=file, kind=kind, problem=str(error), found=found, mapping=suggested)
    good = list(_without_doubled(good, rows, KEYS[kind], refuse=mapping.file.doubled == "refuse"))
    return Preview(
        file=file,
        kind=kind,
        found=found,
        taken=tuple(TakenColumn(name=name, source=source) for name, source in planned.sources),
        ignored=planned.ignored,
        about=tuple(sheet.about),
        looked_at=rows.count,
        whole=ahead.whole,
        refused_rows=rows.refusals.count,
        refused=tuple(sorted(rows.refusals.shown, key=lambda refusal: refusal.line)),
        rows=tuple(row for _, row in good[:SHOWN_ROWS]),
        mapping=suggested,
    )


class _Ahead:
    """The first rows of a sheet, kept to be read twice."""

    def __init__(self, sheet: Sheet, most: int) -> None:
        self.header = sheet.header
        self.about = sheet.about
        rows = iter(sheet)
        self._rows = list(islice(rows, most))
        self.whole = next(rows, None) is None

    @property
    def kept(self) -> list[Sequence[str]]:
        """The cells of the rows."""
        return [cells for _, cells, _ in self._rows]

    def __iter__(self) -> Iterator[tuple[int, Sequence[str], Flaws]]:
        return iter(self._rows)


def _without_doubled(
    good: list[tuple[int, dict[str, str]]], rows: Rows, key: tuple[str, ...], *, refuse: bool
) -> Iterator[tuple[int, dict[str, str]]]:
    seen: dict[tuple[str, ...], int] = {}
    for line, row in good:
        identity = tuple(row.get(name, "") for name in key)
        if not all(identity):
            yield line, row
        elif identity not in seen:
            seen[identity] = line
            yield line, row
        elif refuse:
            rows.refusals.add(line, key[-1], f"stands on line {seen[identity]} already; keep one of the two")
