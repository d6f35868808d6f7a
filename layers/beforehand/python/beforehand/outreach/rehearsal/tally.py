"""Counts what becomes of messages during a rehearsal: by day, hour, purpose, reason, and what is billed."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from beforehand.outreach.model import Channel, Purpose, State
from beforehand.outreach.rehearsal.model import Played

EXAMPLES = 3
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One message that shows what is meant; ids and moments only, and the because of the gate."""

    customer_id: str
    purpose: Purpose
    channel: Channel
    at: datetime
    because: str
    until: datetime | None = None


@dataclass(slots=True)
class Reason:
    """How many messages met a reason, and the first of them."""

    messages: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass(slots=True)
class Billed:
    """How many messages a provider bills, and in how many parts."""

    messages: int = 0
    parts: int = 0


class Tally:
    """The figures of one rehearsal. Days are those of the company's zone; only some purposes may be counted."""

    def __init__(self, *, zone: str, purposes: Iterable[Purpose] = Purpose) -> None:
        self._zone, self._purposes = ZoneInfo(zone), frozenset(purposes)
        self._day: tuple[datetime, date] | None = None
        self.began_with = 0
        self.days: defaultdict[date, Counter[str]] = defaultdict(Counter)
        self.hours: Counter[tuple[Channel, datetime]] = Counter()
        self.purposes: defaultdict[Purpose, Counter[str]] = defaultdict(Counter)
        self.reasons: defaultdict[tuple[str, str], Reason] = defaultdict(Reason)
        self.waits: defaultdict[Channel, Counter[int]] = defaultdict(Counter)
        self.billed: defaultdict[tuple[Channel, str | None], Billed] = defaultdict(Billed)
        self.first_sent: list[Example] = []

    def counts(self, played: Played) -> bool:
        """Whether a message is of a purpose that is counted."""
        return played.due.purpose in self._purposes

    def began(self, played: Played, rule: str | None, *, at: datetime) -> None:
        """A message that waits in the ledger as the rehearsal begins; by a rule, if it is not to be looked at."""
        if self.counts(played):
            self.began_with += 1
            self.purposes[played.due.purpose]["waiting"] += 1
            if rule is not None:
                self._because(played, "held", rule, at)
                self._hold(played, at)

    def planned(self, played: Played, rule: str | None, *, at: datetime) -> None:
        """A message that a planner has proposed."""
        if self.counts(played):
            self.days[self.day(at)]["planned"] += 1
            self.purposes[played.due.purpose]["planned"] += 1
            if rule is not None:
                self._because(played, "held", rule, at)
                self._hold(played, at)

    def held(self, played: Played, rule: str, *, at: datetime) -> None:
        """A message that waits. On one day, and for one reason, it counts once."""
        if self.counts(played):
            self._because(played, "held", rule, at)
            self._hold(played, at)
        elif rule not in played.rules:
            played.rules.append(rule)

    def ended(self, played: Played, rule: str, *, at: datetime) -> None:
        """A message that is over and was not sent."""
        if self.counts(played):
            what = "expired" if played.state is State.EXPIRED else "skipped"
            self.days[self.day(at)][what] += 1
            self.purposes[played.due.purpose][what] += 1
            self._because(played, what, rule, at)

    def sent(self, played: Played, *, at: datetime, waited: timedelta) -> None:
        """A message that went, so long after nothing but its channel's rate stood against it."""
        if not self.counts(played):
            return
        due = played.due
        self.days[self.day(at)]["sent"] += 1
        self.purposes[due.purpose]["sent"] += 1
        self.hours[due.channel, at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)] += 1
        self.waits[due.channel][waited // MINUTE] += 1
        billed = self.billed[due.channel, played.country]
        billed.messages += 1
        billed.parts += played.parts
        if len(self.first_sent) < EXAMPLES:
            self.first_sent.append(_example(played, at))

    def day(self, at: datetime) -> date:
        """The day of a moment, where the company is."""
        if self._day is None or self._day[0] != at:
            self._day = at, at.astimezone(self._zone).date()
        return self._day[1]

    def _hold(self, played: Played, at: datetime) -> None:
        if played.held_on is None:
            self.purposes[played.due.purpose]["held"] += 1
        day = self.day(at)
        if played.held_on != day:
            played.held_on = day
            self.days[day]["held"] += 1

    def _because(self, played: Played, what: str, rule: str, at: datetime) -> None:
        if what == "held":
            if rule in played.rules:
                return
            played.rules.append(rule)
        reason = self.reasons[what, rule]
        reason.messages += 1
        if len(reason.examples) < EXAMPLES:
            reason.examples.append(_example(played, at))


def _example(played: Played, at: datetime) -> Example:
    due = played.due
    return Example(
        customer_id=due.customer_id,
        purpose=due.purpose,
        channel=due.channel,
        at=at,
        because=due.state_because or "",
        until=played.next_at,
    )
