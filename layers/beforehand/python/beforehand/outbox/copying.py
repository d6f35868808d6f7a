"""Copies what was committed to where it is carried out from, and brings back how it ended.

A copy is put in if absent and only then marked, so whoever is killed in between does it again without harm.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from beforehand.errors import RefusedError
from beforehand.events.outbox import OutboxSwept
from beforehand.outbox.model import Filed, Outcome, State, UnreachableError

PAGE = 100
NEWEST = 5
"""How many a caller who has an answer to give copies at most."""


class Outbox(Protocol):
    """The outbox, inside one transaction."""

    def pending(self, *, limit: int) -> list[Filed]: ...
    def newest(self, *, limit: int) -> list[Filed]: ...
    def under_way(self, *, after: UUID | None, limit: int) -> list[Filed]: ...
    def copied(self, filed: Iterable[Filed], *, now: datetime) -> None: ...
    def refused(self, filed: Filed, *, because: str, now: datetime) -> None: ...
    def learned(self, outcome: Outcome, *, round: int, now: datetime) -> None: ...


class Table(Protocol):
    """Where commands are carried out from; each call raises UnreachableError when it gives no answer.

    `put` raises RefusedError for what it will never take.
    """

    def put(self, filed: Filed) -> None: ...
    def outcomes(self, command_ids: Sequence[UUID]) -> dict[UUID, Outcome]: ...


Transactions = Callable[[], AbstractContextManager[Outbox]]
"""Opens the outbox in a transaction of its own. No transaction is held open while the table is asked."""

TimeLeft = Callable[[], bool]
Refused = list[tuple[Filed, str]]
"""What the table will never take, each with its because."""


def hand_over(outboxes: Transactions, table: Table, *, now: datetime, time_left: TimeLeft) -> int:
    """Copies a few, the newest first: the caller's own, not what waited before. Returns how many.

    What is refused stays for the sweep, which tells people. Raises UnreachableError.
    """
    with outboxes() as outbox:
        newest = outbox.newest(limit=NEWEST)
    copied, _ = _copy(outboxes, table, newest, now=now, time_left=time_left)
    return copied


def sweep(outboxes: Transactions, table: Table, *, now: datetime, time_left: TimeLeft) -> OutboxSwept:
    """Copies what a crash left behind, while time is left, and learns how far the others are.

    Neither keeps the other from being done. Afterwards raises UnreachableError when the table gave no answer,
    RefusedError when it will never take some of the commands; those are dead.
    """
    sweeping = _Sweeping(outboxes, table, now, time_left)
    troubles: list[UnreachableError] = []
    for part in (sweeping.copy, sweeping.learn):
        try:
            part()
        except UnreachableError as error:
            troubles.append(error)
    if troubles:
        raise troubles[0]
    if sweeping.refused:
        raise RefusedError(
            f"The table refused {sweeping.refused} commands for good; they are dead, and outbox_v_commands says why"
        )
    return OutboxSwept(**sweeping.counts)


class _Sweeping:
    """One sweep, and what it has counted so far."""

    def __init__(self, outboxes: Transactions, table: Table, now: datetime, time_left: TimeLeft) -> None:
        self._outboxes, self._table, self._now, self._time_left = outboxes, table, now, time_left
        self.counts = dict.fromkeys(("copied", State.DONE, State.DEAD, "under_way"), 0)
        self.refused = 0

    def copy(self) -> None:
        """Copies what is pending, the oldest first."""
        while self._time_left():
            with self._outboxes() as outbox:
                page = outbox.pending(limit=PAGE)
            if not page:
                return
            self.counts["copied"] += self._put(page)

    def learn(self) -> None:
        """Learns how far those are that were copied."""
        for page in _pages_under_way(self._outboxes):
            outcomes = self._table.outcomes([filed.command_id for filed in page])
            with self._outboxes() as outbox:
                for filed in page:
                    outcome = outcomes.get(filed.command_id)
                    if outcome is not None:
                        outbox.learned(outcome, round=filed.round, now=self._now)
                    self.counts[(outcome and outcome.ended) or "under_way"] += 1
            # The table was set back to an earlier time. Carrying a command out again is harmless.
            self._put([filed for filed in page if filed.command_id not in outcomes])

    def _put(self, page: Sequence[Filed]) -> int:
        copied, refused = _copy(self._outboxes, self._table, page, now=self._now, time_left=self._time_left)
        with self._outboxes() as outbox:
            for filed, because in refused:
                outbox.refused(filed, because=because, now=self._now)
        self.refused += len(refused)
        return copied


def _copy(
    outboxes: Transactions, table: Table, page: Sequence[Filed], *, now: datetime, time_left: TimeLeft
) -> tuple[int, Refused]:
    """Copies and marks as far as time and the table allow. Raises UnreachableError."""
    copied: list[Filed] = []
    refused: Refused = []
    try:
        for filed in page:
            if not time_left():
                break
            try:
                table.put(filed)
            except RefusedError as error:
                refused.append((filed, str(error)))
            else:
                copied.append(filed)
    finally:
        with outboxes() as outbox:
            outbox.copied(copied, now=now)
    return len(copied), refused


def _pages_under_way(outboxes: Transactions) -> Iterator[list[Filed]]:
    after: UUID | None = None
    while True:
        with outboxes() as outbox:
            page = outbox.under_way(after=after, limit=PAGE)
        if not page:
            return
        yield page
        after = page[-1].command_id
