"""A command: one thing to be done outside, once. Its id follows from its kind and key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from beforehand.errors import BeforehandError
from beforehand.events import Event
from beforehand.events.outbox import StartScan
from beforehand.ids import from_content

PAYLOADS: Mapping[str, type[Event]] = {"start_scan": StartScan}
"""The kinds of command there are, and what each says."""

LEASE = timedelta(minutes=2)
"""How long one attempt keeps others away: longer than the function that makes it may run."""

RELAY_MAY_RUN = timedelta(seconds=60)
"""When `outbox_relay` is ended, if it has not ended by itself."""

MOST_ATTEMPTS = 10
LONGEST_PAUSE = timedelta(minutes=30)
AHEAD = timedelta(minutes=1)
"""By how much clocks may differ; a scan allows for the same."""

ENDED_KEPT = timedelta(days=30)
"""How long the row of an ended command stays where it was carried out from; PostgreSQL keeps its own."""


class UnknownKindError(BeforehandError):
    """A command is of a kind that nobody carries out."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no kind of command {kind!r}; the kinds are {', '.join(PAYLOADS)}")


class InvalidCommandError(BeforehandError):
    """What a command says is not what its kind takes."""


class UnreadableError(BeforehandError):
    """A row of the table of commands is none that any release writes."""


class UnreachableError(BeforehandError):
    """The table that commands are carried out from gave no answer; the message is the error's name."""


class State(StrEnum):
    """How far a command is: written down, copied to where it is carried out from, and how it ended."""

    PENDING = "pending"
    COPIED = "copied"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """Something to be done. The same kind and key are the same command, however often it is added.

    Raises UnknownKindError for a kind that nobody carries out, InvalidCommandError naming each field that is wrong.
    """

    kind: str
    key: str
    payload: Mapping[str, Any]

    def __post_init__(self) -> None:
        self.said()

    @property
    def command_id(self) -> UUID:
        """The only id that this kind and key can have."""
        return from_content("command", self.kind, self.key)

    def said(self) -> Event:
        """The payload as the model of its kind."""
        if self.kind not in PAYLOADS:
            raise UnknownKindError(self.kind)
        try:
            return PAYLOADS[self.kind].model_validate(self.payload)
        except ValidationError as error:
            problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise InvalidCommandError(f"{self.kind} refused: {'; '.join(problems)}") from error

    def must_be_due(self, *, now: datetime) -> None:
        """Raises InvalidCommandError for a scan of the future: it would be refused, and its name used up."""
        said = self.said()
        if isinstance(said, StartScan) and said.due_at > now + AHEAD:
            when = said.due_at.isoformat()
            raise InvalidCommandError(
                f"{self.kind} refused: due_at: {when} lies in the future; what comes due, comes due then"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """Whether this call wrote the command down; when it was there already, `because` says how far it is."""

    command_id: UUID
    added: bool
    state: State
    because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Filed:
    """A command as it lies in the outbox, of whichever release wrote it.

    Asking again for one that died begins its next round.
    """

    command_id: UUID
    kind: str
    key: str
    payload: Mapping[str, Any]
    round: int
    added_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A row of the table of commands that one attempt has; what it says is not looked at yet.

    The round is None where the row is none that any release writes; of such a row only the id can be relied on.
    """

    command_id: str
    kind: str
    key: str
    payload: str
    round: int | None
    attempts: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How far a command is where it is carried out from; `ended` is None while it is under way."""

    command_id: UUID
    ended: State | None
    attempts: int
    because: str


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: one minute, two, four, at most half an hour."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), LONGEST_PAUSE)
