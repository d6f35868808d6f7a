"""How a message that a person or the company's own system wishes for becomes a proposal. Pure rules."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from beforehand.errors import BeforehandError
from beforehand.ids import from_content
from beforehand.outreach.model import Purpose, State

LASTS = timedelta(days=7)
"""How long after its due time a message may still go, unless somebody says otherwise."""

NOT_OVER = {
    State.SCHEDULED: "it is planned and has not gone; cancel it, or wait for it",
    State.HELD: "it is held and has not gone; cancel it, or wait for it",
    State.CLAIMED: "it is being sent now; wait for its end",
    State.UNKNOWN: "it may have been sent: the provider's answer is being looked for; wait for that",
    State.REVIEW: "it may have been sent, and a person reviews it; end its case first",
}


AHEAD = timedelta(days=366)
"""How far ahead a message may be planned, and how long it may wait once it is due."""


class UnfitTimeError(BeforehandError):
    """A message has times that do not fit; `field` says which."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


class CannotFollowError(BeforehandError):
    """A message cannot follow another: why, and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Followed:
    """An outreach that another is to follow; `case_id` is its case, where that is not done."""

    outreach_id: UUID
    customer_id: str
    cycle: str
    step: int
    state: State
    case_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a proposal stands: with customer and purpose, this makes the outreach's id."""

    cycle: str
    step: int = 0
    follows_id: UUID | None = None


def place(customer_id: str, *, cycle: str | None, user: str, key: str, followed: Followed | None) -> Place:
    """The cycle and step of a proposal.

    Without a `cycle` of its own it takes that of the outreach that it follows, or one made of the write's `key`, so
    that a write that is sent again, however late, makes the same outreach. Raises CannotFollowError.
    """
    if followed is None:
        return Place(cycle=cycle or f"asked-{from_content('asked', user, key)}")
    if followed.customer_id != customer_id:
        raise CannotFollowError("it is another customer's; name one of this customer's")
    given_up = followed.state is State.REVIEW and followed.case_id is None
    if followed.state in NOT_OVER and not given_up:
        raise CannotFollowError(NOT_OVER[followed.state])
    return Place(cycle=cycle or followed.cycle, step=followed.step + 1, follows_id=followed.outreach_id)


def is_automated(purpose: Purpose, said: bool | None) -> bool:
    """Whether no person asked for a message: as the caller says, else what is not by hand."""
    return purpose is not Purpose.MANUAL if said is None else said


def approve_by(moment: datetime | None, *, not_after: datetime, now: datetime) -> datetime | None:
    """By when a message is to be approved. Raises UnfitTimeError."""
    if moment is None:
        return None
    if moment <= now:
        raise UnfitTimeError("approve_by", "lies in the past; somebody has to have time for it")
    if moment >= not_after:
        until = f"{not_after:%Y-%m-%d %H:%M} UTC"
        raise UnfitTimeError("approve_by", f"must be before {until}, when it is too late for the message")
    return moment.astimezone(UTC)


def times(due_at: datetime | None, not_after: datetime | None, *, now: datetime) -> tuple[datetime, datetime]:
    """From when and until when a message may go. What was due already is due now.

    Raises UnfitTimeError.
    """
    due = max((due_at or now).astimezone(UTC), now)
    if due > now + AHEAD:
        raise UnfitTimeError("due_at", f"must lie within {AHEAD.days} days; propose it later")
    ends = due + LASTS if not_after is None else not_after.astimezone(UTC)
    if ends <= due:
        raise UnfitTimeError("not_after", f"must be after {due:%Y-%m-%d %H:%M:%S} UTC, when the message is due")
    if ends > due + AHEAD:
        raise UnfitTimeError("not_after", f"must lie within {AHEAD.days} days after the message is due")
    return due, ends
