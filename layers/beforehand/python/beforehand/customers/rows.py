"""Reads an import file row by row: good rows go on, each bad one is refused with its line and column."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from beforehand.customers.columns import Column
from beforehand.events.customers import ImportRefusal

SHOWN_REFUSALS = 100
LONGEST_CELL = 100_000


class _Lines(Protocol):
    """What `csv.reader` gives: rows of cells, and the number of the line that was read last."""

    @property
    def line_num(self) -> int: ...
    def __next__(self) -> list[str]: ...


class UnreadableFileError(ValueError):
    """A file that cannot be imported at all; the message says what is wrong and how to mend it."""


@dataclass(slots=True)
class Refusals:
    """Rows that were not taken: all are counted, the first hundred are kept to be shown."""

    count: int = 0
    shown: list[ImportRefusal] = field(default_factory=list)

    def add(self, line: int, column: str, because: str) -> None:
        self.count += 1
        if len(self.shown) < SHOWN_REFUSALS:
            self.shown.append(ImportRefusal(line=line, column=column, because=because))


@dataclass(slots=True)
class Rows:
    """The good rows of a file. Iterating gives (line, cells in the order of `columns`)."""

    columns: tuple[str, ...]
    ignored: tuple[str, ...]
    refusals: Refusals
    _lines: "_Lines"
    _known: Mapping[str, Column]
    _header: tuple[str, ...]
    count: int = 0

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        places = [(name, self._header.index(name), self._known[name]) for name in self.columns]
        while True:
            line = self._lines.line_num + 1
            try:
                cells = next(self._lines)
            except StopIteration:
                return
            except csv.Error as error:
                raise UnreadableFileError(f"line {line}: {error}; check the quotes around it") from error
            if not cells:
                continue
            self.count += 1
            row = self._read(line, cells, places)
            if row is not None:
                yield line, row

    def _read(self, line: int, cells: list[str], places: list[tuple[str, int, Column]]) -> list[str] | None:
        if len(cells) != len(self._header):
            because = f"has {len(cells)} cells where the header has {len(self._header)}; check its separators"
            self.refusals.add(line, "", because)
            return None
        row = []
        for name, place, column in places:
            cell = cells[place].strip()
            try:
                if not cell and column.required:
                    raise ValueError("is empty; every row needs it")
                row.append(column.read(cell) if cell else "")
            except ValueError as error:
                self.refusals.add(line, name, str(error))
                return None
        return row


def read(lines: Iterable[str], known: Mapping[str, Column]) -> Rows:
    """The rows of a CSV file with a header.

    Raises UnreadableFileError where the header is missing, lacks a column that is needed, or has one twice.
    """
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(lines, strict=True)
    try:
        header = tuple(name.strip().lower() for name in next(reader, []))
    except csv.Error as error:
        raise UnreadableFileError(f"line 1: {error}; check the quotes around it") from error
    if not any(header):
        raise UnreadableFileError("the file is empty; its first line must name the columns")
    separator = next((mark for mark in (";", "\t", "|") if len(header) == 1 and mark in header[0]), None)
    if separator:
        raise UnreadableFileError(f"its cells are separated by {separator!r}; save it with commas between them")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise UnreadableFileError(f"the header names {', '.join(twice)} more than once; keep one of them")
    missing = [name for name, column in known.items() if column.required and name not in header]
    if missing:
        raise UnreadableFileError(
            f"the header lacks {', '.join(missing)}; it has {', '.join(header)}. "
            f"Columns that are understood: {', '.join(known)}"
        )
    return Rows(
        columns=tuple(name for name in known if name in header),
        ignored=tuple(name for name in header if name not in known),
        refusals=Refusals(),
        _lines=reader,
        _known=known,
        _header=header,
    )
