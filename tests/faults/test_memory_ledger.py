"""The ledger in memory is the ledger in PostgreSQL: the same random deeds leave the same rows in both."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from pg8000.exceptions import DatabaseError

from beforehand.adapters.postgres import Transaction
from beforehand.outreach.delivery.model import LEASE, Claimed, Ended, Kept, Mode, Move
from beforehand.outreach.delivery.store import PostgresDelivery
from beforehand.outreach.inbox.documents import Report
from beforehand.outreach.inbox.outcomes_store import PostgresOutcomes
from beforehand.outreach.model import Channel, Hold, State
from beforehand.outreach.outcomes import Kind, consequence
from beforehand.outreach.store import PostgresOutreach
from tests.faults.ledger import MOVES, IllegalMoveError, MemoryLedger
from tests.faults.world import NOW, proposal

CHANNELS = [Channel.EMAIL, Channel.WEBHOOK]
MODES = {Channel.EMAIL: Mode.LIVE, Channel.SMS: Mode.DRY_RUN, Channel.WEBHOOK: Mode.LIVE}


class Both:
    """Does everything to both ledgers, and compares what they answer and what they hold."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.real, self.desk = PostgresDelivery(transaction), PostgresOutreach(transaction)
        self.memory = MemoryLedger(modes=dict(MODES), per_minute=6, at_once=4)
        self.outcomes = PostgresOutcomes(transaction)
        self.now, self.refused, self.chunks, self.reports = NOW, 0, 0, 0
        transaction.run("update outreach_channels set mode = 'live' where channel <> 'sms'")
        transaction.run("update outreach_channels set per_minute = 6, at_once = 4")

    def do(self, name: str, *arguments: Any, **named: Any) -> Any:
        """One deed; refused by both or by neither."""
        self.transaction.run("savepoint deed")
        try:
            answer, refused = getattr(self.real, name)(*arguments, **named), False
        except DatabaseError as error:
            self.transaction.run("rollback to savepoint deed")
            answer, refused = error.args[0]["C"], True
        before = self.memory.copy()
        try:
            expected = getattr(self.memory, name)(*arguments, **named)
        except IllegalMoveError:
            assert refused, f"{name} is refused in memory alone"
            self.memory, self.refused = before, self.refused + 1
            return answer
        assert not refused, f"{name} is refused by the database alone: {answer}"
        assert _ordered(answer) == _ordered(expected), name
        return answer

    def compare(self) -> None:
        rows = self.transaction.rows(
            "select outreach_id, state, hold, due_at, next_at, attempt, lease_until"
            " from outreach order by outreach_id"
        )
        assert [tuple(row.values()) for row in rows] == [
            (row.outreach_id, row.state, row.hold, row.due_at, row.next_at, row.attempt, row.lease_until)
            for _, row in sorted(self.memory.rows.items())
        ]
        tries = self.transaction.rows(
            "select outreach_id, attempt, chunk, lease_until, ended_at, outcome, provider_id"
            " from outreach_attempts order by outreach_id, attempt"
        )
        assert [tuple(row.values()) for row in tries] == [
            (*key, tried.chunk, tried.lease_until, tried.ended_at, tried.outcome, tried.provider_id)
            for key, tried in sorted(self.memory.tries.items())
        ]


def _ordered(answer: Any) -> Any:
    """Rows that are equally urgent come in any order."""
    if isinstance(answer, list):
        return sorted((replace(one, state_because=None, purpose=None) if hasattr(one, "purpose") else one
                       for one in answer), key=str)  # fmt: skip
    return answer


def any_deed(both: Both, random: Random) -> None:
    """Something that a function of delivery, or a person, may do; now and then something that nobody may."""
    both.now += timedelta(seconds=random.choice([0, 20, 70, 200]))
    rows = list(both.memory.rows.values())
    some = random.sample(rows, k=min(len(rows), 3))
    match random.randrange(9):
        case 0:
            both.do("expire", both.now)
        case 1:
            both.do("give_up", both.now)
        case 2:
            both.do("channels", both.now)
            both.do("unknown")
            both.do("due", random.choice(CHANNELS), now=both.now, limit=100)
        case 3 | 4:
            claim(both, [row.outreach_id for row in some], random)
        case 5:
            kept = [keeping(row.outreach_id, both.now, random) for row in some]
            both.do("keep", kept, now=both.now)
        case 6 | 7:
            settle(both, random)
            hear(both, random)
        case _:
            for row in some:
                desk(both, row.outreach_id, random)


