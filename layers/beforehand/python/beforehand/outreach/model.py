"""Proposals and what they become: one outreach is one decision to contact one person once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from beforehand.ids import from_content


class Purpose(StrEnum):
    """What an outreach is for; the seeds call it reason."""

    CHURN_INTERVENTION = "churn_intervention"
    POST_EVENT = "post_event"
    RE_ENGAGEMENT = "re_engagement"
    EMOTION_CHECK_IN = "emotion_check_in"
    EXPIRING_POLICY = "expiring_policy"
    FOLLOW_UP = "follow_up"
    CALLBACK = "callback"
    MANUAL = "manual"
    CUSTOM = "custom"


class Channel(StrEnum):
    """How a customer is reached."""

    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"
    WEBHOOK = "webhook"


class State(StrEnum):
    """How far an outreach is; the database holds which moves are legal (migration 0014)."""

    SCHEDULED = "scheduled"
    HELD = "held"
    CLAIMED = "claimed"
    SENT = "sent"
    DELIVERED = "delivered"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"
    REVIEW = "review"


class Hold(StrEnum):
    """What a held message waits for."""

    PERSON = "person"
    """A person who lets it go or withdraws it."""
    WINDOW = "window"
    BUDGET = "budget"
    COOL_DOWN = "cool_down"
    CASE = "case"
    DRY_RUN = "dry_run"
    """Its channel to be enabled."""
    STOPPED = "stopped"
    """The kill switch to be let go."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A planner's wish to contact someone. `priority` is 0–100, higher first; `step` counts re-attempts.

    What is `held` waits until a person lets it go.
    """

    customer_id: str
    purpose: Purpose
    cycle: str
    step: int
    channel: Channel
    priority: int
    due_at: datetime
    not_after: datetime
    language: str
    subject: str
    body: str
    because: str
    run_id: UUID | None
    held: bool = False

    @property
    def outreach_id(self) -> UUID:
        """The id of the outreach this becomes: a rerun that proposes it again makes the same one."""
        return from_content("outreach", self.customer_id, self.purpose, self.cycle, self.step)
