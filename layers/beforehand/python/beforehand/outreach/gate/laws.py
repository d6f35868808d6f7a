"""Laws on when people may be contacted, as dated data with their sources. They are not legal advice."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from beforehand.outreach.gate.places import Place
from beforehand.outreach.model import Channel
from beforehand.outreach.policy import Nature
from beforehand.outreach.windows import DAY, OPEN_AHEAD, Windows, instant, next_open, next_shut


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a law can be read: its name, the section, an address, and the day on which it was looked up."""

    law: str
    section: str
    url: str
    seen_on: date


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LegalWindow:
    """When a law lets people be contacted, in their local time, from one day up to another.

    `country` is an ISO 3166 code; `region` the part of ISO 3166-2 after the hyphen, None for the whole country.
    """

    country: str
    region: str | None
    channels: frozenset[Channel]
    natures: frozenset[Nature]
    windows: Windows
    from_on: date
    until_on: date | None
    source: Source
    note: str = ""

    @property
    def jurisdiction(self) -> str:
        """The country, or the region as ISO 3166-2 writes it."""
        return f"{self.country}-{self.region}" if self.region else self.country

    def next_allowed(self, zone: str, moment: datetime) -> datetime:
        """The first moment, from `moment` (UTC) on, at which the law lets somebody in a zone be contacted."""
        if not self._holds(zone, moment):
            return moment
        allowed = next_open(self.windows, zone, moment)
        if self.until_on is None:
            return allowed
        return min(allowed, max(moment, _begin(self.until_on, zone)))

    def next_forbidden(self, zone: str, moment: datetime) -> datetime:
        """The first moment, from `moment` (UTC) on, when the law forbids it; one days ahead if none is near."""
        shuts, far = moment, moment + OPEN_AHEAD * DAY
        while shuts < far:
            if self._holds(zone, shuts):
                until = next_shut(self.windows, zone, shuts)
            else:
                begins = _begin(self.from_on, zone)
                until = begins if begins > shuts else far
            if until == shuts:
                break
            shuts = until
        return shuts

    def _holds(self, zone: str, moment: datetime) -> bool:
        on = moment.astimezone(ZoneInfo(zone)).date()
        return on >= self.from_on and (self.until_on is None or on < self.until_on)


def _begin(day: date, zone: str) -> datetime:
    return instant(datetime.combine(day, time(0)), ZoneInfo(zone)).astimezone(UTC)


@dataclass(frozen=True, eq=False)
class Legal:
    """All laws that are known here."""

    windows: tuple[LegalWindow, ...] = field(default=())

    def over(self, place: Place, channel: Channel, nature: Nature) -> tuple[LegalWindow, ...]:
        """The laws over contacting somebody. Of a country whose region is not known, those of all its regions."""
        return tuple(
            window
            for window in self.windows
            if window.country == place.country
            and (window.region is None or place.region is None or window.region == place.region)
            and channel in window.channels
            and nature in window.natures
        )
