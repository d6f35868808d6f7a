"""Carries commands out: claim, act, write down. One that cannot be carried out never keeps the others."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from beforehand.errors import NotNowError, RefusedError
from beforehand.events import Event
from beforehand.events.outbox import CommandDied, CommandsRelayed
from beforehand.outbox.model import (
    LEASE,
    MOST_ATTEMPTS,
    Claimed,
    Command,
    InvalidCommandError,
    State,
    UnknownKindError,
    UnreachableError,
    UnreadableError,
    pause_after,
)

Because = str
Carriers = Mapping[str, Callable[[Event], Because]]
"""For each kind, what carries it out; raises NotNowError when another attempt may succeed, RefusedError if none."""


class Commands(Protocol):
    """The rows that commands are carried out from; each call raises UnreachableError when there is no answer."""

    def claim(self, command_id: str, *, now: datetime, until: datetime) -> Claimed | None: ...
    def postpone(self, claimed: Claimed, *, until: datetime, because: str) -> None: ...
    def end(self, claimed: Claimed, state: State, *, now: datetime, because: str) -> None: ...


class DeadLetters(Protocol):
    """Where people are told of a command that died."""

    def send(self, document: CommandDied) -> None: ...


class Attempt(StrEnum):
    """What became of one attempt."""

    DONE = "done"
    WAITING = "waiting"
    DEAD = "dead"
    LEFT = "left"
    SKIPPED = "skipped"
    LATER = "later"


def relay(
    command_ids: Iterable[str],
    *,
    commands: Commands,
    carriers: Carriers,
    dead_letters: DeadLetters,
    time_left: Callable[[], bool],
    now: datetime,
) -> CommandsRelayed:
    """One attempt at each, while time is left; what cannot even be tried is left to the next sweep."""
    relaying = _Relaying(commands, carriers, dead_letters, now)
    attempts = Counter(relaying.attempt(command_id) if time_left() else Attempt.LATER for command_id in command_ids)
    return CommandsRelayed(**{attempt.value: attempts[attempt] for attempt in Attempt})


class _Relaying:
    """The attempts of one call."""

    def __init__(self, commands: Commands, carriers: Carriers, dead_letters: DeadLetters, now: datetime) -> None:
        self._commands, self._carriers, self._dead_letters, self._now = commands, carriers, dead_letters, now

    def attempt(self, command_id: str) -> Attempt:
        try:
            claimed = self._commands.claim(command_id, now=self._now, until=self._now + LEASE)
            return self._carry_out(claimed) if claimed else Attempt.SKIPPED
        except (UnreachableError, NotNowError):
            # Its row says that it is under way, so the next sweep finds it, and fails aloud while that lasts.
            return Attempt.LEFT

    def _carry_out(self, claimed: Claimed) -> Attempt:
        if claimed.attempts > MOST_ATTEMPTS:
            return self._bury(claimed, f"none of {MOST_ATTEMPTS} attempts came to its end")
        try:
            because = self._act(claimed)
        except (RefusedError, UnreadableError) as error:
            return self._bury(claimed, str(error))
        except (NotNowError, UnknownKindError, InvalidCommandError) as error:
            # Whoever added it knew the kind and what it takes; this may be the release before, soon replaced.
            return self._put_off(claimed, str(error))
        except Exception as error:
            # Nobody foresaw it, and the commands after this one do not suffer for it. Its text may quote anything.
            return self._put_off(claimed, f"it failed with {type(error).__name__}")
        self._commands.end(claimed, State.DONE, now=self._now, because=because)
        return Attempt.DONE

    def _act(self, claimed: Claimed) -> Because:
        if claimed.round is None:
            raise UnreadableError("its row is not as commands are written: its round or its attempts are no number")
        try:
            payload = json.loads(claimed.payload)
        except ValueError as error:
            raise UnreadableError("its row is not as commands are written: its payload is no JSON") from error
        command = Command(kind=claimed.kind, key=claimed.key, payload=payload)
        return self._carriers[command.kind](command.said())

    def _put_off(self, claimed: Claimed, because: str) -> Attempt:
        if claimed.attempts >= MOST_ATTEMPTS:
            return self._bury(claimed, f"it was tried {claimed.attempts} times; the last time: {because}")
        self._commands.postpone(claimed, until=self._now + pause_after(claimed.attempts), because=because)
        return Attempt.WAITING

    def _bury(self, claimed: Claimed, because: str) -> Attempt:
        """Told first and written down after: killed in between, it is told twice rather than never."""
        letter = CommandDied(
            command_id=claimed.command_id, kind=claimed.kind, key=claimed.key, attempts=claimed.attempts,
            because=because,
        )  # fmt: skip
        self._dead_letters.send(letter)
        self._commands.end(claimed, State.DEAD, now=self._now, because=because)
        return Attempt.DEAD
