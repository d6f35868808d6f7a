"""A sheet of an Excel file as rows. Cells have the values that the spreadsheet saved; its rows are the lines."""

import datetime
import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Any, TypeVar

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from beforehand.customers import excel_guard
from beforehand.customers.mapping import FileFacts
from beforehand.customers.sheet import SOUND, Flaws, UnreadableFileError

LARGEST_FILE = 50_000_000
PIECE = 1 << 20

T = TypeVar("T")


class ExcelSheet:
    """Reads rows from an .xlsx.

    Raises UnreadableFileError for one that is damaged, too large, or has no such sheet.
    """

    def __init__(self, stream: "io.BufferedReader[Any]", facts: FileFacts) -> None:
        with ExitStack() as opened:
            file = opened.enter_context(tempfile.NamedTemporaryFile(suffix=".xlsx"))
            _copy(stream, file)
            excel_guard.unpacked_size(file)
            self.about: tuple[str, ...] = ()
            name = self._name(_workbook(file.name), facts)
            self._layout = excel_guard.layout(file, name)
            # Opened again: what the first look took is given back before the sheet itself is read.
            self._sheet = _guarded(lambda: _workbook(file.name).get_sheet_by_name(name))
        self._rows = self._numbered()
        first = next(self._rows, None)
        if first is None:
            raise UnreadableFileError(f"the sheet {name} is empty; its first row must name the columns")
        if not facts.header:
            self._rows = self._numbered()
            self.header = tuple(str(place + 1) for place in range(len(first[1])))
        else:
            self.header = tuple(cell.strip() for cell in first[1])

    def __iter__(self) -> Iterator[tuple[int, Sequence[str], Flaws]]:
        return self._rows

    def _name(self, workbook: CalamineWorkbook, facts: FileFacts) -> str:
        if facts.sheet is not None:
            if facts.sheet not in workbook.sheet_names:
                raise UnreadableFileError(
                    f"the file has no sheet {facts.sheet}; it has {', '.join(workbook.sheet_names)}"
                )
            return facts.sheet
        seen = [one.name for one in workbook.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
        if not seen:
            raise UnreadableFileError("the Excel file has no sheet that can be seen")
        if len(seen) > 1:
            self.about = (f"of its sheets, {seen[0]} was read",)
        return seen[0]

    def _numbered(self) -> Iterator[tuple[int, list[str], Flaws]]:
        """The rows that say anything, with their numbers on the sheet."""
        layout, flaws = self._layout, self._layout.flaws
        by_row: dict[int, dict[int, str]] = {}
        for (row, column), because in flaws.items():
            by_row.setdefault(row, {})[column - layout.first_column] = because
        # The parser gives the rows above the first that is used too, and no column before the first.
        for row, values in enumerate(self._sheet.iter_rows()):
            cells = [_text(value) for value in values]
            wrong = by_row.get(row, SOUND)
            if wrong or any(cells):
                yield row + 1, cells, wrong


def _workbook(path: str) -> CalamineWorkbook:
    return _guarded(lambda: CalamineWorkbook.from_path(path))


def _guarded(read: Callable[[], T]) -> T:
    """What the parser gives. It is another language's: whatever stops it there says that the file is damaged."""
    try:
        return read()
    except (CalamineError, OSError) as error:
        raise UnreadableFileError(excel_guard.DAMAGED) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableFileError(excel_guard.DAMAGED) from error


def _text(value: Any) -> str:
    """A cell as a CSV file would have it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        # Excel keeps 15 digits; what stands after them is noise that nobody sees.
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    return str(value)


def _copy(stream: "io.BufferedReader[Any]", file: IO[bytes]) -> None:
    """Raises UnreadableFileError when there is more than an Excel file may have."""
    size = 0
    while piece := stream.read(PIECE):
        size += file.write(piece)
        if size > LARGEST_FILE:
            raise UnreadableFileError(
                f"the Excel file is larger than {LARGEST_FILE // 1_000_000} MB; {excel_guard.REMEDY}"
            )
    file.flush()
