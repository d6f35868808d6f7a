"""The contact policy: how often people are contacted, and who is left alone so that the effect of it shows."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import md5

from beforehand.outreach.model import Purpose


class Standing(StrEnum):
    """What is held against approaching a customer for a purpose, the weightiest first."""

    IN_HAND = "in_hand"
    RESTING = "resting"
    OVER_BUDGET = "over_budget"
    HELD_OUT = "held_out"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactPolicy:
    """One version of the policy.

    Nobody is approached for the same purpose within `cool_down` (half-open: exactly so long ago is long enough),
    more often than `budget` times in `budget_period` for whatever purpose, or while a case of theirs is
    open or was opened within `case_rest`. `holdout_share` (0–1) of the customers are never approached for an
    automated purpose; `holdout_salt` draws them, and another salt draws others.
    """

    version: str = "contact-v1"
    cool_down: timedelta = timedelta(days=7)
    budget: int = 4
    budget_period: timedelta = timedelta(days=28)
    case_rest: timedelta = timedelta(days=7)
    holdout_share: float = 0.1
    holdout_salt: str = "holdout-1"


def draw(customer_id: str, purpose: Purpose, salt: str) -> float:
    """A number from 0 up to 1 that is always the same for a customer and a purpose; even over many customers.

    The database's `outreach_v_draw` gives the same.
    """
    digest = md5(f"{salt}|{purpose}|{customer_id}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) / 2**32


def held_out(customer_id: str, purpose: Purpose, policy: ContactPolicy) -> bool:
    """Whether a customer is among those who are left alone."""
    return draw(customer_id, purpose, policy.holdout_salt) < policy.holdout_share
