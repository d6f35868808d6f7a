"""What the gate is told of people, by set queries over views."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from beforehand.adapters.postgres import Transaction
from beforehand.outreach.gate.model import Contact, Facts, Person
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.suppression.model import Reachable
from beforehand.outreach.suppression.store import PostgresSuppressions


class PostgresFacts:
    """The facts about people, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def of(
        self, customer_ids: Sequence[str], *, policy: ContactPolicy, pepper: bytes, as_of: datetime
    ) -> Mapping[str, Facts]:
        """The facts about each; of somebody who is gone nothing is known, and they cannot be reached."""
        rows = self._transaction.rows(
            """select asked.customer_id, p.name, p.email, p.phone, p.language, p.zone, p.country,
                      p.marketing_consent,
                      exists (select from outreach_cases c
                              where c.customer_id = asked.customer_id and c.state <> 'done') as case_open
               from unnest(cast(:asked as text[])) as asked(customer_id)
               left join customers_v_profiles p on p.customer_id = asked.customer_id""",
            asked=list(customer_ids),
        )
        history = self._history(customer_ids, since=as_of - policy.memory)
        people = [Reachable(customer_id=r["customer_id"], email=r["email"], phone=r["phone"]) for r in rows]
        suppressed = PostgresSuppressions(self._transaction).suppressed(people, pepper=pepper)
        found = {}
        for row in rows:
            one = row["customer_id"]
            person = Person(
                customer_id=one,
                zone=row["zone"],
                country=row["country"],
                consent=row["marketing_consent"],
                reachable=_reachable(row["email"], row["phone"]),
                suppressed=suppressed.get(one, frozenset()),
                case_open=row["case_open"],
            )
            found[one] = Facts(
                person=person, history=tuple(history.get(one, ())), name=row["name"], language=row["language"],
                email=row["email"], phone=row["phone"],
            )  # fmt: skip
        return found

    def _history(self, customer_ids: Sequence[str], *, since: datetime) -> dict[str, list[Contact]]:
        rows = self._transaction.rows(
            """select o.customer_id, o.outreach_id, o.purpose, o.channel, a.claimed_at
               from outreach o
               join outreach_attempts a on a.outreach_id = o.outreach_id and a.attempt = o.attempt
               where o.customer_id = any(cast(:asked as text[]))
                 and o.state in ('claimed', 'sent', 'delivered', 'unknown', 'review')
                 and a.claimed_at > :since""",
            asked=list(customer_ids), since=since,
        )  # fmt: skip
        history: dict[str, list[Contact]] = {}
        for row in rows:
            contact = Contact(
                outreach_id=row["outreach_id"], purpose=Purpose(row["purpose"]), channel=Channel(row["channel"]),
                at=row["claimed_at"],
            )  # fmt: skip
            history.setdefault(row["customer_id"], []).append(contact)
        return history


def _reachable(email: str | None, phone: str | None) -> frozenset[Channel]:
    by = {Channel.EMAIL: email, Channel.SMS: phone, Channel.VOICE: phone}
    return frozenset({Channel.WEBHOOK, *(channel for channel, address in by.items() if address)})
