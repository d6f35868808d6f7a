"""Asks what became of attempts whose sender gave no word: whoever writes under the key first decides.

The list was made before the question: an attempt that was begun since is not on it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from beforehand.outreach.delivery.model import Ended, GatesUnreachableError, Token, Told

NEVER_BEGAN = "nobody had begun to send it when its time was over"


class Gates(Protocol):
    """The keys of attempts."""

    def void(self, outreach_id: UUID, attempt: int, *, ended: Ended, because: str, now: datetime) -> Told: ...


def ask(
    attempts: Iterable[tuple[UUID, int]],
    *,
    gates: Gates,
    now: Callable[[], datetime],
    time_left: Callable[[], bool],
) -> Counter[str]:
    """Puts `void` under each key that is free: counts what is now void, what was known, what is left for later."""
    return Counter(_ask(gates, *one, now=now()) if time_left() else "left" for one in attempts)


def _ask(gates: Gates, outreach_id: UUID, attempt: int, *, now: datetime) -> str:
    try:
        told = gates.void(outreach_id, attempt, ended=Ended.VOID, because=NEVER_BEGAN, now=now)
    except GatesUnreachableError:
        return "left"
    return "void" if told.token is Token.VOID else "known"
