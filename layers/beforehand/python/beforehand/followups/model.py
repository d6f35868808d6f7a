"""Follow-ups, what they follow, and what is known of whom they are for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from beforehand.outreach.model import Channel, Purpose, State


class Kind(StrEnum):
    """What a follow-up follows."""

    POST_EVENT = "post_event"
    RE_ENGAGEMENT = "re_engagement"
    EMOTION_BASED = "emotion_based"
    CUSTOM = "custom"


class Status(StrEnum):
    """How far a follow-up is, in four words; its outreach knows more."""

    PENDING = "pending"
    EXECUTED = "executed"
    CANCELLED = "cancelled"
    FAILED = "failed"


STATUS: Mapping[State, Status] = MappingProxyType(
    {
        State.SCHEDULED: Status.PENDING, State.HELD: Status.PENDING, State.CLAIMED: Status.PENDING,
        State.UNKNOWN: Status.PENDING, State.SENT: Status.EXECUTED, State.DELIVERED: Status.EXECUTED,
        State.CANCELLED: Status.CANCELLED, State.SKIPPED: Status.CANCELLED, State.EXPIRED: Status.CANCELLED,
        State.FAILED: Status.FAILED, State.REVIEW: Status.FAILED,
    }
)  # fmt: skip
"""The view `followups_v_jobs` says the same in SQL; a test compares."""

PURPOSE: Mapping[Kind, Purpose] = MappingProxyType(
    {
        Kind.POST_EVENT: Purpose.POST_EVENT,
        Kind.RE_ENGAGEMENT: Purpose.RE_ENGAGEMENT,
        Kind.EMOTION_BASED: Purpose.EMOTION_CHECK_IN,
        Kind.CUSTOM: Purpose.CUSTOM,
    }
)

CUSTOM = "custom"
"""The name of the template of a message that was written for its follow-up."""


class BookingState(StrEnum):
    """How far a booking is."""

    BOOKED = "booked"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """When follow-ups come due. A stage sets them.

    A message comes `delay` after the end of its event; somebody is inactive who did nothing for `inactive`. No two
    events of a customer within `tolerance` are followed up. A mean emotion (0–1) from `high` on is high, one below
    `low` is low: then a person comes first, and after `answer_within` without one the message goes.
    At most `reengaged_a_day` inactive customers are approached a day.
    """

    delay: timedelta = timedelta(hours=24)
    inactive: timedelta = timedelta(days=30)
    tolerance: timedelta = timedelta(days=1)
    high: float = 0.7
    low: float = 0.4
    answer_within: timedelta = timedelta(hours=4)
    reengaged_a_day: int = 200
    kept: timedelta = timedelta(days=90)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """A follow-up that somebody wants. `key` names the occasion: what is wanted twice for one occasion comes once.

    `due_at` is when its message should go; `event_at` is when what it follows ended, None where it follows nothing.
    A custom one has a text of its own, or names a template. `facts` are kept with it, and hold no personal data.
    """

    kind: Kind
    customer_id: str
    key: str
    due_at: datetime
    because: str
    event_at: datetime | None = None
    conversation_id: str | None = None
    booking_id: str | None = None
    template: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    body: str = ""
    channel: Channel | None = None
    automated: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def conversation(self) -> str:
        """The conversation it belongs to; a booking without one has its own."""
        if self.conversation_id is not None:
            return self.conversation_id
        return f"{self.kind}_{self.customer_id}" if self.booking_id is None else f"booking_{self.booking_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known of the customer of a wish. `scores` are the last five emotions (0–1), newest first; `earlier`
    counts the follow-ups for the same occasion that came to nothing; `preferred` is how they wish to be reached."""

    customer_id: str
    customer_no: int
    language: str | None
    zone: str | None
    country: str | None
    channels: frozenset[Channel]
    past_customer: bool
    scores: tuple[float, ...]
    earlier: int
    preferred: Channel | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A follow-up as it is kept."""

    job_id: str
    outreach_id: UUID
    customer_id: str
    customer_no: int
    conversation_id: str
    kind: Kind
    cycle: str
    booking_id: str | None
    event_at: datetime | None
    template: str
    facts: Mapping[str, Any]
    scheduled_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Emotion:
    """How a customer felt at a moment: `score` from 0, the worst, to 1; `read_by` says who read it."""

    emotion_id: UUID
    customer_id: str
    conversation_id: str | None
    score: float
    read_by: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Booking:
    """What became of a booking, as of `told_at`."""

    booking_id: str
    customer_id: str
    conversation_id: str | None
    ends_at: datetime | None
    state: BookingState
    told_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """What came of a wish: the id of its follow-up, or None where there is none, with the reason."""

    wish: Wish
    job_id: str | None
    because: str
