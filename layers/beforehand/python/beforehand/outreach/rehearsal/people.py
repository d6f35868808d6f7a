"""Whom a rehearsal plays with: everybody's facts read once in batches, and what it does to them itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from beforehand.outreach.gate.model import Contact, Facts
from beforehand.outreach.model import Channel

BATCH = 5_000
SOMEBODY = "Somebody"
"""In place of a name."""

Read = Callable[[Sequence[str]], Mapping[str, Facts]]
"""The facts of these customers, from the database."""


class People:
    """The facts of customers as they stand at a moment of the rehearsal. `known` outlives it: it is of today."""

    def __init__(self, read: Read, known: dict[str, Facts]) -> None:
        self._read, self._known = read, known
        self._now: dict[str, Facts] = {}
        self._in_hand: set[str] = set()

    def load(self, customer_ids: Iterable[str]) -> None:
        """Reads those who are not known yet, many at a time."""
        missing = sorted({one for one in customer_ids if one not in self._known})
        for start in range(0, len(missing), BATCH):
            for customer_id, facts in self._read(missing[start : start + BATCH]).items():
                self._known[customer_id] = _slim(facts)

    def of(self, customer_ids: Sequence[str]) -> Mapping[str, Facts]:
        """The facts of each of these."""
        self.load(customer_ids)
        return {one: self.one(one) for one in customer_ids}

    def one(self, customer_id: str) -> Facts:
        """The facts of somebody who was loaded."""
        return self._now.get(customer_id) or self._known[customer_id]

    def contacted(self, customer_id: str, contact: Contact) -> None:
        """Somebody was contacted in the rehearsal: it counts in all that comes later."""
        facts = self.one(customer_id)
        self._now[customer_id] = replace(facts, history=(*facts.history, contact))

    def taken_over(self, customer_id: str) -> None:
        """A case of theirs is open from now on."""
        if customer_id not in self._in_hand:
            self._in_hand.add(customer_id)
            self.load([customer_id])
            facts = self.one(customer_id)
            self._now[customer_id] = replace(facts, person=replace(facts.person, case_open=True))

    def given_up(self, customer_id: str) -> None:
        """No case of theirs is open any more."""
        self._in_hand.discard(customer_id)
        self.load([customer_id])
        facts = self.one(customer_id)
        self._now[customer_id] = replace(facts, person=replace(facts.person, case_open=False))


def _slim(facts: Facts) -> Facts:
    """Without addresses, which nothing is written to; what many have is shared, and of a name, whether there is."""
    person = facts.person
    shared = replace(
        person,
        reachable=_SETS.setdefault(person.reachable, person.reachable),
        suppressed=_SETS.setdefault(person.suppressed, person.suppressed),
        zone=person.zone and _WORDS.setdefault(person.zone, person.zone),
        country=person.country and _WORDS.setdefault(person.country, person.country),
    )
    name = facts.name and SOMEBODY
    return Facts(person=shared, history=facts.history, name=name, language=facts.language)


_SETS: dict[frozenset[Channel], frozenset[Channel]] = {}
_WORDS: dict[str, str] = {}
