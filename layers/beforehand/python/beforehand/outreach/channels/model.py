"""One message on its way out, and what a provider says to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from beforehand.outreach.model import Channel


class Evidence(StrEnum):
    """What a channel can say of a message whose answer was lost."""

    DEDUPS_BY_KEY = "dedups_by_key"
    """The same message with the same key is taken once: sending it again is safe."""
    LOOKUP_ONLY = "lookup_only"
    """The provider can be asked whether it took the message."""
    BLIND = "blind"
    """An event of the provider proves that it took the message; silence proves nothing."""


class Outcome(StrEnum):
    """What became of one call to a provider."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """A definite no that another attempt would meet as well."""
    NOT_NOW = "not_now"
    """A definite no that may be a yes later: throttled, not connected."""
    UNKNOWN = "unknown"
    """The answer was lost, or says that the message may have been taken: never repeated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outbound:
    """One message to one address. `tags` hold ids only; `unsubscribe_url` takes a click and a POST (RFC 8058).

    It is unwelcome after `seconds_left`; None: nobody said when.
    """

    outreach_id: UUID
    attempt: int
    customer_id: str
    to: str
    subject: str
    text: str
    html: str | None = None
    unsubscribe_url: str | None = None
    seconds_left: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A provider's answer. `provider_id` is the provider's name for the message; `because` quotes no address.

    `wait_seconds` is how long the provider asks to be left alone, if it says so. `rule` names a refusal that others
    act on (see `OPTED_OUT`).
    """

    outcome: Outcome
    because: str
    provider_id: str | None = None
    wait_seconds: int | None = None
    rule: str | None = None


OPTED_OUT = "opted_out"
"""The provider knows that this person wants no more of this channel."""


class Provider(Protocol):
    """What sends the messages of one channel."""

    channel: Channel
    evidence: Evidence

    def send(self, message: Outbound) -> Answer:
        """Calls the provider once. Whatever the provider does is an answer; only a programming error is raised."""
