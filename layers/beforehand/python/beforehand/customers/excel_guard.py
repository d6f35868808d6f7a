"""Looks into an Excel file before it is read: its size unpacked, how far its sheet reaches, cells without a value.

A parser that finds out by itself has taken the memory already.
"""

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import IO
from xml.parsers import expat

from beforehand.customers.sheet import UnreadableFileError

LARGEST_UNPACKED = 100_000_000
LARGEST_SHEET = 4_000_000
"""Cells between the first and the last, empty ones included."""
MOST_FLAWS = 100_000
PIECE = 1 << 16
REMEDY = "save the sheet as CSV, which has no such limit"
DAMAGED = "the Excel file is damaged or was cut; save and upload it again"
LOCAL_HEADER = struct.Struct("<4s22xHH")
BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError, EOFError, NotImplementedError, LookupError,
    ValueError,
)  # fmt: skip
"""What the archive's and the XML's readers say of a damaged file."""

Attributes = dict[str, str]


@dataclass(slots=True)
class Layout:
    """The first column of a sheet (from 0), and what is wrong with cells, by row and column."""

    first_column: int = 0
    flaws: dict[tuple[int, int], str] = field(default_factory=dict)


def unpacked_size(file: IO[bytes]) -> int:
    """How many bytes the parts of the file have when they are unpacked: counted, not believed.

    Raises UnreadableFileError as soon as they are too many, by what the file says of itself or in fact.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            _must_fit(sum(part.file_size for part in parts))
            total = 0
            for part in parts:
                for piece in _pieces(file, part):
                    total += len(piece)
                    _must_fit(total)
            return total
    except UnreadableFileError:
        raise
    except BROKEN as error:
        raise UnreadableFileError(DAMAGED) from error


def _must_fit(size: int) -> None:
    if size > LARGEST_UNPACKED:
        raise UnreadableFileError(
            f"the Excel file has more than {LARGEST_UNPACKED // 1_000_000} MB when it is unpacked; {REMEDY}"
        )


def _pieces(file: IO[bytes], part: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part, unpacked a piece at a time up to where it really ends, whatever size it claims to have."""
    if part.flag_bits & 1:
        raise UnreadableFileError("the Excel file is locked by a password; save it without one")
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnreadableFileError(f"the Excel file is packed in an unusual way; {REMEDY}")
    if part.header_offset < 0:
        raise zipfile.BadZipFile("a part begins before the file")
    file.seek(part.header_offset)
    _, name, extra = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
    file.seek(name + extra, 1)
    unpack = zlib.decompressobj(-15) if part.compress_type == zipfile.ZIP_DEFLATED else None
    left = part.compress_size
    while left and (packed := file.read(min(PIECE, left))):
        left -= len(packed)
        if unpack is None:
            yield packed
            continue
        while packed:
            yield unpack.decompress(packed, PIECE)
            packed = unpack.unconsumed_tail
    if left:
        raise zipfile.BadZipFile("a part ends before its time")


def layout(file: IO[bytes], sheet: str) -> Layout:
    """Walks over the sheet of that name without keeping it.

    Raises UnreadableFileError where it is damaged or reaches too far.
    """
    with zipfile.ZipFile(file) as archive:
        try:
            with archive.open(_part_of(archive, sheet)) as part:
                return _Walk().over(part)
        except UnreadableFileError:
            raise
        except BROKEN as error:
            raise UnreadableFileError(DAMAGED) from error


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The part of the archive that holds a sheet. Raises KeyError."""
    relations: dict[str, str] = {}
    sheets: dict[str, str] = {}

    def relation(name: str, attributes: Attributes) -> None:
        if name == "Relationship":
            relations[attributes["Id"]] = attributes["Target"]

    def listed(name: str, attributes: Attributes) -> None:
        if name == "sheet":
            sheets[attributes["name"]] = next(v for k, v in attributes.items() if k.endswith(":id") or k == "id")

    for part, heard in (("xl/_rels/workbook.xml.rels", relation), ("xl/workbook.xml", listed)):
        with archive.open(part) as stream:
            _parse(stream, heard)
    target = relations[sheets[sheet]]
    return target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))


def _parse(
    stream: IO[bytes], start: Callable[[str, Attributes], None], end: Callable[[str], None] | None = None
) -> None:
    """Tells the elements of an XML part, by their names without a prefix. An entity of its own is refused."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    if end:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    parser.EntityDeclHandler = _refuse_entity
    while piece := stream.read(PIECE):
        parser.Parse(piece, False)
    parser.Parse(b"", True)


def _refuse_entity(*_: object) -> None:
    raise UnreadableFileError(f"the Excel file declares XML entities, which no spreadsheet does; {REMEDY}")


class _Walk:
    """Where the walk over a sheet stands."""

    def __init__(self) -> None:
        self._row = self._column = 0
        self._top = self._left = 1 << 31
        self._bottom = self._right = -1
        self._formula = self._value = False
        self._kind = ""
        self._flaws: dict[tuple[int, int], str] = {}

    def over(self, part: IO[bytes]) -> Layout:
        """The layout of the sheet in a part."""
        _parse(part, self._start, self._end)
        if self._right < 0:
            return Layout()
        return Layout(first_column=self._left, flaws=self._flaws)

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._cell(attributes)
        elif name == "row":
            self._row = int(attributes["r"]) if "r" in attributes else self._row + 1
            self._column = 0
        elif name == "f":
            self._formula = True
        elif name in ("v", "is"):
            self._value = True

    def _cell(self, attributes: Attributes) -> None:
        if "r" in attributes:
            letters = attributes["r"].rstrip("0123456789")
            self._row, self._column = int(attributes["r"][len(letters) :]), _number(letters)
        else:
            self._column += 1
        row, column = self._row - 1, self._column - 1
        self._top, self._bottom = min(self._top, row), max(self._bottom, row)
        self._left, self._right = min(self._left, column), max(self._right, column)
        if (self._bottom - self._top + 1) * (self._right - self._left + 1) > LARGEST_SHEET:
            raise UnreadableFileError(
                f"the sheet reaches over more than {LARGEST_SHEET:,} cells, empty ones included; delete what "
                f"stands far from the table, or {REMEDY}"
            )
        self._kind = attributes.get("t", "")
        self._formula = self._value = False

    def _end(self, name: str) -> None:
        if name != "c":
            return
        if self._kind == "e":
            self._flaw("holds an error of the spreadsheet, such as #N/A; correct its formula, or empty it")
        elif self._formula and not self._value:
            self._flaw("is a formula without a value; open the file in a spreadsheet, save it, and upload it again")

    def _flaw(self, because: str) -> None:
        if len(self._flaws) == MOST_FLAWS:
            raise UnreadableFileError(
                f"more than {MOST_FLAWS:,} cells are formulas without a value or errors; {REMEDY}"
            )
        self._flaws[self._row - 1, self._column - 1] = because


def _number(letters: str) -> int:
    """The number of a column from its letters: A is 1, AA is 27. Raises ValueError."""
    number = 0
    for letter in letters:
        if not "A" <= letter <= "Z" or number > 1 << 20:
            raise ValueError(f"{letters} is no column")
        number = number * 26 + ord(letter) - 64
    return number
