"""The files in `prices/` and those that people bring: prices as dated data, checked when they are read."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from beforehand.errors import BeforehandError
from beforehand.outreach.model import Channel
from beforehand.outreach.rehearsal.prices import Price, Prices

FILES = Path(__file__).parent / "prices"


class InvalidPricesError(BeforehandError):
    """Prices lack something, or have something that nobody reads."""


class WrittenPrice(BaseModel):
    """One price as it stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)

    channel: Channel
    countries: Annotated[frozenset[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]], Field(min_length=1)] | None = None
    part: Annotated[float, Field(ge=0, le=1_000)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    from_on: date
    until_on: date | None = None
    source: Annotated[str, Field(min_length=1)]
    seen_on: date
    note: str = ""

    def price(self) -> Price:
        """The price that is written here."""
        return Price(**dict(self))


class PriceFile(BaseModel):
    """What stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    prices: Annotated[tuple[WrittenPrice, ...], Field(min_length=1, max_length=1_000)]


@cache
def shipped() -> Prices:
    """All prices that this release ships, read once. Raises InvalidPricesError."""
    found: list[Price] = []
    for path in sorted(FILES.glob("*.toml")):
        found += read(path).prices
    return Prices(tuple(found))


def read(path: Path) -> Prices:
    """The prices of one file. Raises InvalidPricesError."""
    try:
        return checked(tomllib.loads(path.read_text(encoding="utf-8")), where=path.name)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidPricesError(f"{path.name} is no TOML: {error}") from None


def checked(given: Mapping[str, Any], *, where: str = "prices") -> Prices:
    """Prices that were given. Raises InvalidPricesError naming the first thing that is wrong."""
    try:
        return Prices(tuple(one.price() for one in PriceFile.model_validate(given).prices))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidPricesError(f"{where}, {place}: {first['msg']}") from None
