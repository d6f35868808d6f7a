"""Where people live, as far as it is known: the zones in which a message must be welcome, and the laws over it."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from beforehand.outreach.gate.model import Person


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Place:
    """Where somebody is taken to live. A message must be welcome in all of `zones`; `named` says why those."""

    zones: tuple[str, ...]
    country: str | None
    region: str | None
    named: str


def place_of(person: Person, home_zone: str) -> Place:
    """Where a person is taken to live: by their zone, else in all zones of their country, else at home."""
    return _place(person.zone, person.country, person.region, home_zone)


@lru_cache(maxsize=4096)
def _place(zone: str | None, country: str | None, region: str | None, home_zone: str) -> Place:
    if zone and _is_known(zone):
        there = country or _countries().get(zone)
        return Place(zones=(zone,), country=there, region=region, named=f"in {zone}")
    zones = _zones().get(country or "", ())
    if zones:
        several = f"in all {len(zones)} zones of {country}, as theirs is not known"
        named = f"in {zones[0]}" if len(zones) == 1 else several
        return Place(zones=zones, country=country, region=region, named=named)
    named = f"in {home_zone}, the home zone, as their own is not known"
    return Place(zones=(home_zone,), country=country or _countries().get(home_zone), region=region, named=named)


@lru_cache(maxsize=4096)
def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, LookupError):
        return False
    return True


@cache
def _zones() -> dict[str, tuple[str, ...]]:
    found = defaultdict(list)
    for zone, country in _countries().items():
        found[country].append(zone)
    return {country: tuple(zones) for country, zones in found.items()}


@cache
def _countries() -> dict[str, str]:
    """The country that each zone of the registry lies in."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}
