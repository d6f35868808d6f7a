"""What a person may do with one outreach: call it back while it has not gone, or let one go that waits for them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from beforehand.outreach.model import Hold, State
from beforehand.results import Status

WAITS = (State.SCHEDULED, State.HELD)

OVER = {
    State.CLAIMED: "it is being sent now and cannot be called back",
    State.SENT: "it was sent",
    State.DELIVERED: "it was delivered",
    State.UNKNOWN: "it may have been sent: the provider's answer was lost, and is being looked for",
    State.REVIEW: "it may have been sent, and a person reviews it: end its case",
    State.SKIPPED: "the gate skipped it",
    State.EXPIRED: "its time is over",
    State.FAILED: "the provider refused it",
    State.CANCELLED: "it is cancelled already",
}

GIVEN_UP = "it may have been sent, and whoever reviewed it could not tell; propose another that follows it"

OTHERS = {
    Hold.WINDOW: "their send window; the gate lets it go then",
    Hold.BUDGET: "their budget of messages; the gate lets it go when there is room",
    Hold.COOL_DOWN: "the end of the cool-down; the gate lets it go then",
    Hold.CASE: "the end of their case; the gate lets it go then",
    Hold.DRY_RUN: "its channel to be enabled; that lets it go",
    Hold.STOPPED: "the kill switch to be let go; that lets it go",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One outreach as far as these moves are concerned; `case_id` is its case, where that is not done."""

    outreach_id: UUID
    customer_id: str
    state: State
    hold: Hold | None
    not_after: datetime
    case_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Recall:
    """What became of a move: DONE, SKIPPED where it was made before, FAILED where it comes too late."""

    status: Status
    because: str


def cancel(entry: Entry, because: str = "a person cancelled it") -> Recall:
    """Calls a message back that has not gone. What has gone, or may have, cannot be called back."""
    if entry.state is State.CANCELLED:
        return Recall(status=Status.SKIPPED, because=OVER[entry.state])
    if entry.state not in WAITS:
        return Recall(status=Status.FAILED, because=f"it is too late: {_over(entry)}")
    left = f"; its case {entry.case_id} stays open" if entry.case_id else ""
    return Recall(status=Status.DONE, because=f"{because}{left}")


def move(entry: Entry, because: str) -> Recall:
    """Makes a message due at another time that has not gone."""
    if entry.state not in WAITS:
        return Recall(status=Status.FAILED, because=f"it is too late: {_over(entry)}")
    return Recall(status=Status.DONE, because=because)


def release(entry: Entry, *, at: datetime) -> Recall:
    """Lets a message go that waits for a person. What waits for anything else is let go by that."""
    if entry.state is State.SCHEDULED:
        return Recall(status=Status.SKIPPED, because="it waits for nobody: it goes when it is due")
    if entry.state is not State.HELD:
        return Recall(status=Status.FAILED, because=f"it waits for nobody: {_over(entry)}")
    if entry.hold is not None and entry.hold is not Hold.PERSON:
        return Recall(status=Status.FAILED, because=f"it does not wait for a person, but for {OTHERS[entry.hold]}")
    if entry.case_id is not None:
        because = f"the case {entry.case_id} decides about it: take that, and end it with the answer send"
        return Recall(status=Status.FAILED, because=because)
    if entry.not_after <= at:
        until = f"{entry.not_after.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return Recall(status=Status.FAILED, because=f"it is too late: it had to go before {until}")
    return Recall(status=Status.DONE, because="a person let it go; the gate looks at it next")


def _over(entry: Entry) -> str:
    given_up = entry.state is State.REVIEW and entry.case_id is None
    return GIVEN_UP if given_up else OVER[entry.state]
