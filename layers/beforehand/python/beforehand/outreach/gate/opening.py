"""When a person may be contacted by a channel: where they live, the policy's send windows and the law together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from beforehand.outreach.gate.laws import Legal, LegalWindow
from beforehand.outreach.gate.model import Person
from beforehand.outreach.gate.places import Place, place_of
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policy import ContactPolicy, Nature
from beforehand.outreach.windows import DAYS, Windows, next_open, next_shut

ROUNDS = 100
"""How often windows are asked in turn for a moment that suits them all, before the search is put off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """A window that is not open, and why in words."""

    rule: str
    because: str


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """What must all be open at once. There is one for all people for whom it is the same, and what it was asked is
    remembered: a tick asks it about the same moment for thousands.
    """

    place: Place
    windows: Windows
    laws: tuple[LegalWindow, ...]

    def next(self, moment: datetime, lasting: timedelta) -> datetime:
        """The first moment from `moment` (UTC) on from which all is open for so long.

        Where no moment suits all zones within many days, it is the last that was tried: it is asked again then.
        """
        return _next(self, moment, lasting)

    def shuts(self, moment: datetime) -> datetime:
        """The first moment from `moment` (UTC) on when something is not open; one days ahead if none is near."""
        return _shuts(self, moment)

    def closed(self, moment: datetime, lasting: timedelta) -> tuple[Closed, ...]:
        """What is not open for so long from a moment on: the law first, each kind once."""
        return _closed(self, moment, lasting)

    def clock(self, moment: datetime) -> str:
        """What time it is for them, in words."""
        return _told(self, moment)


def opening(person: Person, channel: Channel, purpose: Purpose, policy: ContactPolicy, legal: Legal) -> Opening:
    """What must be open for a person to be contacted by a channel for a purpose."""
    place, nature = place_of(person, policy.home_zone), policy.nature(purpose)
    return _opening(place, policy.windows(channel), legal, channel, nature)


@lru_cache(maxsize=4096)
def _opening(place: Place, windows: Windows, legal: Legal, channel: Channel, nature: Nature) -> Opening:
    return Opening(place, windows, legal.over(place, channel, nature))


@lru_cache(maxsize=16_384)
def _next(opening: Opening, moment: datetime, lasting: timedelta) -> datetime:
    for _ in range(ROUNDS):
        opens = moment
        for zone in opening.place.zones:
            opens = next_open(opening.windows, zone, opens)
            for law in opening.laws:
                opens = law.next_allowed(zone, opens)
        if opens == moment:
            shuts = _shuts(opening, moment)
            if shuts >= moment + lasting:
                return moment
            opens = shuts
        moment = opens
    return moment


@lru_cache(maxsize=16_384)
def _shuts(opening: Opening, moment: datetime) -> datetime:
    return min(
        shuts
        for zone in opening.place.zones
        for shuts in (
            next_shut(opening.windows, zone, moment),
            *(law.next_forbidden(zone, moment) for law in opening.laws),
        )
    )


@lru_cache(maxsize=4096)
def _told(opening: Opening, moment: datetime) -> str:
    return f"it is {_clock(moment, opening.place.zones[0])} {opening.place.named}"


@lru_cache(maxsize=4096)
def _closed(opening: Opening, moment: datetime, lasting: timedelta) -> tuple[Closed, ...]:
    return (*_by_law(opening, moment, lasting), *_by_policy(opening, moment, lasting))


def _by_law(opening: Opening, moment: datetime, lasting: timedelta) -> Iterator[Closed]:
    for zone in opening.place.zones:
        for law in opening.laws:
            shuts = law.next_forbidden(zone, moment)
            if shuts == moment or shuts < moment + lasting:
                hours = " and ".join(str(window) for window in law.windows)
                said = f"{law.source.law} ({law.jurisdiction}) allows {hours}{_too_soon(moment, shuts)}"
                yield Closed(rule="legal_window", because=f"it is {_at(opening, moment, zone)}, and {said}")
                return


def _by_policy(opening: Opening, moment: datetime, lasting: timedelta) -> Iterator[Closed]:
    for zone in opening.place.zones:
        shuts = next_shut(opening.windows, zone, moment)
        if shuts == moment or shuts < moment + lasting:
            hours = " and ".join(str(window) for window in opening.windows)
            said = f"messages go {hours}{_too_soon(moment, shuts)}"
            yield Closed(rule="send_window", because=f"it is {_at(opening, moment, zone)}, and {said}")
            return


def _too_soon(moment: datetime, shuts: datetime) -> str:
    """Of what is open and closes before it is certain that a message has gone."""
    return "" if shuts == moment else ", which ends too soon to be sure of sending in time"


def _at(opening: Opening, moment: datetime, zone: str) -> str:
    alone = len(opening.place.zones) == 1
    where = opening.place.named if alone else f"in {zone} (they must be open {opening.place.named})"
    return f"{_clock(moment, zone)} {where}"


def _clock(moment: datetime, zone: str) -> str:
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there:%H:%M} on {DAYS[there.weekday()]}"
