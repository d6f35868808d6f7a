"""A suppression: an address that must not be contacted, why, since when, and whether that was lifted."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from beforehand.errors import BeforehandError
from beforehand.ids import from_content
from beforehand.outreach.model import Channel


class Reason(StrEnum):
    """Why an address must not be contacted."""

    UNSUBSCRIBED = "unsubscribed"
    """The person used the link in a message."""
    BOUNCED = "bounced"
    """The provider says that nothing will ever arrive there."""
    COMPLAINED = "complained"
    """The person told their provider that a message was spam."""
    OPTED_OUT = "opted_out"
    """The person said so in another way: they answered STOP, or told an employee."""
    CONSENT_WITHDRAWN = "consent_withdrawn"
    """The customer's record says that they consent no more."""
    MANUAL = "manual"
    """An employee decided so."""


OWN_WORD = frozenset({Reason.UNSUBSCRIBED, Reason.COMPLAINED, Reason.OPTED_OUT, Reason.CONSENT_WITHDRAWN})
"""What a person said themselves. Only they can take it back."""


class MarksUnreachableError(BeforehandError):
    """The table that senders look into gave no answer; the message is the error's name."""


class ConsentNeededError(BeforehandError):
    """A person said that they want no messages, and nobody says that they changed their mind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reachable:
    """The addresses of one customer; None: there is none."""

    customer_id: str
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """A new suppression. `source` names who told us, in one word; `because` quotes no address.

    `mark` is the event that marked the address for the senders already, if one did.
    """

    contact_hash: str
    channel: Channel
    reason: Reason
    source: str
    because: str
    since: datetime
    outreach_id: UUID | None = None
    added_by: str | None = None
    mark: str | None = None

    @property
    def suppression_id(self) -> UUID:
        """The id it has when it is new: the same for the same event, or the same moment."""
        return from_content(
            "suppression", self.contact_hash, self.reason, self.source, self.mark or self.since.isoformat()
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A suppression as it stands."""

    suppression_id: UUID
    contact_hash: str
    channel: Channel
    reason: Reason
    source: str
    because: str
    since: datetime
    outreach_id: UUID | None
    added_by: str | None
    lifted_at: datetime | None
    lifted_by: str | None
    lift_because: str | None
    consent: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lift:
    """Somebody's decision that an address may be contacted again.

    `consent` says how the person said so themselves; without it, only what they did not ask for can be lifted.
    """

    by: str
    because: str
    at: datetime
    consent: str | None = None

    def must_cover(self, reason: Reason) -> None:
        """Raises ConsentNeededError where the person's own word is needed and missing."""
        if reason in OWN_WORD and not self.consent:
            raise ConsentNeededError(
                f"This address is suppressed because the person said so themselves ({reason}); say in `consent` "
                "how and when they agreed to messages again"
            )
