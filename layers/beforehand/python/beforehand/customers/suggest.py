"""Suggests a mapping for a file: by the names of its columns, and by how its dates and numbers are written."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from beforehand.customers.columns import COLUMNS, Kind, read_day
from beforehand.customers.mapping import ImportMapping, Source
from beforehand.customers.plan import DECIMAL_COMMA
from beforehand.customers.recognise import recognise
from beforehand.customers.sheet import UnreadableFileError

FORMS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y",
    "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S",
)  # fmt: skip


def suggest(
    header: Sequence[str], rows: Sequence[Sequence[str]], kind: Kind, given: ImportMapping
) -> ImportMapping:
    """A mapping that names the columns that were recognised, and how to read those that need it."""
    columns: dict[str, Source] = {}
    facts = given.file
    with suppress(UnreadableFileError):
        for name, place in recognise(header, kind).items():
            cells = [row[place].strip() for row in rows if place < len(row) and row[place].strip()]
            column = COLUMNS[kind][name]
            form = _form(cells) if column.type == "date" else None
            columns[name] = Source.model_validate({"from": header[place], "date": form})
            if column.type.startswith("numeric") and _has_decimal_comma(cells):
                facts = facts.model_copy(update={"decimal": "comma"})
    return ImportMapping(file=facts, columns=columns)


def _form(cells: Sequence[str]) -> str | None:
    """The only form that all these dates have; None where they need none, have none, or could have several."""
    if not cells or all(_reads(cell) for cell in cells):
        return None
    forms = [form for form in FORMS if all(_has_form(cell, form) for cell in cells)]
    return forms[0] if len(forms) == 1 else None


def _has_decimal_comma(cells: Sequence[str]) -> bool:
    return any("," in cell for cell in cells) and all(DECIMAL_COMMA.fullmatch(cell) for cell in cells)


def _reads(cell: str) -> bool:
    try:
        read_day(cell)
    except ValueError:
        return False
    return True


def _has_form(cell: str, form: str) -> bool:
    try:
        datetime.strptime(cell, form)  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False
    return True


def as_toml(mapping: ImportMapping, *, found: Sequence[str], kind: Kind) -> str:
    """The mapping as a document to be edited: what the file has and is not taken stands in it as a comment."""
    taken = {source.column for source in mapping.columns.values()}
    missing = [name for name, c in COLUMNS[kind].items() if c.required and name not in mapping.columns]
    lines = [f"# How to read a file of {kind}. Each line: one of our columns = what it is in the file.", ""]
    facts = mapping.file.model_dump(exclude_defaults=True)
    if facts:
        lines += ["[file]", *(f"{name} = {_value(value)}" for name, value in facts.items()), ""]
    lines += ["[columns]"]
    lines += [f'# {name} = "?"   needed: say which column it is' for name in missing]
    lines += [f"{name} = {_source(source)}" for name, source in mapping.columns.items()]
    lines += ["", *(f"# not taken: {_value(name)}" for name in found if name and name not in taken)]
    return "\n".join(lines).rstrip() + "\n"


def _source(source: Source) -> str:
    given = source.model_dump(by_alias=True, exclude_defaults=True)
    if set(given) == {"from"}:
        return _value(given["from"])
    return "{ " + ", ".join(f"{name} = {_value(value)}" for name, value in given.items()) + " }"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_value(str(k))} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_items(value)) + "]"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _items(values: Sequence[Any]) -> Iterator[str]:
    return (_value(value) for value in values)
