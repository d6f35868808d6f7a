"""A text file as rows: CSV with whatever stands between its cells, in little memory however long a line is."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

from beforehand.customers.mapping import DELIMITERS, FileFacts
from beforehand.customers.sheet import SOUND, Flaws, UnreadableFileError

LONGEST_LINE = 1_000_000
"""Characters. A longer line is passed over without being kept, and so is a longer cell."""

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class TextSheet:
    """Reads rows from a stream of bytes. `fits` says how well a header suits: it tells what separates cells.

    Raises UnreadableFileError for a file that is empty, and while reading where its quotes cannot be trusted.
    """

    def __init__(
        self, stream: "io.BufferedReader[Any]", facts: FileFacts, fits: Callable[[Sequence[str]], int]
    ) -> None:
        encoding = facts.encoding or _marked(stream)
        # What is no UTF-8 becomes signs that no text has: its row is refused, those around it are not.
        errors = "surrogateescape" if encoding in ("utf-8", "utf-8-sig") else "strict"
        self._text: IO[str] = io.TextIOWrapper(
            stream, encoding="utf-8-sig" if encoding == "utf-8" else encoding, errors=errors, newline=""
        )
        self._encoding = encoding
        self._number = 0
        self._began = 0
        self._flaws = SOUND
        self._ended = True
        self._ahead = self._first()
        self.about: tuple[str, ...] = ()
        self._separator = self._told_or_found(facts, fits)
        csv.field_size_limit(LONGEST_LINE)
        self._rows: Iterator[list[str]] = (
            (line.split() for line in self._lines())
            if self._separator is None
            else csv.reader(self._lines(), delimiter=self._separator, strict=True)
        )
        self.header = self._header(facts)

    def __iter__(self) -> Iterator[tuple[int, Sequence[str], Flaws]]:
        while True:
            line = self._number + 1
            cells = self._next(line)
            if cells is None:
                if not self._ended and self._number > 1:
                    self.about += (
                        f"line {self._number} is the last and does not end; if the file was cut, send it again",
                    )
                return
            flaws, self._flaws = self._flaws, SOUND
            yield line, cells, flaws

    def _first(self) -> str:
        """The first line that says anything."""
        while line := self._readline():
            if line.strip():
                return line
            self._number += 1
        raise UnreadableFileError("the file is empty; its first line must name the columns")

    def _told_or_found(self, facts: FileFacts, fits: Callable[[Sequence[str]], int]) -> str | None:
        if facts.delimiter:
            return DELIMITERS[facts.delimiter]
        signs = [(name, sign) for name, sign in DELIMITERS.items() if sign]
        try:
            cells = {sign: next(csv.reader([self._ahead], delimiter=sign)) for _, sign in signs}
        except csv.Error as error:
            raise UnreadableFileError(f"line 1: {error}; check the quotes around it") from error
        # The sign under which most columns are known; where none is, the one that makes most cells.
        name, sign = max(signs, key=lambda one: (fits(cells[one[1]]) if facts.header else 0, len(cells[one[1]])))
        if sign != ",":
            self.about += (f"cells are separated by {name}",)
        return sign

    def _header(self, facts: FileFacts) -> tuple[str, ...]:
        if not facts.header:
            cells = (
                self._ahead.split()
                if self._separator is None
                else next(csv.reader([self._ahead], delimiter=self._separator))
            )
            return tuple(str(place + 1) for place in range(len(cells)))
        cells = self._next(self._number + 1) or []
        if any(_BROKEN.search(name) for name in cells):
            raise UnreadableFileError(f"the header is not UTF-8; {REMEDY}")
        if self._flaws:
            raise UnreadableFileError(f"the header has more than {LONGEST_LINE:,} characters; is this a table?")
        return tuple(name.strip().lstrip("\ufeff") for name in cells)

    def _next(self, line: int) -> list[str] | None:
        self._began = self._number
        try:
            return next(self._rows, None)
        except csv.Error as error:
            if "field limit" in str(error):
                raise UnreadableFileError(
                    f"line {line}: a quote opens here that is not closed within {LONGEST_LINE:,} characters; "
                    "close it, or remove it"
                ) from error
            raise UnreadableFileError(f"line {line}: {error}; check the quotes around it") from error

    def _lines(self) -> Iterator[str]:
        line = self._ahead
        while line:
            if len(line) >= LONGEST_LINE and line[-1] not in "\r\n":
                line = self._pass_over(line)
            self._number += 1
            yield line
            line = self._readline()

    def _readline(self) -> str:
        try:
            line = self._text.readline(LONGEST_LINE)
        except UnicodeDecodeError as error:
            raise UnreadableFileError(
                f"after line {self._number} stands what is not {self._encoding} ({error.reason}); {REMEDY}"
            ) from error
        if line:
            self._ended = line[-1] in "\r\n"
        return line

    def _pass_over(self, line: str) -> str:
        """Reads a line that is too long to its end without keeping it; what is wrong with it stays as its flaw.

        Raises UnreadableFileError where it begins or ends inside quotes, and nothing after it can be trusted.
        """
        number = self._number + 1
        cells = _LongLine(self._separator)
        within = self._number > self._began
        while not within:
            cells.take(line)
            if not line or line[-1] in "\r\n":
                break
            line = self._readline()
        if within or cells.quoted:
            raise UnreadableFileError(
                f"line {number}: a quote is not closed within {LONGEST_LINE:,} characters; close it, or remove it"
            )
        self._flaws = {cells.longest: f"the line has more than {LONGEST_LINE:,} characters; shorten it"}
        return "\n"


class _LongLine:
    """Follows the cells of one line through its pieces: which is the longest, and whether quotes are open."""

    def __init__(self, separator: str | None) -> None:
        self._separator = separator
        self._read = self._start = self._place = self._size = 0
        self._closed = -1
        self.longest = 0
        self.quoted = False

    def take(self, piece: str) -> None:
        """The next piece of the line: by its runs of quotes and what lies between them, not sign by sign."""
        looked = 0
        for quotes in _QUOTES.finditer(piece) if self._separator else ():
            self._between(piece[looked : quotes.start()])
            self._turn(len(quotes.group()))
            looked = quotes.end()
        self._between(piece[looked:])
        self._note(self._place, self._read - self._start)

    def _turn(self, quotes: int) -> None:
        """Each quote of a run closes what is open, or opens: where a cell begins, or just after one that closed."""
        if self.quoted or self._read in (self._start, self._closed + 1):
            self.quoted ^= quotes % 2 == 1
            if not self.quoted:
                self._closed = self._read + quotes - 1
        self._read += quotes

    def _between(self, text: str) -> None:
        """What has no quotes in it. Of its cells only those are looked at that are longer than any before."""
        sign = self._separator
        if sign and not self.quoted and sign in text:
            at, last = text.index(sign), text.rindex(sign)
            self._note(self._place, self._read + at - self._start)
            while longer := re.compile(f"[^{re.escape(sign)}]{{{self._size + 1},}}").search(text, at, last):
                self._place += text.count(sign, at, longer.start())
                self._note(self._place, len(longer.group()))
                at = longer.end()
            self._place += text.count(sign, at, last + 1)
            self._start = self._read + last + 1
        self._read += len(text)

    def _note(self, place: int, size: int) -> None:
        if size > self._size:
            self._size, self.longest = size, place


REMEDY = 'save it as UTF-8, or say in a mapping what it is, such as encoding = "cp1252"'
_BROKEN = re.compile("[\ud800-\udfff]")
_QUOTES = re.compile('"+')


def _marked(stream: "io.BufferedReader[Any]") -> str:
    """The encoding that a byte order mark tells, or UTF-8."""
    start = stream.peek(4)[:4]
    if 0 in start and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFileError(f"the file is not UTF-8 text; {REMEDY.replace('cp1252', 'utf-16-le')}")
    return next((encoding for mark, encoding in MARKS if start.startswith(mark)), "utf-8")
