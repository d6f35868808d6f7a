"""What the gate is told, read for many at once: who they are, what is in a person's hands, what went to them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from beforehand.adapters.postgres import Row, Transaction
from beforehand.outreach.gate.model import Contact, Facts, Person
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policy import ContactPolicy

PEOPLE = """
select p.customer_id, p.name, p.language, p.email, p.phone, p.zone, p.country, p.marketing_consent,
       p.preferred_channel,
       exists (select from outreach_v_cases as c
               where c.customer_id = p.customer_id and c.state <> 'done' and c.opened_at <= :as_of) as case_open
from customers_v_profiles as p where p.customer_id = any(cast(:ids as text[]))"""

# Attempts of which it is certain that nothing went out do not count; of the others the last says when it was. The
# lease of a message ends after each of its claims, so by that what is long ago is passed over unread.
HISTORY = """
select o.customer_id, o.outreach_id, o.purpose, o.channel, a.claimed_at
from outreach as o
cross join lateral (
    select claimed_at from outreach_attempts
    where outreach_id = o.outreach_id
      and coalesce(outcome, '') not in ('void', 'stopped', 'suppressed', 'refused', 'not_now')
    order by attempt desc limit 1
) as a
where o.customer_id = any(cast(:ids as text[]))
  and o.lease_until > :since
  and o.state in ('claimed', 'sent', 'delivered', 'unknown', 'review')
  and a.claimed_at > :since
order by a.claimed_at"""

NOBODY: frozenset[Channel] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """Where a customer can be reached; None: there is no such address."""

    customer_id: str
    email: str | None
    phone: str | None


Suppressed = Callable[[Sequence[Addresses]], Mapping[str, frozenset[Channel]]]
"""Says by which channels each of these people must not be contacted."""


class PostgresFacts:
    """The facts about customers, inside one transaction."""

    def __init__(self, transaction: Transaction, suppressed: Suppressed) -> None:
        self._transaction, self._suppressed = transaction, suppressed

    def of(self, customer_ids: Sequence[str], *, policy: ContactPolicy, as_of: datetime) -> dict[str, Facts]:
        """The facts of each of these customers; who is not there any more can be reached by nothing.

        Contacts count as far back as the policy remembers.
        """
        ids = list(customer_ids)
        people = {row["customer_id"]: row for row in self._transaction.rows(PEOPLE, ids=ids, as_of=as_of)}
        suppressed = self._suppressed(
            [Addresses(customer_id=one, email=row["email"], phone=row["phone"]) for one, row in people.items()]
        )
        history = defaultdict(list)
        for row in self._transaction.rows(HISTORY, ids=ids, since=as_of - policy.memory):
            history[row["customer_id"]].append(_contact(row))
        return {one: _facts(one, people.get(one), tuple(history[one]), suppressed.get(one, NOBODY)) for one in ids}


def _facts(
    customer_id: str, row: Row | None, history: tuple[Contact, ...], suppressed: frozenset[Channel]
) -> Facts:
    if row is None:
        gone = Person(customer_id=customer_id, zone=None, country=None, consent=None, reachable=NOBODY)
        return Facts(person=gone, history=history)
    preferred = row["preferred_channel"]
    person = Person(
        customer_id=customer_id,
        zone=row["zone"],
        country=row["country"],
        consent=row["marketing_consent"],
        preferred_channel=preferred and Channel(preferred),
        reachable=_reachable(row),
        suppressed=suppressed,
        case_open=row["case_open"],
    )
    return Facts(
        person=person,
        history=history,
        name=row["name"],
        language=row["language"],
        email=row["email"],
        phone=row["phone"],
    )


def _reachable(row: Row) -> frozenset[Channel]:
    """A webhook is the company's own, and takes whoever is a customer."""
    by = {Channel.WEBHOOK}
    if row["email"] is not None:
        by.add(Channel.EMAIL)
    if row["phone"] is not None:
        by |= {Channel.SMS, Channel.VOICE}
    return frozenset(by)


def _contact(row: Row) -> Contact:
    return Contact(
        outreach_id=row["outreach_id"],
        purpose=Purpose(row["purpose"]),
        channel=Channel(row["channel"]),
        at=row["claimed_at"],
    )
