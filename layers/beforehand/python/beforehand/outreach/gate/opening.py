"""When a person may be contacted by a channel: where they live, the policy's send windows and the law together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from beforehand.outreach.gate.laws import Legal, LegalWindow
from beforehand.outreach.gate.model import Person
from beforehand.outreach.gate.places import Place, place_of
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.windows import DAYS, Windows, next_open

ROUNDS = 100
"""How often windows are asked in turn for a moment that suits them all, before the search is put off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """A window that is not open, and why in words."""

    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What must all be open at once."""

    place: Place
    windows: Windows
    laws: tuple[LegalWindow, ...]

    def next(self, moment: datetime, *, before: datetime) -> datetime:
        """The first moment from `moment` on at which all is open.

        It goes no further than `before`: a moment that is not before it says only that there is none. Where no
        moment suits all zones within many days, it is the last that was tried: it is to be asked again then.
        """
        for _ in range(ROUNDS):
            opens = moment
            for zone in self.place.zones:
                opens = next_open(self.windows, zone, opens)
                for law in self.laws:
                    opens = law.next_allowed(zone, opens)
            if opens == moment or opens >= before:
                return opens
            moment = opens
        return moment

    def closed(self, moment: datetime) -> list[Closed]:
        """What is not open at a moment: the law first, each kind once."""
        return [*self._by_law(moment), *self._by_policy(moment)]

    def clock(self, moment: datetime) -> str:
        """What time it is for them, in words."""
        return f"it is {_clock(moment, self.place.zones[0])} {self.place.named}"

    def _by_law(self, moment: datetime) -> Iterator[Closed]:
        for zone in self.place.zones:
            for law in self.laws:
                if law.next_allowed(zone, moment) != moment:
                    hours = " and ".join(str(window) for window in law.windows)
                    said = f"{law.source.law} ({law.jurisdiction}) allows {hours}"
                    yield Closed(rule="legal_window", because=f"it is {self._at(moment, zone)}, and {said}")
                    return

    def _by_policy(self, moment: datetime) -> Iterator[Closed]:
        for zone in self.place.zones:
            if next_open(self.windows, zone, moment) != moment:
                hours = " and ".join(str(window) for window in self.windows)
                said = f"messages go {hours}"
                yield Closed(rule="send_window", because=f"it is {self._at(moment, zone)}, and {said}")
                return

    def _at(self, moment: datetime, zone: str) -> str:
        alone = len(self.place.zones) == 1
        where = self.place.named if alone else f"in {zone} (they must be open {self.place.named})"
        return f"{_clock(moment, zone)} {where}"


def opening(person: Person, channel: Channel, purpose: Purpose, policy: ContactPolicy, legal: Legal) -> Opening:
    """What must be open for a person to be contacted by a channel for a purpose."""
    place = place_of(person, policy.home_zone)
    laws = legal.over(place, channel, policy.nature(purpose))
    return Opening(place, policy.windows(channel), laws)


def _clock(moment: datetime, zone: str) -> str:
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there:%H:%M} on {DAYS[there.weekday()]}"
