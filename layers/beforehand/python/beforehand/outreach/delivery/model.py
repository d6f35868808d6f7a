"""What delivery speaks of: what is due, what was claimed, what the gate's key tells, what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from beforehand.errors import NotNowError
from beforehand.outreach.channels.model import Evidence
from beforehand.outreach.gate.model import MARGIN
from beforehand.outreach.model import Channel, Hold, Purpose, State

LEASE = MARGIN
"""How long whoever claims a message has it: longer than sending a chunk of them can take. The gate lets go only
what may be sent through all of it."""

SETTLE = timedelta(minutes=15)
"""How long an event of the provider is waited for before a person is asked what became of a message."""

MOST_REFUSALS = 30
"""How often a provider may say a definite no before a message has failed: the pauses between them make a day."""

MOST_RESENT = 5
"""How often a message whose answer was lost is sent again to a receiver that takes it once."""

EVIDENCE: Mapping[Channel, Evidence] = {
    Channel.EMAIL: Evidence.BLIND,
    Channel.SMS: Evidence.BLIND,
    Channel.VOICE: Evidence.LOOKUP_ONLY,
    Channel.WEBHOOK: Evidence.DEDUPS_BY_KEY,
}


class Mode(StrEnum):
    """How a channel is run."""

    OFF = "off"
    """Its messages wait, unlooked at."""
    DRY_RUN = "dry_run"
    """The gate decides about its messages; those that it lets go are held."""
    LIVE = "live"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelState:
    """How a channel is run, and how many more messages it may take now."""

    channel: Channel
    mode: Mode
    room: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A message whose time has come."""

    outreach_id: UUID
    customer_id: str
    purpose: Purpose
    channel: Channel
    state: State
    attempt: int
    due_at: datetime
    not_after: datetime
    automated: bool
    language: str
    subject: str
    body: str
    template: str | None
    variables: Mapping[str, Any] | None
    state_because: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A message that does not go now: what it becomes, what it waits for, and when it is looked at again."""

    outreach_id: UUID
    state: State
    because: str
    policy_version: str
    hold: Hold | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A message that goes now, under this attempt, which fences off every other.

    `subject` and `body` are what was made of its template; None: it was written when it was proposed.
    """

    outreach_id: UUID
    attempt: int
    channel: Channel
    policy_version: str
    because: str
    chunk: str
    subject: str | None = None
    body: str | None = None
    template_version: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """An attempt of which nobody has told how it ended.

    `since` is when its lease had expired; `refusals` are the definite noes before it.
    """

    outreach_id: UUID
    customer_id: str
    attempt: int
    channel: Channel
    state: State
    since: datetime
    not_after: datetime
    refusals: int = 0


class Token(StrEnum):
    """What stands under the key of an attempt; whoever writes first decides."""

    STARTED = "started"
    """A sender was about to call the provider."""
    VOID = "void"
    """Nobody has called the provider under this attempt, and nobody will."""


class Ended(StrEnum):
    """How an attempt ended, as its key tells."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_NOW = "not_now"
    UNKNOWN = "unknown"
    VOID = "void"
    STOPPED = "stopped"
    """The kill switch was on."""
    SUPPRESSED = "suppressed"
    """The person had asked not to be contacted any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What the key of an attempt tells. `ended` is None where a sender began and wrote down nothing more.

    `wait_seconds` is how long the provider asked to be left alone. `opted_out` is the hash of the address, where
    the provider knows that this person wants no more of the channel.
    """

    token: Token
    ended: Ended | None
    because: str
    provider_id: str | None = None
    wait_seconds: int | None = None
    opted_out: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """What an attempt's end makes of its message. `fence` is the attempt that must still be the last."""

    outreach_id: UUID
    fence: int
    state: State
    ended: Ended
    because: str
    hold: Hold | None = None
    next_at: datetime | None = None
    provider_id: str | None = None


class GatesUnreachableError(NotNowError):
    """The table of gates gave no answer: without it nothing is sent."""
