"""What a report of a provider means for a message: a move or none, whatever came before it and however often."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from beforehand.outreach.model import State


class Kind(StrEnum):
    """What is reported of a message."""

    SENT = "sent"
    DELIVERED = "delivered"
    DELAYED = "delayed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    REJECTED = "rejected"
    """The provider took it and did not let it go: there was a virus, it was blocked."""
    FAILED = "failed"
    """The provider could not make it, or the way was closed."""
    OPENED = "opened"
    CLICKED = "clicked"
    UNSUBSCRIBED = "unsubscribed"
    REPLIED = "replied"


NOT_REACHED = frozenset({Kind.REJECTED, Kind.FAILED})
"""What says that the person got nothing. Every other kind proves that the message left us."""

MEANS: Mapping[Kind, State] = {
    Kind.SENT: State.SENT, Kind.DELAYED: State.SENT,
    Kind.DELIVERED: State.DELIVERED, Kind.OPENED: State.DELIVERED, Kind.CLICKED: State.DELIVERED,
    Kind.COMPLAINED: State.DELIVERED, Kind.UNSUBSCRIBED: State.DELIVERED, Kind.REPLIED: State.DELIVERED,
    Kind.BOUNCED: State.FAILED, Kind.REJECTED: State.FAILED, Kind.FAILED: State.FAILED,
}  # fmt: skip

RANK: Mapping[State, int] = {State.SENT: 1, State.DELIVERED: 2, State.FAILED: 3}
"""A report of a lower rank comes too late to change anything. A server that took a message may still return it."""

UNDER_WAY = frozenset({State.CLAIMED, State.UNKNOWN, State.REVIEW})
PLANNED = frozenset({State.SCHEDULED, State.HELD})


@dataclass(frozen=True, kw_only=True, slots=True)
class Consequence:
    """What a report changes: the states a message goes through, one after the other; none: it is only kept."""

    through: tuple[State, ...]
    because: str


def consequence(state: State, attempt: int, kind: Kind, *, of_attempt: int | None) -> Consequence:
    """What a report of one attempt means for a message that is in a state, with so many attempts begun.

    `of_attempt` is None where the sender of the report does not say.
    """
    means, said = MEANS[kind], f"it was reported as {kind}"
    if state in RANK:
        return _further(state, attempt, means, said, of_attempt)
    if state in PLANNED:
        if kind in NOT_REACHED:
            return _kept(f"{said}; it is planned again already")
        because = f"{said}; it had reached them, so it is not sent again"
        return Consequence(through=_path(State.SENT, means), because=because)
    if state in UNDER_WAY:
        if of_attempt is not None and of_attempt < attempt:
            return _kept(f"{said} under attempt {of_attempt}; attempt {attempt} is under way")
        direct = means is State.FAILED and state is not State.REVIEW
        through = (State.FAILED,) if direct else _path(State.SENT, means)
        return Consequence(through=through, because=said)
    return _kept(f"{said}; it is {state}, and stays so")


def _further(state: State, attempt: int, means: State, said: str, of_attempt: int | None) -> Consequence:
    if of_attempt is not None and of_attempt != attempt:
        return _kept(f"{said} under attempt {of_attempt}; it is {state} under attempt {attempt}")
    if RANK[means] <= RANK[state]:
        return _kept(f"{said}; it is {state} already")
    return Consequence(through=(means,), because=said)


def _path(first: State, last: State) -> tuple[State, ...]:
    return (first,) if first is last else (first, last)


def _kept(because: str) -> Consequence:
    return Consequence(through=(), because=because)
