"""Languages, countries and time zones that there are, from the registries that keep them."""

import re
from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?((?:[-_][A-Za-z0-9]{5,8})*)")
REGIONS_BEYOND_COUNTRIES = frozenset({"001", "150", "419"})
"""The world, Europe and Latin America, as languages are tagged with."""


def zone(cell: str) -> str:
    """A time zone by its IANA name."""
    found = _zones().get(cell.lower())
    if found is None:
        raise ValueError("is no IANA time zone; write it as Asia/Kolkata")
    return found


def country(cell: str) -> str:
    """A country by its two letters (ISO 3166-1)."""
    if cell.upper() not in _countries():
        raise ValueError("is no ISO 3166 country; write it as IN")
    return cell.upper()


def language(cell: str) -> str:
    """A language tag (BCP 47) whose language CLDR knows; a name that was replaced gives way to the present one."""
    tag = TAG.fullmatch(cell)
    if not tag:
        raise ValueError("is no language tag; write it as hi or pt-BR")
    named, script, region, variants = tag.groups()
    known, renamed = _languages()
    base = renamed.get(named.lower(), named.lower())
    if base not in known:
        raise ValueError(f"names no language that CLDR knows ({named}); write it as hi or pt-BR")
    if region and region.upper() not in _countries() | REGIONS_BEYOND_COUNTRIES:
        raise ValueError(f"names no country that there is ({region}); write it as hi or pt-BR")
    parts = (base, script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part) + variants.replace("_", "-").lower()


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


@cache
def _countries() -> frozenset[str]:
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    return frozenset(line[:2] for line in table.splitlines() if not line.startswith("#"))


@cache
def _languages() -> tuple[frozenset[str], dict[str, str]]:
    """Languages that CLDR knows, and the present names of those that have another."""
    from babel.core import get_global  # noqa: PLC0415 - 12 ms that only a file with languages has to pay

    renamed = {old: new for old, new in get_global("language_aliases").items() if "_" not in old + new}
    known = {tag.split("_")[0] for tag in get_global("likely_subtags")} - {"und"}
    return frozenset(known | set(renamed.values())), renamed
