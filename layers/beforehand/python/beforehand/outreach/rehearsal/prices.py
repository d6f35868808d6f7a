"""What providers bill for a message, as dated data with their sources; whoever pays other prices brings them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from beforehand.outreach.model import Channel


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """The price of one part of a message by a channel, from one day on, in one currency.

    `countries` are ISO 3166 codes; None: every country that has no price of its own.
    """

    channel: Channel
    countries: frozenset[str] | None
    part: float
    currency: str
    from_on: date
    until_on: date | None
    source: str
    seen_on: date
    note: str = ""

    def holds(self, channel: Channel, country: str | None, on: date) -> bool:
        """Whether it is the price of this channel to this country on a day."""
        in_time = self.from_on <= on and (self.until_on is None or on < self.until_on)
        return channel is self.channel and in_time and (self.countries is None or country in self.countries)


@dataclass(frozen=True, kw_only=True, slots=True)
class CostLine:
    """What one channel to one country costs; `cost` is None where no price is known."""

    channel: Channel
    country: str | None
    messages: int
    parts: int
    price: Price | None

    @property
    def cost(self) -> float | None:
        """Parts times price."""
        return None if self.price is None else self.parts * self.price.part


@dataclass(frozen=True)
class Prices:
    """Every price that is known; of several that hold, the first that names the country."""

    prices: Sequence[Price] = field(default=())

    def of(self, channel: Channel, country: str | None, on: date) -> Price | None:
        """The price of a part on a day, or None."""
        found = [price for price in self.prices if price.holds(channel, country, on)]
        named = [price for price in found if price.countries is not None]
        return next(iter(named or found), None)

    def lines(
        self, billed: Mapping[tuple[Channel, str | None], tuple[int, int]], *, on: date
    ) -> tuple[CostLine, ...]:
        """What each channel to each country costs, the dearest first; `billed` has messages and parts."""
        lines = [
            CostLine(
                channel=channel,
                country=country,
                messages=messages,
                parts=parts,
                price=self.of(channel, country, on),
            )
            for (channel, country), (messages, parts) in billed.items()
        ]
        return tuple(sorted(lines, key=lambda line: (-(line.cost or 0), line.channel, line.country or "")))


def totals(lines: Iterable[CostLine]) -> dict[str, float]:
    """What the lines cost together, by currency."""
    found: dict[str, float] = {}
    for line in lines:
        if line.price is not None and line.cost is not None:
            found[line.price.currency] = found.get(line.price.currency, 0.0) + line.cost
    return found
