"""Proposals and what they become: one outreach is one decision to contact one person once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
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

    What is `held` waits until a person lets it go. `automated`: no person asked for it, so the holdout, rest and
    budget of the contact policy are for it. A message is a `subject` and a `body`, or a `template` by its name with
    the `variables` that fill it when it goes. `follows_id` is the outreach that a re-attempt follows.
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
    automated: bool = True
    template: str | None = None
    variables: Mapping[str, Any] | None = None
    follows_id: UUID | None = None

    @property
    def outreach_id(self) -> UUID:
        """The id of the outreach this becomes: a rerun that proposes it again makes the same one."""
        return from_content("outreach", self.customer_id, self.purpose, self.cycle, self.step)
