"""Suppressions in PostgreSQL. The database holds the promise that a reason is open once for an address."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction
from beforehand.errors import NotFoundError
from beforehand.outreach.model import Channel
from beforehand.outreach.suppression.contacts import UnreadableAddressError, channels_of, contact_hash
from beforehand.outreach.suppression.model import Kept, Lift, Reachable, Reason, Suppression

COLUMNS = """suppression_id, contact_hash, channel, reason, source, because, since, outreach_id, added_by,
             lifted_at, lifted_by, lift_because, consent"""


class PostgresSuppressions:
    """The suppressions, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def suppressed(self, people: Sequence[Reachable], *, pepper: bytes) -> dict[str, frozenset[Channel]]:
        """By which channels each customer must not be contacted; one query for all of them.

        An address that no channel can take is suppressed on all of its channels: nothing may go there either.
        """
        hashed = {person.customer_id: _hashes(person, pepper) for person in people}
        every = {one for hashes in hashed.values() for one in hashes if one}
        open_ones = self._open_among(sorted(every))
        return {
            customer: frozenset(
                reached for one, channels in hashes.items() if not one or one in open_ones for reached in channels
            )
            for customer, hashes in hashed.items()
        }

    def lock(self, contact_hash: str) -> None:
        """Keeps everyone else from suppressing or lifting an address until the transaction ends."""
        self._transaction.rows(
            "select pg_advisory_xact_lock(hashtextextended('suppression ' || cast(:contact_hash as text), 0))",
            contact_hash=contact_hash,
        )

    def add(self, suppression: Suppression) -> Kept:
        """Writes it down unless the address is suppressed for this reason already; answers the one that is open."""
        new = asdict(suppression)
        mark = new.pop("mark")
        found = self._transaction.row(
            f"""insert into outreach_suppressions as kept
                    (suppression_id, contact_hash, channel, reason, source, because, since, outreach_id, added_by,
                     marks, checked_at)
                values (:suppression_id, :contact_hash, :channel, :reason, :source, :because, :since, :outreach_id,
                        :added_by, array_remove(array[cast(:mark as text)], null), :since)
                on conflict (contact_hash, reason) where lifted_at is null
                do update set marks = kept.marks
                    || array(select unnest(excluded.marks) except select unnest(kept.marks))
                returning {COLUMNS}""",
            suppression_id=suppression.suppression_id, mark=mark, **new,
        )  # fmt: skip
        assert found is not None
        return _kept(found)

    def hold(self, suppression_id: UUID) -> Kept:
        """One suppression, with its address locked until the transaction ends. Raises NotFoundError."""
        self.lock(self.get(suppression_id).contact_hash)
        return self.get(suppression_id)

    def get(self, suppression_id: UUID) -> Kept:
        """One suppression. Raises NotFoundError."""
        found = self._transaction.row(
            f"select {COLUMNS} from outreach_suppressions where suppression_id = :suppression_id",
            suppression_id=suppression_id,
        )
        if found is None:
            raise NotFoundError(f"There is no suppression {suppression_id}")
        return _kept(found)

    def lift(self, suppression_id: UUID, lift: Lift) -> Kept:
        """Writes down that it is lifted. Raises NotFoundError."""
        self._transaction.run(
            """update outreach_suppressions
               set lifted_at = :at, lifted_by = :by, lift_because = :because, consent = :consent
               where suppression_id = :suppression_id and lifted_at is null""",
            suppression_id=suppression_id, **asdict(lift),
        )  # fmt: skip
        return self.get(suppression_id)

    def page(
        self, *, contact_hash: str | None, open_only: bool, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[Kept]:
        """Suppressions, the newest first: of one address or of all."""
        since, last = after or (None, None)
        found = self._transaction.rows(
            f"""select {COLUMNS} from outreach_suppressions
                where (cast(:contact_hash as text) is null or contact_hash = :contact_hash)
                  and (not :open_only or lifted_at is null)
                  and (cast(:since as timestamptz) is null
                       or (since, suppression_id) < (cast(:since as timestamptz), cast(:last as uuid)))
                order by since desc, suppression_id desc limit :limit""",
            contact_hash=contact_hash, open_only=open_only, since=since, last=last, limit=limit,
        )  # fmt: skip
        return [_kept(row) for row in found]

    def open_of(self, contact_hash: str) -> list[Kept]:
        """Why an address must not be contacted; nothing: it may be."""
        return self.page(contact_hash=contact_hash, open_only=True, after=None, limit=len(Reason))

    def of_customer(self, customer_id: str, *, pepper: bytes) -> list[Kept]:
        """Why the addresses that a customer has now must not be contacted, the newest first."""
        person = self._transaction.row(
            "select customer_id, email, phone from customers_v_profiles where customer_id = :id", id=customer_id
        )
        hashes = [one for one in _hashes(Reachable(**person), pepper) if one] if person else []
        found = self._transaction.rows(
            f"""select {COLUMNS} from outreach_suppressions
                where lifted_at is null and contact_hash = any(cast(:hashes as text[]))
                order by since desc, suppression_id""",
            hashes=hashes,
        )
        return [_kept(row) for row in found]

    def is_open(self, contact_hash: str) -> bool:
        """Whether an address must not be contacted."""
        return bool(self._open_among([contact_hash]))

    def marks(self, contact_hash: str) -> frozenset[str]:
        """The events that marked an address and are written down."""
        found = self._transaction.rows(
            "select unnest(marks) as mark from outreach_suppressions where contact_hash = :contact_hash",
            contact_hash=contact_hash,
        )
        return frozenset(row["mark"] for row in found)

    def to_clear(self, *, limit: int) -> list[str]:
        """Addresses with a lift that senders may not know of, the longest waiting first."""
        found = self._transaction.rows(
            """select contact_hash, min(lifted_at) as waiting from outreach_suppressions
               where lifted_at is not null and cleared_at is null
               group by contact_hash order by waiting limit :limit""",
            limit=limit,
        )
        return [row["contact_hash"] for row in found]

    def lifted_since(self, contact_hash: str, since: datetime) -> bool:
        """Whether an address was lifted after a moment, and senders may not know of it."""
        found = self._transaction.row(
            """select from outreach_suppressions
               where contact_hash = :contact_hash and lifted_at > :since and cleared_at is null""",
            contact_hash=contact_hash, since=since,
        )  # fmt: skip
        return found is not None

    def cleared(self, contact_hash: str, *, now: datetime) -> None:
        """Senders know of every lift of an address."""
        self._transaction.run(
            """update outreach_suppressions set cleared_at = :now
               where contact_hash = :contact_hash and lifted_at is not null and cleared_at is null""",
            contact_hash=contact_hash, now=now,
        )  # fmt: skip

    def to_check(self, *, before: datetime, limit: int) -> list[str]:
        """Suppressed addresses of which nobody looked since a moment whether senders know of them."""
        found = self._transaction.rows(
            """select distinct contact_hash from (
                   select contact_hash from outreach_suppressions
                   where lifted_at is null and checked_at < :before order by checked_at limit :limit
               ) as oldest""",
            before=before, limit=limit,
        )  # fmt: skip
        return [row["contact_hash"] for row in found]

    def checked(self, contact_hashes: Sequence[str], *, now: datetime) -> None:
        """Senders know of these."""
        self._transaction.run(
            # In one order: two sweeps at once wait for each other, and neither for ever.
            """update outreach_suppressions as one set checked_at = :now
               from (select suppression_id from outreach_suppressions
                     where lifted_at is null and contact_hash = any(cast(:hashes as text[]))
                     order by suppression_id for update) as held
               where one.suppression_id = held.suppression_id""",
            hashes=list(contact_hashes), now=now,
        )  # fmt: skip

    def _open_among(self, hashes: Sequence[str]) -> frozenset[str]:
        found = self._transaction.rows(
            """select distinct contact_hash from outreach_suppressions
               where lifted_at is null and contact_hash = any(cast(:hashes as text[]))""",
            hashes=list(hashes),
        )
        return frozenset(row["contact_hash"] for row in found)


def _hashes(person: Reachable, pepper: bytes) -> dict[str, frozenset[Channel]]:
    """The hashes of somebody's addresses with the channels that reach them; none has an unreadable one.

    The company's own system knows them by their id.
    """
    given = ((Channel.EMAIL, person.email), (Channel.SMS, person.phone), (Channel.WEBHOOK, person.customer_id))
    hashes: dict[str, frozenset[Channel]] = {}
    for channel, address in given:
        if address is None:
            continue
        try:
            one = contact_hash(channel, address, pepper)
        except UnreadableAddressError:
            one = ""
        hashes[one] = hashes.get(one, frozenset()) | channels_of(channel)
    return hashes


def _kept(row: Row) -> Kept:
    return Kept(**{**row, "channel": Channel(row["channel"]), "reason": Reason(row["reason"])})
