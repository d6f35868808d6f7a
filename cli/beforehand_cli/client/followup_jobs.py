"""Follow-ups as Python programs see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class FollowUpTriggerType(StrEnum):
    """What a follow-up follows."""

    POST_EVENT = "post_event"
    RE_ENGAGEMENT = "re_engagement"
    EMOTION_BASED = "emotion_based"
    CUSTOM = "custom"


class FollowUpStatus(StrEnum):
    """How far a follow-up is."""

    PENDING = "pending"
    EXECUTED = "executed"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowUpJob:
    """One follow-up. All moments have their zone; `because` says how it came to be as it is, if known."""

    id: str
    user_id: str
    conversation_id: str
    trigger_type: FollowUpTriggerType
    status: FollowUpStatus
    template_id: str
    scheduled_at: datetime
    created_at: datetime
    cancelled_at: datetime | None
    booking_id: str | None
    event_date: datetime | None
    outreach_id: str
    because: str | None

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> "FollowUpJob":
        """A follow-up as the API shows it."""
        return cls(
            id=shown["job_id"],
            user_id=shown["customer_id"],
            conversation_id=shown["conversation_id"],
            trigger_type=FollowUpTriggerType(shown["kind"]),
            status=FollowUpStatus(shown["status"]),
            template_id=shown["template"],
            scheduled_at=datetime.fromisoformat(shown["scheduled_at"]),
            created_at=datetime.fromisoformat(shown["created_at"]),
            cancelled_at=_moment(shown["cancelled_at"]),
            booking_id=shown["booking_id"],
            event_date=_moment(shown["event_at"]),
            outreach_id=shown["outreach_id"],
            because=shown["state_because"],
        )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
