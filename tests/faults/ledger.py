"""The ledger of outreach in memory: the legal moves of the real one, and quick enough for every order of steps.

`test_memory_ledger.py` does the same random things to this one and to PostgreSQL, and compares.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from beforehand.outreach.cases import NewCase
from beforehand.outreach.delivery.model import ChannelState, Claimed, Due, Kept, Mode, Move, Question
from beforehand.outreach.model import Channel, Hold, Proposal, Purpose, State
from beforehand.outreach.outcomes import NOT_REACHED, UNDER_WAY, Kind, consequence

MOVES: Mapping[State, frozenset[State]] = {
    State.SCHEDULED: frozenset(
        {State.CLAIMED, State.HELD, State.SKIPPED, State.EXPIRED, State.CANCELLED, State.SENT}
    ),
    State.HELD: frozenset(
        {State.SCHEDULED, State.CLAIMED, State.SKIPPED, State.EXPIRED, State.CANCELLED, State.SENT}
    ),
    State.CLAIMED: frozenset(
        {State.SENT, State.SCHEDULED, State.HELD, State.SKIPPED, State.FAILED, State.UNKNOWN}
    ),
    State.UNKNOWN: frozenset(
        {State.SENT, State.SCHEDULED, State.HELD, State.SKIPPED, State.FAILED, State.REVIEW, State.DELIVERED}
    ),
    State.SENT: frozenset({State.DELIVERED, State.FAILED}),
    State.DELIVERED: frozenset({State.FAILED}),
    State.REVIEW: frozenset({State.SENT, State.SCHEDULED, State.CANCELLED, State.DELIVERED}),
}  # fmt: skip
"""Which state may follow which, as the migrations 0014 and 0017 say it."""

WAITING = frozenset({State.SCHEDULED, State.HELD})
IN_FLIGHT = frozenset({State.CLAIMED, State.UNKNOWN})
OPEN = WAITING | IN_FLIGHT
UNCONTACTED = frozenset({State.SKIPPED, State.EXPIRED, State.CANCELLED, State.FAILED})
"""Ends which say that nobody was contacted."""


class IllegalMoveError(Exception):
    """A move that the database refuses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One outreach."""

    outreach_id: UUID
    customer_id: str
    channel: Channel
    state: State
    hold: Hold | None
    priority: int
    due_at: datetime
    not_after: datetime
    next_at: datetime | None
    attempt: int = 0
    lease_until: datetime | None = None
    because: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Try:
    """One attempt."""

    channel: Channel
    chunk: str | None
    claimed_at: datetime
    lease_until: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    provider_id: str | None = None


@dataclass
class MemoryLedger:
    """What `PostgresDelivery` and `PostgresOutreach` do, each call as one transaction."""

    modes: dict[Channel, Mode]
    per_minute: int = 60
    at_once: int = 100
    rows: dict[UUID, Row] = field(default_factory=dict)
    tries: dict[tuple[UUID, int], Try] = field(default_factory=dict)
    cases: frozenset[UUID] = frozenset()
    reached: frozenset[UUID] = frozenset()
    """Messages of which a report says that they reached the person."""

    def copy(self) -> "MemoryLedger":
        return replace(self, modes=dict(self.modes), rows=dict(self.rows), tries=dict(self.tries))

    def key(self) -> tuple[Any, ...]:
        """Everything it holds, for comparison."""
        modes = frozenset(self.modes.items())
        return (frozenset(self.rows.items()), frozenset(self.tries.items()), self.cases, self.reached, modes)

    def propose(self, proposals: Sequence[Proposal]) -> None:
        for one in proposals:
            row = Row(
                outreach_id=one.outreach_id, customer_id=one.customer_id, channel=one.channel,
                state=State.HELD if one.held else State.SCHEDULED, hold=Hold.PERSON if one.held else None,
                priority=one.priority, due_at=one.due_at, not_after=one.not_after,
                next_at=None if one.held else one.due_at,
            )  # fmt: skip
            self.rows.setdefault(row.outreach_id, row)

    def release(self, outreach_id: UUID, *, now: datetime) -> bool:
        row = self.rows[outreach_id]
        if row.state not in (State.HELD, State.REVIEW) or row.not_after <= now:
            return False
        at = max(row.due_at, now)
        self._put(row, state=State.SCHEDULED, hold=None, due_at=at, next_at=at)
        return True

    def withdraw(self, outreach_id: UUID) -> bool:
        row = self.rows[outreach_id]
        if row.state is not State.HELD:
            return False
        self._put(row, state=State.CANCELLED, hold=None, next_at=None)
        return True

    def confirm(self, outreach_id: UUID) -> bool:
        row = self.rows[outreach_id]
        if row.state is not State.REVIEW:
            return False
        self._put(row, state=State.SENT)
        return True

    def heard(self, outreach_id: UUID, attempt: int | None, kind: Kind, *, now: datetime) -> tuple[State, ...]:
        """A provider's report of an attempt is applied; returns the states that the message went through."""
        row = self.rows[outreach_id]
        comes = consequence(row.state, row.attempt, kind, of_attempt=attempt)
        if kind not in NOT_REACHED:
            self.reached |= {outreach_id}
        for state in comes.through:
            self._put(self.rows[outreach_id], state=state, hold=None, next_at=None, because=comes.because)
        key = (outreach_id, attempt or row.attempt)
        tried = self.tries.get(key)
        if comes.through and tried is not None and tried.outcome in (None, "unknown"):
            self.tries[key] = replace(tried, outcome="accepted", ended_at=tried.ended_at or now)
        return comes.through

    def expire(self, now: datetime) -> int:
        over = [row for row in self.rows.values() if row.state in WAITING and row.not_after <= now]
        for row in over:
            self._put(row, state=State.EXPIRED, hold=None, next_at=None)
        return len(over)

    def give_up(self, now: datetime) -> int:
        late = [
            row for row in self.rows.values()
            if row.state is State.CLAIMED and row.lease_until is not None and row.lease_until <= now
        ]  # fmt: skip
        for row in late:
            self._put(row, state=State.UNKNOWN, because="whoever claimed it gave no word in time")
        return len(late)

    def unknown(self) -> list[tuple[UUID, int]]:
        return [(row.outreach_id, row.attempt) for row in self.rows.values() if row.state is State.UNKNOWN]

    def channels(self, now: datetime) -> list[ChannelState]:
        return [ChannelState(channel=one, mode=mode, room=self._room(one, now)) for one, mode in self.modes.items()]

    def due(self, channel: Channel, *, now: datetime, limit: int) -> list[Due]:
        found = [
            (-row.priority, row.next_at, row) for row in self.rows.values()
            if row.channel is channel and row.state in WAITING and row.next_at is not None and row.next_at <= now
        ]  # fmt: skip
        return [_due(row) for *_, row in sorted(found, key=lambda one: one[:2])[:limit]]

    def keep(self, kept: Sequence[Kept], *, now: datetime) -> None:
        for one in kept:
            row = self.rows[one.outreach_id]
            self._put(row, state=one.state, hold=one.hold, next_at=one.next_at, because=one.because)

    def claim(self, claimed: Sequence[Claimed], *, now: datetime, until: datetime) -> None:
        for one in claimed:
            row = self.rows[one.outreach_id]
            if one.attempt < max(row.attempt, 1) or (one.outreach_id, one.attempt) in self.tries:
                raise IllegalMoveError(f"attempt {one.attempt} after {row.attempt}")
            self._put(
                row, state=State.CLAIMED, hold=None, next_at=None, attempt=one.attempt, lease_until=until,
                because=one.because,
            )  # fmt: skip
            self.tries[one.outreach_id, one.attempt] = Try(
                channel=one.channel, chunk=one.chunk, claimed_at=now, lease_until=until
            )

    def questions(self, attempts: Iterable[tuple[UUID, int]]) -> list[Question]:
        asked = set(attempts)
        return [
            Question(
                outreach_id=row.outreach_id, customer_id=row.customer_id, attempt=row.attempt, channel=row.channel,
                state=row.state, since=row.lease_until, not_after=row.not_after,
                refusals=sum(
                    one == row.outreach_id and tried.outcome == "not_now" for (one, _), tried in self.tries.items()
                ),
            )
            for _, row in sorted(self.rows.items())
            if (row.outreach_id, row.attempt) in asked and row.state in IN_FLIGHT and row.lease_until is not None
        ]  # fmt: skip

    def chunk(self, chunk: str) -> list[tuple[UUID, int]]:
        return [key for key, tried in self.tries.items() if tried.chunk == chunk and tried.ended_at is None]

    def move(self, moves: Sequence[Move], *, now: datetime) -> None:
        for one in moves:
            row = self.rows[one.outreach_id]
            if row.attempt == one.fence and row.state in IN_FLIGHT:
                self._put(row, state=one.state, hold=one.hold, next_at=one.next_at, because=one.because)
            key = (one.outreach_id, one.fence)
            if key in self.tries:
                tried = self.tries[key]
                self.tries[key] = replace(
                    tried, outcome=str(one.ended), ended_at=now, provider_id=one.provider_id or tried.provider_id
                )

    def open(self, cases: Sequence[NewCase], *, now: datetime) -> list[Any]:
        self.cases |= {case.case_id for case in cases}
        return []

    def _put(self, row: Row, *, state: State, **changes: Any) -> None:
        if state in WAITING and row.state in UNDER_WAY and row.outreach_id in self.reached:
            # Nothing that has reached a person is planned again.
            state, changes = State.SENT, {**changes, "hold": None, "next_at": None}
        if state is not row.state and state not in MOVES.get(row.state, ()):
            raise IllegalMoveError(f"an outreach that is {row.state} cannot become {state}")
        self.rows[row.outreach_id] = replace(row, state=state, **changes)

    def _room(self, channel: Channel, now: datetime) -> int:
        begun = sum(
            tried.channel is channel and tried.claimed_at > now - timedelta(seconds=55)
            for tried in self.tries.values()
        )
        at_work = sum(
            row.channel is channel and row.state in (State.CLAIMED, State.UNKNOWN) for row in self.rows.values()
        )
        return max(min(self.per_minute - begun, self.at_once - at_work), 0)


def _due(row: Row) -> Due:
    return Due(
        outreach_id=row.outreach_id, customer_id=row.customer_id, purpose=Purpose.MANUAL, channel=row.channel,
        state=row.state, attempt=row.attempt, due_at=row.due_at, not_after=row.not_after, automated=True,
        language="en", subject="s", body="b", template=None, variables=None, state_because=row.because,
    )  # fmt: skip