def claim(both: Both, ids: list[UUID], random: Random) -> None:
    both.chunks += 1
    wrong = random.random() < 0.1
    claimed = [
        Claimed(
            outreach_id=one, attempt=both.memory.rows[one].attempt + (0 if wrong else 1),
            channel=both.memory.rows[one].channel, policy_version="1", because="it goes",
            chunk=f"chunk {both.chunks}", subject="s", body="b",
        )
        for one in ids
    ]  # fmt: skip
    both.do("claim", claimed, now=both.now, until=both.now + LEASE)
    assert sorted(both.real.chunk(f"chunk {both.chunks}")) == sorted(both.memory.chunk(f"chunk {both.chunks}"))


def keeping(one: UUID, now: datetime, random: Random) -> Kept:
    state = random.choice([State.HELD, State.HELD, State.SKIPPED, State.EXPIRED, State.SENT])
    hold = random.choice(list(Hold)) if state is State.HELD else None
    until = now + timedelta(minutes=5) if state is State.HELD and random.random() < 0.7 else None
    return Kept(outreach_id=one, state=state, because="so", policy_version="1", hold=hold, next_at=until)


def settle(both: Both, random: Random) -> None:
    """Attempts settle in any way, also late ones, and ones that were settled before."""
    known = list(both.memory.tries)
    asked = random.sample(known, k=min(len(known), 4))
    both.do("questions", asked)
    ways = [State.SENT, State.SCHEDULED, State.FAILED, State.UNKNOWN, State.REVIEW, State.HELD, State.SKIPPED]
    moves = []
    for one, attempt in asked:
        state = random.choice(ways)
        moves.append(
            Move(
                outreach_id=one, fence=attempt, state=state, ended=random.choice(list(Ended)), because="so",
                hold=Hold.STOPPED if state is State.HELD else None,
                next_at=both.now if state in (State.SCHEDULED, State.HELD) else None,
                provider_id=random.choice(["m-1", None]),
            )
        )  # fmt: skip
    both.do("move", moves, now=both.now)


def desk(both: Both, one: UUID, random: Random) -> None:
    """A person lets a message go, withdraws it, or says that it arrived."""
    match random.choice("rrwc"):
        case "r":
            done = both.desk.release(one, now=both.now).status == "done"
            assert done == both.memory.release(one, now=both.now)
        case "w":
            assert (both.desk.withdraw(one, now=both.now).status == "done") == both.memory.withdraw(one)
        case _:
            done = both.desk.confirm(one, because="it arrived", now=both.now).status == "done"
            assert done == both.memory.confirm(one)


def hear(both: Both, random: Random) -> None:
    """A provider reports something of an attempt, perhaps of an old one."""
    if not both.memory.tries or random.random() < 0.6:
        return
    one, attempt = random.choice(list(both.memory.tries))
    report = Report(
        provider="provider", event_id=str(both.reports), outreach_id=one, attempt=random.choice([attempt, None]),
        kind=random.choice(list(Kind)), at=both.now,
    )  # fmt: skip
    both.reports += 1
    held = both.outcomes.hold(one)
    assert held is not None
    comes = consequence(held.state, held.attempt, report.kind, of_attempt=report.attempt)
    both.outcomes.add(report, comes, received_at=both.now, now=both.now)
    both.outcomes.move(report, held, comes, now=both.now)
    assert both.memory.heard(one, report.attempt, report.kind, now=both.now) == comes.through


@pytest.mark.parametrize("seed", range(12))
def test_the_same_deeds_leave_the_same_rows(transaction: Transaction, seed: int) -> None:
    random, both = Random(seed), Both(transaction)
    proposals = [
        proposal(f"C{number}", random.choice(CHANNELS), held=number % 5 == 4, due_at=NOW - timedelta(hours=number))
        for number in range(6)
    ]
    both.desk.propose(proposals, now=NOW)
    both.memory.propose(proposals)
    for _ in range(50):
        any_deed(both, random)
        both.compare()
    assert both.refused > 0
    assert {row.state for row in both.memory.rows.values()} & {
        State.SENT,
        State.FAILED,
        State.REVIEW,
        State.SKIPPED,
    }


def test_legal_moves_are_the_same(transaction: Transaction) -> None:
    rows = transaction.rows("select before, after from outreach_moves")
    assert {(row["before"], row["after"]) for row in rows} == {
        (str(before), str(after)) for before, followers in MOVES.items() for after in followers
    }
