"""The files in `jurisdictions/`, one for each country: laws as dated data, checked when they are read.

A country is added by dropping a file there; each law names its source and the day from which it holds.
"""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError, model_validator

from beforehand.errors import BeforehandError
from beforehand.outreach.gate.laws import Legal, LegalWindow, Source
from beforehand.outreach.model import Channel
from beforehand.outreach.policy import Nature
from beforehand.outreach.window_text import read_days, read_hours
from beforehand.outreach.windows import DayName, SendWindow

__all__ = ["InvalidLegalFileError", "Legal", "read", "shipped"]

FILES = Path(__file__).parent / "jurisdictions"

Text = Annotated[str, Field(min_length=1)]


class InvalidLegalFileError(BeforehandError):
    """A file of laws lacks something, or has something that nobody reads."""


class Hours(BaseModel):
    """Hours on some weekdays only."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    hours: Text
    days: Annotated[tuple[DayName, ...], Field(min_length=1)]


class Law(BaseModel):
    """One law as it stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    jurisdiction: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
    channels: Annotated[frozenset[Channel], Field(min_length=1)]
    natures: Annotated[frozenset[Nature], Field(min_length=1)]
    hours: Annotated[tuple[Text | Hours, ...], Field(min_length=1)]
    from_on: date
    until_on: date | None = None
    law: Text
    section: Text
    url: HttpUrl
    seen_on: date
    note: str = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.until_on is not None and self.until_on <= self.from_on:
            raise ValueError("until_on is not after from_on; leave it out while the law holds")
        self.window()
        return self

    def window(self) -> LegalWindow:
        """The law as the gate knows it."""
        country, _, region = self.jurisdiction.partition("-")
        return LegalWindow(
            country=country,
            region=region or None,
            channels=self.channels,
            natures=self.natures,
            windows=tuple(_window(hours) for hours in self.hours),
            from_on=self.from_on,
            until_on=self.until_on,
            source=Source(law=self.law, section=self.section, url=str(self.url), seen_on=self.seen_on),
            note=self.note,
        )


class File(BaseModel):
    """What stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    windows: Annotated[tuple[Law, ...], Field(min_length=1)]


@cache
def shipped() -> Legal:
    """All laws that this release ships, read once. Raises InvalidLegalFileError."""
    return Legal(tuple(law.window() for path in sorted(FILES.glob("*.toml")) for law in read(path).windows))


def read(path: Path) -> File:
    """One file of laws. Raises InvalidLegalFileError."""
    try:
        return File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise InvalidLegalFileError(f"{path.name} is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidLegalFileError(f"{path.name}, {where}: {first['msg']}") from error


def _window(given: str | Hours) -> SendWindow:
    hours, days = (given, None) if isinstance(given, str) else (given.hours, given.days)
    opens, closes = read_hours(hours)
    return SendWindow(opens=opens, closes=closes, days=read_days(days))
