"""Reads an import file row by row: good rows go on, each bad one is refused with its line and column."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from beforehand.customers.plan import Plan
from beforehand.customers.sheet import Flaws, Sheet
from beforehand.events.customers import ImportRefusal

SHOWN_REFUSALS = 100
NO_TEXT = re.compile("[\ud800-\udfff]")
NOT_UTF8 = 'is not UTF-8; save the file as UTF-8, or say in a mapping what it is, such as encoding = "cp1252"'


@dataclass(slots=True)
class Refusals:
    """Rows that were not taken: all are counted, the first hundred are kept to be shown."""

    count: int = 0
    shown: list[ImportRefusal] = field(default_factory=list)

    def add(self, line: int, column: str, because: str) -> None:
        self.count += 1
        if len(self.shown) < SHOWN_REFUSALS:
            self.shown.append(ImportRefusal(line=line, column=column, because=because))

    def add_all(self, count: int, first: Sequence[tuple[int, str, str]]) -> None:
        """So many at once, of which the first are known by line, column and because."""
        for line, column, because in first:
            self.add(line, column, because)
        self.count += count - len(first)


@dataclass(slots=True)
class Rows:
    """The good rows of a file. Iterating gives (line, cells in the order of the plan's columns)."""

    sheet: Sheet
    plan: Plan
    refusals: Refusals = field(default_factory=Refusals)
    count: int = 0

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        for line, cells, flaws in self.sheet:
            if not flaws and not any(cells):
                continue
            self.count += 1
            row = self._read(line, cells, flaws)
            if row is not None:
                yield line, row

    def _read(self, line: int, cells: Sequence[str], flaws: Flaws) -> list[str] | None:
        if flaws and (not cells or -1 in flaws):
            place, because = next(iter(flaws.items()))
            self.refusals.add(line, self._name(place), because)
            return None
        if len(cells) != len(self.sheet.header):
            self.refusals.add(
                line, "", f"has {len(cells)} cells where {len(self.sheet.header)} are due; check its separators"
            )
            return None
        row: list[str] = []
        empty = self.plan.empty
        for taken in self.plan.taken:
            cell = cells[taken.place].strip()
            try:
                if taken.place in flaws:
                    raise ValueError(flaws[taken.place])
                if cell in empty:
                    cell = ""
                if cell:
                    cell = (
                        taken.read(cell)
                        if taken.beside is None or taken.read_beside is None
                        else taken.read_beside(cell, row[taken.beside])
                    )
                if not cell and taken.required:
                    raise ValueError("is empty; every row needs it")
                row.append(cell)
            except ValueError as error:
                self.refusals.add(line, taken.name, NOT_UTF8 if NO_TEXT.search(cell) else str(error))
                return None
        row.extend(self.plan.constants)
        return row

    def _name(self, place: int) -> str:
        """Our name for a place of the file, or the file's own."""
        ours = next((taken.name for taken in self.plan.taken if taken.place == place), "")
        return ours or (self.sheet.header[place] if 0 <= place < len(self.sheet.header) else "")
