"""What the functions of `outreach` take and answer."""

from typing import Self

from pydantic import AwareDatetime, model_validator

from beforehand.events import Count, Event


class TickDue(Event):
    """Whatever is due now may go. The moment is the schedule's; what is due, the database's clock says."""

    due_at: AwareDatetime | None = None


class ChunkNamed(Event):
    """A chunk of claimed messages, by where it lies."""

    chunk: str


class Ticked(Event):
    """What a tick claimed, kept and must ask about.

    `busy`: another tick was at work, and this one did nothing.
    """

    chunks: tuple[str, ...] = ()
    unknowns: str | None = None
    busy: bool = False
    claimed: Count = 0
    held: Count = 0
    skipped: Count = 0
    expired: Count = 0
    given_up: Count = 0
    """Claims whose lease had passed."""
    fallen_through: Count = 0
    """Cases that nobody took by their moment."""
    stumbled: Count = 0
    """Messages that could not be looked at, because of a mistake of ours; each says which in its because."""


class ChunkSent(Event):
    """How the messages of a chunk ended; those that are `left` are found by their lease."""

    chunk: str
    accepted: Count = 0
    refused: Count = 0
    not_now: Count = 0
    unknown: Count = 0
    void: Count = 0
    stopped: Count = 0
    suppressed: Count = 0
    left: Count = 0


class UnknownsNamed(Event):
    """Attempts to ask about, by where their list lies."""

    unknowns: str


class AttemptsNamed(Event):
    """Attempts to settle: those of a chunk, or those of a list that was asked about."""

    chunk: str | None = None
    unknowns: str | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.chunk is None) == (self.unknowns is None):
            raise ValueError("name either a chunk or a list of unknowns")
        return self


class AttemptsAsked(Event):
    """How many attempts were proved void, and of how many something stands under the key."""

    unknowns: str
    void: Count = 0
    known: Count = 0
    left: Count = 0


class Settled(Event):
    """How many messages are sent, go again, failed, wait, or need a person; `open` are not settled yet."""

    sent: Count = 0
    scheduled: Count = 0
    held: Count = 0
    skipped: Count = 0
    failed: Count = 0
    unknown: Count = 0
    review: Count = 0
    fenced: Count = 0
    open: Count = 0
