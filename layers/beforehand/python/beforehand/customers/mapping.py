"""The mapping document: which column of somebody's file is which of ours, and how its cells are read."""

import datetime
import json
import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from beforehand.customers.sheet import UnreadableFileError

DELIMITERS: Mapping[str, str | None] = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "pipe": "|",
    "white space": None,
}
LARGEST_MAPPING = 1 << 20


def _named(delimiter: Any) -> Any:
    """A delimiter that is given as the sign itself, by its name."""
    return next((name for name, sign in DELIMITERS.items() if sign and sign == delimiter), delimiter)


Delimiter = Annotated[Literal["comma", "semicolon", "tab", "pipe", "white space"], BeforeValidator(_named)]
Encoding = Literal[
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "iso-8859-2", "iso-8859-5", "iso-8859-7", "iso-8859-9",
    "iso-8859-15", "cp437", "cp850", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
    "cp1258", "cp874", "koi8-r", "koi8-u", "mac-roman", "big5", "cp932", "cp949", "euc-jp", "euc-kr", "gb18030",
    "shift-jis",
]  # fmt: skip


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True)


class FileFacts(_Document):
    """What is to be known of the file itself; what is not said is found out, or as most files have it."""

    delimiter: Delimiter | None = None
    encoding: Encoding | None = None
    header: bool = True
    sheet: str | None = None
    """The sheet of an Excel file, by name; else the first."""
    empty: tuple[str, ...] = ()
    """Cells that mean that nothing is known, besides empty ones: N/A, NULL …"""
    decimal: Literal["point", "comma"] = "point"
    doubled: Literal["refuse", "first"] = "refuse"
    """What happens to a customer who stands in the file again: refused, or the first row counts."""


class Source(_Document):
    """Where the cells of one of our columns come from, and how they are read."""

    column: Annotated[str | int | None, Field(alias="from")] = None
    """The column's name, or its place from 1 where there is no header."""
    constant: str | None = None
    date: str | None = None
    """The form of its dates, as Python's strptime has it: %d.%m.%Y."""
    labels: dict[str, str] = {}
    """What stands in the file: what we call it."""
    months_before: datetime.date | None = None
    """The cell is a number of months; it means the day so many months before this one."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"from": given} if isinstance(given, str | int) else given

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.column is None) == (self.constant is None):
            raise ValueError("say either from or constant")
        if isinstance(self.column, int) and self.column < 1:
            raise ValueError("columns are counted from 1")
        if self.date is not None and self.months_before is not None:
            raise ValueError("a cell is either a date or a number of months")
        if self.date is not None and not {"%d", "%j"} & {self.date[n : n + 2] for n in range(len(self.date))}:
            raise ValueError("the form of a date has a day, a month and a year, such as %d.%m.%Y")
        return self


class ImportMapping(_Document):
    """How to read one file. Without columns, those whose names are well known are taken."""

    file: FileFacts = FileFacts.model_construct()
    columns: dict[str, Source] = {}


AS_IT_IS = ImportMapping.model_construct()


def read_mapping(content: bytes, *, name: str) -> ImportMapping:
    """A mapping from TOML (where the name ends so) or JSON.

    Raises UnreadableFileError naming what is wrong with it.
    """
    if len(content) > LARGEST_MAPPING:
        raise UnreadableFileError(f"the mapping {name} is larger than {LARGEST_MAPPING:,} bytes")
    try:
        text = content.decode("utf-8-sig")
        given = tomllib.loads(text) if name.endswith(".toml") else json.loads(text)
        return ImportMapping.model_validate(given)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise UnreadableFileError(f"the mapping {name} is refused: {problems}") from error
    except ValueError as error:
        raise UnreadableFileError(f"the mapping {name} cannot be read: {error}") from error
