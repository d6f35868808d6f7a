"""What the gate is told of a person, a message and the past, and what it answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from beforehand.outreach.model import Channel, Hold, Purpose

MARGIN = timedelta(minutes=3)
"""How long after its decision a message may still be handed to a provider: windows and ends allow all of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Whom a message is for. `None` is a fact that nobody gave us.

    `zone` is an IANA zone; `country` an ISO 3166 code, `region` the part of it after the hyphen (ISO 3166-2).
    `reachable` are the channels there is an address for, `suppressed` those they must not be contacted by.
    """

    customer_id: str
    zone: str | None
    country: str | None
    region: str | None = None
    consent: bool | None
    preferred_channel: Channel | None = None
    reachable: frozenset[Channel]
    suppressed: frozenset[Channel] = frozenset()
    case_open: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """The message that waits. Automated ones are subject to the holdout; what a person asks for is not."""

    outreach_id: UUID
    purpose: Purpose
    channel: Channel
    due_at: datetime
    not_after: datetime
    automated: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A message that went to the person, or may have gone: claimed, sent, delivered, unknown or under review."""

    outreach_id: UUID
    purpose: Purpose
    channel: Channel
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of somebody when a message of theirs comes due; the addresses are for the message alone."""

    person: Person
    history: tuple[Contact, ...]
    name: str | None = None
    language: str | None = None
    email: str | None = None
    phone: str | None = None

    def address(self, channel: Channel) -> str:
        """Where a channel reaches them, or nothing; the company's own system knows them by their id."""
        found = {Channel.EMAIL: self.email, Channel.SMS: self.phone, Channel.VOICE: self.phone}
        return found.get(channel, self.person.customer_id) or ""


class Action(StrEnum):
    """What is to become of a message now."""

    SEND = "send"
    HOLD = "hold"
    SKIP = "skip"
    EXPIRE = "expire"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What the gate decided: `because` in words, `rule` in a name; a hold says until when and what for.

    What may go is welcome `within` this moment: then a window closes, or the message's own time is over.
    """

    action: Action
    because: str
    rule: str
    until: datetime | None = None
    hold: Hold | None = None
    within: datetime | None = None
