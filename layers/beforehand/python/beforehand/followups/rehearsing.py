"""The daily looks for the inactive of the coming days, as a rehearsal plays them: by the rules of real ones."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

from beforehand.followups import rules as rule
from beforehand.followups.model import Known, Rules, Wish
from beforehand.followups.news import inactive_wishes
from beforehand.followups.planning import Openings
from beforehand.outreach.model import Proposal
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.rehearsal.model import Plans
from beforehand.outreach.rehearsal.model import Wish as Rehearsed

DAY = timedelta(days=1)


class Inactive(Protocol):
    """Where the inactive are found."""

    def since(self, now: datetime, *, limit: int) -> list[tuple[str, datetime]]:
        """Who is inactive at a moment and may be asked, with when they last did something."""

    def planned_since(self, moment: datetime) -> int:
        """How many were asked back since then."""

    def known(self, wishes: Sequence[Wish]) -> list[Known | None]:
        """What is known of each customer, in the order of the wishes."""


class InactiveRehearsed:
    """Plays the look of each day. Whoever is asked on one day is not asked again on the next.

    It looks at an hour of `zone`; the days that may ask so many begin in `company_zone`.
    """

    name = "re-engagement"

    def __init__(
        self,
        inactive: Inactive,
        opens_under: Callable[[ContactPolicy], Openings],
        *,
        rules: Rules,
        hour: int | None,
        zone: tzinfo,
        company_zone: tzinfo,
        language: str,
    ) -> None:
        self._inactive, self._opens_under, self._rules = inactive, opens_under, rules
        self._hour, self._zone, self._company_zone, self._language = hour, zone, company_zone, language
        self._taken: dict[datetime, list[tuple[str, datetime]]] = {}

    def prepare(self, *, begin: datetime) -> None:
        """Nothing is written, so nothing is copied; whom another policy would be asked of is found again."""
        self._taken.clear()

    def turns(self, *, begin: datetime, end: datetime) -> Sequence[datetime]:
        """Each day at the hour of the look; never, where nobody looks."""
        if self._hour is None:
            return []
        local = begin.astimezone(self._zone).replace(hour=self._hour, minute=0, second=0, microsecond=0)
        days = (local + number * DAY for number in range((end - begin).days + 2))
        return [moment for day in days if begin <= (moment := day.astimezone(UTC)) < end]

    def plan(self, *, at: datetime, until: datetime, policy: ContactPolicy) -> Plans:
        """Whom that day's look would ask back, as many as a day may have."""
        if at not in self._taken:
            self._taken[at] = self._look(at)
        wishes = list(inactive_wishes(self._taken[at], self._rules.inactive, now=at))
        known, opens = self._inactive.known(wishes), self._opens_under(policy)
        proposals = (self._proposal(wish, one, at, opens) for wish, one in zip(wishes, known, strict=True) if one)
        return Plans(wishes=[Rehearsed(proposed_at=at, proposal=one) for one in proposals if one is not None])

    def _look(self, at: datetime) -> list[tuple[str, datetime]]:
        before = {customer for people in self._taken.values() for customer, _ in people}
        midnight = at.astimezone(self._company_zone).replace(hour=0, minute=0, second=0, microsecond=0)
        room = max(self._rules.reengaged_a_day - self._inactive.planned_since(midnight), 0)
        found = self._inactive.since(at, limit=room + len(before))
        return [one for one in found if one[0] not in before][:room]

    def _proposal(self, wish: Wish, known: Known, at: datetime, opens: Openings) -> Proposal | None:
        channel = rule.channel_of(wish, known)
        if channel is None:
            return None
        due_at = opens(known, wish, at) + rule.jitter(wish)
        choice = rule.choose(wish.kind, known, self._rules)
        return rule.proposal(wish, known, choice, channel, due_at=due_at, language=known.language or self._language)
