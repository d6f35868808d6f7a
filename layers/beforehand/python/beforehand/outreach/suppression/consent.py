"""A withdrawal of consent stops what is on its way, too: senders look at marks, and not at customers."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from beforehand.outreach.model import Channel
from beforehand.outreach.suppression.contacts import UnreadableAddressError, contact_hash
from beforehand.outreach.suppression.model import Lift, Reason, Suppression
from beforehand.outreach.suppression.store import PostgresSuppressions
from beforehand.outreach.suppression.suppressing import Marks, lift, suppress

Contact = tuple[Channel, str]
"""A channel and the address's hash."""


def contacts_of(addresses: Iterable[tuple[Channel, str | None]], *, pepper: bytes) -> Iterator[Contact]:
    """Each address by its hash; what is no address cannot be written to either."""
    for channel, address in addresses:
        if address is None:
            continue
        try:
            yield channel, contact_hash(channel, address, pepper)
        except UnreadableAddressError:
            continue


def withdrawn(
    contacts: Iterable[Contact], *, ledger: PostgresSuppressions, marks: Marks, by: str, now: datetime
) -> None:
    """Suppresses the addresses of a customer who consents no more. Raises MarksUnreachableError."""
    for channel, contact in sorted(set(contacts)):
        suppress(
            Suppression(
                contact_hash=contact, channel=channel, reason=Reason.CONSENT_WITHDRAWN, source="customers",
                because="the customer's record says that they consent no more", since=now, added_by=by,
            ),
            ledger=ledger, marks=marks, now=now,
        )  # fmt: skip


def given(contacts: Iterable[Contact], *, ledger: PostgresSuppressions, by: str, now: datetime) -> None:
    """Lifts what the withdrawal brought, and nothing else: who used a link or complained has said more."""
    lifting = Lift(by=by, because="the customer consents again", at=now, consent="the customer's record says so")
    for _, contact in sorted(set(contacts)):
        ledger.lock(contact)
        for kept in ledger.open_of(contact):
            if kept.reason is Reason.CONSENT_WITHDRAWN:
                lift(kept.suppression_id, lifting, ledger=ledger)
