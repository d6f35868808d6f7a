"""Decides, before a row is read, where each of our columns comes from and how its cells are read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime
from functools import lru_cache

from beforehand.customers.columns import COLUMNS, Column, Kind, Reader, read_day
from beforehand.customers.mapping import FileFacts, ImportMapping, Source
from beforehand.customers.recognise import recognise
from beforehand.customers.sheet import UnreadableFileError

KEPT = 4096
DECIMAL_COMMA = re.compile(r"([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """One of our columns: the place of its cells (from 0), how they are read, and the column it needs beside it."""

    name: str
    place: int
    read: Reader
    required: bool
    beside: int | None = None
    """Where the cell beside it stands in the finished row."""
    read_beside: Callable[[str, str], str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How the rows of one file are read."""

    columns: tuple[str, ...]
    """The columns of a finished row; those with a constant stand at its end."""
    taken: tuple[Taken, ...]
    constants: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    """Each of our columns, and what it is in the file."""
    ignored: tuple[str, ...]
    empty: frozenset[str]


def plan(header: Sequence[str], kind: Kind, mapping: ImportMapping, *, latest: date) -> Plan:
    """How to read the rows under a header; no day that has to be past may be after `latest`.

    Raises UnreadableFileError where header and mapping do not go together.
    """
    known = COLUMNS[kind]
    chosen = _mapped(header, kind, mapping) if mapping.columns else _recognised(header, kind, mapping.file)
    constants = {
        name: _constant(name, known[name], source, latest)
        for name, source in chosen.items()
        if source.constant is not None
    }
    found = [(name, chosen[name]) for name in known if name in chosen and name not in constants]
    places = {name: _place(name, source, header, mapping.file) for name, source in found}
    columns = (*places, *constants)
    return Plan(
        columns=columns,
        taken=tuple(
            _taken(
                name,
                known[name],
                places[name],
                _reader(known[name], source, mapping.file, latest),
                constants,
                columns,
            )
            for name, source in found
        ),
        constants=tuple(constants.values()),
        sources=tuple((n, header[places[n]] if n in places else f"always {constants[n]}") for n in columns),
        ignored=tuple(n for place, n in enumerate(header) if n and place not in places.values()),
        empty=frozenset(mapping.file.empty),
    )


def _recognised(header: Sequence[str], kind: Kind, facts: FileFacts) -> dict[str, Source]:
    if not facts.header:
        raise UnreadableFileError("the file has no header; say in the mapping which place each column has")
    return {name: Source.model_construct(column=place + 1) for name, place in recognise(header, kind).items()}


def _mapped(header: Sequence[str], kind: Kind, mapping: ImportMapping) -> dict[str, Source]:
    known = COLUMNS[kind]
    unknown = [name for name in mapping.columns if name not in known]
    if unknown:
        raise UnreadableFileError(
            f"the mapping names {', '.join(unknown)}, which {kind} do not have; they have {', '.join(known)}"
        )
    missing = [name for name, column in known.items() if column.required and name not in mapping.columns]
    if missing:
        raise UnreadableFileError(f"the mapping does not say where {', '.join(missing)} comes from")
    return mapping.columns


def _place(name: str, source: Source, header: Sequence[str], facts: FileFacts) -> int:
    if isinstance(source.column, int):
        if source.column > len(header):
            raise UnreadableFileError(f"{name} is mapped to column {source.column}; the file has {len(header)}")
        return source.column - 1
    if not facts.header:
        raise UnreadableFileError(f"{name} is mapped by name, and the file has no header; give its place, from 1")
    places = [place for place, said in enumerate(header) if said == source.column]
    if len(places) > 1:
        raise UnreadableFileError(
            f"the header names {source.column} more than once; map {name} by its place, from 1"
        )
    if not places:
        raise UnreadableFileError(f"the header lacks {source.column}, mapped to {name}; it has {', '.join(header)}")
    return places[0]


def _taken(
    name: str, column: Column, place: int, read: Reader, constants: dict[str, str], columns: Sequence[str]
) -> Taken:
    if column.beside in constants and column.read_beside:
        value, beside = constants[column.beside], column.read_beside
        read = lambda cell: beside(cell, value)  # noqa: E731 - a name would say no more
    given = column.beside if column.beside in columns and column.beside not in constants else None
    return Taken(
        name=name,
        place=place,
        read=read,
        required=column.required,
        beside=columns.index(given) if given else None,
        read_beside=column.read_beside if given else None,
    )


def _constant(name: str, column: Column, source: Source, latest: date) -> str:
    try:
        return (
            _past(column.read, latest)(source.constant or "") if column.past else column.read(source.constant or "")
        )
    except (ValueError, IndexError) as error:
        raise UnreadableFileError(f"the mapping's constant for {name} {error}") from error


def _reader(column: Column, source: Source, facts: FileFacts, latest: date) -> Reader:
    """How a cell becomes what the column keeps: first as the mapping says, then as the column demands."""
    read = _past(column.read, latest) if column.past else column.read
    if source.date is not None:
        read = _then(_dated(source.date), read)
    if source.months_before is not None:
        read = _then(_months_before(source.months_before), read)
    if facts.decimal == "comma" and column.type.startswith(("numeric", "double")):
        read = _then(_decimal_comma, read)
    if source.labels:
        labels = source.labels
        read = _then(lambda cell: labels.get(cell, cell), read)
    return lru_cache(KEPT)(read) if column.few else read


def _then(first: Reader, second: Reader) -> Reader:
    """One after the other; a cell that the first says means nothing is not read any further."""

    def read(cell: str) -> str:
        said = first(cell)
        return second(said) if said else ""

    return read


def _past(read: Reader, latest: date) -> Reader:
    last = latest.isoformat()

    def read_past(cell: str) -> str:
        day = read(cell)
        if day > last:
            raise ValueError("lies in the future; correct it, or leave it empty")
        return day

    return read_past


def _dated(form: str) -> Reader:
    def read(cell: str) -> str:
        try:
            return datetime.strptime(cell, form).date().isoformat()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            try:
                return read_day(cell).isoformat()
            except ValueError:
                raise ValueError(f"is not a date of the form {form}, which the mapping says it has") from None

    return read


def _months_before(day: date) -> Reader:
    def read(cell: str) -> str:
        if not cell.isdecimal() or not cell.isascii() or len(cell) > 4:
            raise ValueError("is not a whole number of months")
        months = day.year * 12 + day.month - 1 - int(cell)
        year, month = divmod(months, 12)
        if not MINYEAR <= year <= MAXYEAR:
            raise ValueError("is more months than there were years")
        return _last_of(year, month + 1, day.day).isoformat()

    return read


def _last_of(year: int, month: int, day: int) -> date:
    """The day of the month, or its last one where it has not so many."""
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def _decimal_comma(cell: str) -> str:
    if not DECIMAL_COMMA.fullmatch(cell):
        raise ValueError("is not a number with a decimal comma, which the mapping says it is; write it as 1.234,50")
    return cell.replace(".", "").replace(",", ".")
