"""Copies what was committed to where it is carried out from, and brings back how it ended.

A copy is put in if absent and only then marked, so whoever is killed in between does it again without harm.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from beforehand.events.outbox import OutboxSwept
from beforehand.outbox.model import Filed, Outcome, State

PAGE = 100


class Outbox(Protocol):
    """The outbox, inside one transaction."""

    def pending(self, *, limit: int) -> list[Filed]: ...
    def under_way(self, *, after: UUID | None, limit: int) -> list[Filed]: ...
    def copied(self, filed: Iterable[Filed], *, now: datetime) -> None: ...
    def learned(self, outcome: Outcome, *, round: int, now: datetime) -> None: ...


class Table(Protocol):
    """Where commands are carried out from; each call raises UnreachableError when it gives no answer."""

    def put(self, filed: Filed) -> None: ...
    def outcomes(self, command_ids: Sequence[UUID]) -> dict[UUID, Outcome]: ...


Transactions = Callable[[], AbstractContextManager[Outbox]]
"""Opens the outbox in a transaction of its own. No transaction is held open while the table is asked."""


def copy(outboxes: Transactions, table: Table, *, now: datetime, most: int | None = None) -> int:
    """Copies what is pending, the oldest first; returns how many. Raises UnreachableError."""
    copied = 0
    while most is None or copied < most:
        with outboxes() as outbox:
            page = outbox.pending(limit=PAGE if most is None else min(PAGE, most - copied))
        if not page:
            break
        for filed in page:
            table.put(filed)
        with outboxes() as outbox:
            outbox.copied(page, now=now)
        copied += len(page)
    return copied


def sweep(outboxes: Transactions, table: Table, *, now: datetime) -> OutboxSwept:
    """Copies what a crash left behind, and learns how far the others are. Raises UnreachableError."""
    copied = copy(outboxes, table, now=now)
    ended = {state: 0 for state in (State.DONE, State.DEAD, None)}
    for page in _pages_under_way(outboxes):
        outcomes = table.outcomes([filed.command_id for filed in page])
        for filed in page:
            if filed.command_id not in outcomes:
                # The table was set back to an earlier time. Carrying a command out again is harmless.
                table.put(filed)
        with outboxes() as outbox:
            for filed in page:
                outcome = outcomes.get(filed.command_id)
                if outcome is not None:
                    outbox.learned(outcome, round=filed.round, now=now)
                ended[outcome.ended if outcome else None] += 1
    return OutboxSwept(copied=copied, done=ended[State.DONE], dead=ended[State.DEAD], under_way=ended[None])


def _pages_under_way(outboxes: Transactions) -> Iterator[list[Filed]]:
    after: UUID | None = None
    while True:
        with outboxes() as outbox:
            page = outbox.under_way(after=after, limit=PAGE)
        if not page:
            return
        yield page
        after = page[-1].command_id
