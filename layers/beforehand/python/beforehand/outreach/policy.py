"""The contact policy: when and how often people are contacted, and who is left alone so that the effect shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum
from hashlib import md5

from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.windows import SendWindow, Windows


class Standing(StrEnum):
    """What is held against approaching a customer for a purpose, the weightiest first."""

    IN_HAND = "in_hand"
    RESTING = "resting"
    OVER_BUDGET = "over_budget"
    HELD_OUT = "held_out"


class Nature(StrEnum):
    """What an outreach is in the eyes of the law and of consent."""

    MARKETING = "marketing"
    SERVICE = "service"


COOL_DOWNS: Mapping[Purpose, timedelta] = {
    Purpose.CHURN_INTERVENTION: timedelta(days=7),
    Purpose.POST_EVENT: timedelta(days=1),
    Purpose.RE_ENGAGEMENT: timedelta(days=30),
    Purpose.EMOTION_CHECK_IN: timedelta(days=3),
    Purpose.EXPIRING_POLICY: timedelta(days=1),
    Purpose.FOLLOW_UP: timedelta(days=1),
    Purpose.CUSTOM: timedelta(days=1),
}
HOLDOUT_SHARES: Mapping[Purpose, float] = {Purpose.CHURN_INTERVENTION: 0.1}
MARKETING = frozenset({Purpose.CHURN_INTERVENTION, Purpose.RE_ENGAGEMENT, Purpose.MANUAL, Purpose.CUSTOM})
SEND_WINDOWS = (SendWindow(opens=time(9), closes=time(20)),)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactPolicy:
    """One version of the policy.

    Nobody is approached for the same purpose within its cool-down (half-open: exactly so long ago is long enough),
    more often than `budget` times in `budget_period` for whatever purpose and by whatever channel, or while a case
    of theirs is open or was opened within `case_rest`. A share (0–1) of the customers, by purpose, is never
    approached for an automated purpose; `holdout_salt` draws them, and another salt draws others. What a purpose
    has no entry for is zero.

    `send_windows` are in the person's own zone; a channel of `channel_windows` has its own instead. Purposes that
    are not `marketing` are service. Of a nature in `consent_required` only those are contacted who said yes;
    otherwise those too of whom nobody knows. `home_zone` counts for whom neither zone nor country is known.
    """

    version: str = "contact-v1"
    cool_downs: Mapping[Purpose, timedelta] = field(default_factory=lambda: dict(COOL_DOWNS))
    budget: int = 4
    budget_period: timedelta = timedelta(days=28)
    case_rest: timedelta = timedelta(days=7)
    holdout_shares: Mapping[Purpose, float] = field(default_factory=lambda: dict(HOLDOUT_SHARES))
    holdout_salt: str = "holdout-1"
    send_windows: Windows = SEND_WINDOWS
    channel_windows: Mapping[Channel, Windows] = field(default_factory=dict)
    marketing: frozenset[Purpose] = MARKETING
    consent_required: frozenset[Nature] = frozenset({Nature.MARKETING})
    home_zone: str = "UTC"

    def cool_down(self, purpose: Purpose) -> timedelta:
        """How long nobody is approached again for a purpose."""
        return self.cool_downs.get(purpose, timedelta(0))

    def holdout_share(self, purpose: Purpose) -> float:
        """The share of customers, 0–1, who are left alone by an automated purpose."""
        return self.holdout_shares.get(purpose, 0.0)

    def nature(self, purpose: Purpose) -> Nature:
        """Whether a purpose is marketing or service."""
        return Nature.MARKETING if purpose in self.marketing else Nature.SERVICE

    def windows(self, channel: Channel) -> Windows:
        """When people are contacted by a channel, in their own zone."""
        return self.channel_windows.get(channel, self.send_windows)

    @property
    def memory(self) -> timedelta:
        """How far back contacts count: as far as the longest cool-down and the budget's period reach."""
        return max(self.budget_period, *self.cool_downs.values(), timedelta(0))


def draw(customer_id: str, purpose: Purpose, salt: str) -> float:
    """A number from 0 up to 1 that is always the same for a customer and a purpose; even over many customers.

    The database's `outreach_v_draw` gives the same.
    """
    digest = md5(f"{salt}|{purpose}|{customer_id}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) / 2**32


def held_out(customer_id: str, purpose: Purpose, policy: ContactPolicy) -> bool:
    """Whether a customer is among those who are left alone."""
    share = policy.holdout_share(purpose)
    return share > 0 and draw(customer_id, purpose, policy.holdout_salt) < share
