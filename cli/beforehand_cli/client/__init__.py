"""What Python programs use instead of the command."""

from beforehand_cli.client.followups import (
    FollowUpJob,
    FollowUpScheduler,
    FollowUpStatus,
    FollowUpTriggerType,
)

__all__ = ["FollowUpJob", "FollowUpScheduler", "FollowUpStatus", "FollowUpTriggerType"]
