"""Delivery against the real database, by whatever steps hypothesis thinks of: after each its promises hold."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pg8000.exceptions import DatabaseError
from pg8000.native import Connection

from beforehand.adapters.postgres import Transaction
from beforehand.outreach.cases import NewCase
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.delivery import asking
from beforehand.outreach.delivery.documents import Chunk
from beforehand.outreach.delivery.model import Told
from beforehand.outreach.delivery.store import PostgresDelivery
from beforehand.outreach.gate.model import Action, Contact, Facts, Person, Planned, Verdict
from beforehand.outreach.inbox.documents import Report
from beforehand.outreach.inbox.outcomes_store import PostgresOutcomes
from beforehand.outreach.model import Channel, Hold, Purpose, State
from beforehand.outreach.outcomes import Kind, consequence
from beforehand.outreach.store import PostgresOutreach
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect
from tests.faults.ledger import IN_FLIGHT, MOVES
from tests.faults.steps import Fault, Port, Task
from tests.faults.world import Key, Plan, World, contact_of, drain, proposal, sender

CUSTOMERS = ["C1", "C2"]
GONE = frozenset({State.CLAIMED, State.SENT, State.DELIVERED, State.UNKNOWN, State.REVIEW})
OVER = frozenset({State.SKIPPED, State.EXPIRED, State.CANCELLED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How one outreach stands."""

    outreach_id: UUID
    customer_id: str
    state: State
    next_at: datetime | None
    attempt: int
    lease_until: datetime | None
    because: str | None
    tries: int


class RealLedger(PostgresDelivery):
    """The ledger in PostgreSQL, at a moment that the test sets."""

    def __init__(self, transaction: Transaction, moment: Callable[[], datetime]) -> None:
        super().__init__(transaction)
        self.transaction, self._moment = transaction, moment

    def begin(self) -> datetime | None:
        return self._moment() if super().begin() else None

    def open(self, cases: Sequence[NewCase], *, now: datetime) -> Any:
        return PostgresCases(self.transaction).open(cases, now=now)

    @property
    def rows(self) -> dict[UUID, Standing]:
        found = self.transaction.rows(
            "select outreach_id, customer_id, state, next_at, attempt, lease_until, state_because as because,"
            " (select count(*) from outreach_attempts a where a.outreach_id = o.outreach_id) as tries"
            " from outreach o"
        )
        return {row["outreach_id"]: Standing(**{**row, "state": State(row["state"])}) for row in found}


@dataclass
class RealWorld(World):
    """A world whose people may be contacted once in all, and in which a policy may hold everything for a while."""

    holding: bool = False

    def facts_of(self, customer_ids: Sequence[str]) -> Mapping[str, Facts]:
        facts = super().facts_of(customer_ids)
        history = [row for row in self.ledger.rows.values() if row.state in GONE]
        return {
            one: Facts(
                person=known.person, email=known.email, phone=known.phone,
                history=tuple(self._contact(row) for row in history if row.customer_id == one),
            )
            for one, known in facts.items()
        }  # fmt: skip

    def decide(self, person: Person, planned: Planned, history: Sequence[Contact]) -> Verdict:
        if self.holding or history:
            because, hold = ("it is night", Hold.WINDOW) if self.holding else ("they had one", Hold.BUDGET)
            until = self.now + timedelta(minutes=10)
            return Verdict(action=Action.HOLD, because=because, rule="hold", until=until, hold=hold)
        return super().decide(person, planned, history)

    def _contact(self, row: Standing) -> Contact:
        return Contact(outreach_id=row.outreach_id, purpose=Purpose.MANUAL, channel=self.channel, at=self.now)


@dataclass
class Known:
    """What functions that were started earlier still have in their hands."""

    chunks: list[Chunk] = field(default_factory=list)
    senders: list[Task[World]] = field(default_factory=list)
    unknown: list[tuple[Key, ...]] = field(default_factory=list)
    read: list[dict[Key, Told]] = field(default_factory=list)
    planned: int = 0
    reports: int = 0


class Delivery(RuleBasedStateMachine):
    """One deployment. Every function may be started twice, too late, or stop for ever."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.connection, self.ticks, self.known = connection, 0, Known()
        self.last: dict[UUID, State] = {}
        connection.run("begin")
        self.transaction = Transaction(connection)

    @initialize(channel=st.sampled_from([Channel.EMAIL, Channel.EMAIL, Channel.WEBHOOK]), sees_time=st.booleans())
    def deployed(self, channel: Channel, sees_time: bool) -> None:
        self.transaction.run(
            "update outreach_channels set mode = case when channel = :live then 'live' else 'off' end", live=channel
        )
        ledger = RealLedger(self.transaction, lambda: self.world.now)
        self.world = RealWorld(channel=channel, plan=(Plan.ACCEPTS,), ledger=ledger, senders_see_time=sees_time)
        self.desk = PostgresOutreach(self.transaction)
        self.plan_message("C1", held=False)

    def plan_message(self, customer: str, *, held: bool) -> None:
        made = proposal(customer, self.world.channel, due_at=self.world.now, held=held, step=self.known.planned)
        self.desk.propose([made] if self.known.planned else [made, made], now=self.world.now)
        self.known.planned += 1

    @rule(customer=st.sampled_from(CUSTOMERS), held=st.sampled_from([False, False, True]))
    def propose(self, customer: str, held: bool) -> None:
        self.plan_message(customer, held=held)

    @rule()
    def tick(self) -> None:
        self.ticks += 1
        ticked = self.world.tick(f"tick {self.ticks}")
        for chunk in ticked.chunks:
            self.known.chunks.append(chunk)
            self._start(chunk)
        if ticked.unknown:
            self.known.unknown.append(ticked.unknown)

    @precondition(lambda self: self.known.chunks)
    @rule(data=st.data())
    def deliver_a_chunk_again(self, data: Any) -> None:
        self._start(data.draw(st.sampled_from(self.known.chunks)))

    @precondition(lambda self: self.known.senders)
    @rule(data=st.data(), steps=st.sampled_from([1, 1, 2, 3, 4, 9]), plan=st.sampled_from(list(Plan)),
          fault=st.sampled_from([Fault.NONE, Fault.NONE, *Fault]))  # fmt: skip
    def let_a_sender_go_on(self, data: Any, steps: int, plan: Plan, fault: Fault) -> None:
        place = data.draw(st.integers(0, len(self.known.senders) - 1))
        task, self.world.plan = self.known.senders[place], (plan,)
        for _ in range(steps):
            if task.next is not None:
                task = task.step(self.world, fault if task.next.startswith("gates: ") else Fault.NONE)
                fault = Fault.NONE
        self.known.senders[place] = task
        if task.next is None:
            del self.known.senders[place]

    @precondition(lambda self: self.known.chunks)
    @rule(data=st.data())
    def record(self, data: Any) -> None:
        chunk = data.draw(st.sampled_from(self.known.chunks))
        attempts = [(one.outreach_id, one.attempt) for one in chunk.messages]
        self.world.record(attempts, self.world.gates.read(attempts))

    @precondition(lambda self: self.world.gates.keys)
    @rule()
    def read_keys(self) -> None:
        self.known.read.append(dict(self.world.gates.keys))

    @precondition(lambda self: self.known.read)
    @rule(data=st.data())
    def record_what_was_read_before(self, data: Any) -> None:
        told = data.draw(st.sampled_from(self.known.read))
        self.world.record(list(told), told)

    @precondition(lambda self: self.known.unknown)
    @rule(data=st.data())
    def reconcile(self, data: Any) -> None:
        listed = data.draw(st.sampled_from(self.known.unknown))
        asking.ask(listed, gates=self.world.gates, now=lambda: self.world.now, time_left=lambda: True)
        self.world.record(listed, self.world.gates.read(listed))

    @precondition(lambda self: self.known.unknown)
    @rule(data=st.data())
    def record_unknown_without_asking(self, data: Any) -> None:
        listed = data.draw(st.sampled_from(self.known.unknown))
        self.world.record(listed, self.world.gates.read(listed))

    @precondition(lambda self: self.world.taken)
    @rule(data=st.data(), kind=st.sampled_from([Kind.SENT, Kind.DELIVERED]), says_attempt=st.booleans())
    def report(self, data: Any, kind: Kind, says_attempt: bool) -> None:
        one, attempt = data.draw(st.sampled_from(self.world.taken))
        outcomes, now = PostgresOutcomes(self.transaction), self.world.now
        told = Report(
            provider="provider", event_id=str(self.known.reports), outreach_id=one,
            attempt=attempt if says_attempt else None, kind=kind, at=now,
        )  # fmt: skip
        self.known.reports += 1
        held = outcomes.hold(one)
        assert held is not None
        comes = consequence(held.state, held.attempt, kind, of_attempt=told.attempt)
        outcomes.add(told, comes, received_at=now, now=now)
        outcomes.move(told, held, comes, now=now)

    @rule(customer=st.sampled_from(CUSTOMERS))
    def opt_out_is_marked(self, customer: str) -> None:
        self.world.gates.suppressed.add(contact_of(customer))

    @precondition(lambda self: self.world.gates.suppressed)
    @rule()
    def opt_outs_are_committed(self) -> None:
        marked = {one for one in CUSTOMERS if contact_of(one) in self.world.gates.suppressed}
        self.world.opted_out |= marked

    @rule(data=st.data(), lets_go=st.booleans())
    def a_person_decides(self, data: Any, lets_go: bool) -> None:
        row = data.draw(st.sampled_from(sorted(self.world.ledger.rows.values(), key=lambda row: row.outreach_id)))
        if row.state is State.REVIEW:
            if row.outreach_id in {one for one, _ in self.world.taken}:
                self.desk.confirm(row.outreach_id, because="it arrived", now=self.world.now)
        elif lets_go:
            self.desk.release(row.outreach_id, now=self.world.now)
        else:
            self.desk.withdraw(row.outreach_id, now=self.world.now)

    @rule()
    def the_policy_changes(self) -> None:
        self.world.holding = not self.world.holding

    @rule()
    def the_kill_switch_moves(self) -> None:
        self.world.gates.switched ^= {"all"}

    @rule(minutes=st.sampled_from([1, 4, 4, 12, 20, 3000]))
    def time_passes(self, minutes: int) -> None:
        self.world.passed += timedelta(minutes=minutes)
        self.world.taken, self.world.hanging = self.world.taken + self.world.hanging, ()

    @rule(data=st.data(), state=st.sampled_from(list(State)), what=st.sampled_from(["state", "attempt", "row"]))
    def somebody_tries_what_is_illegal(self, data: Any, state: State, what: str) -> None:
        row = data.draw(st.sampled_from(sorted(self.world.ledger.rows.values(), key=lambda row: row.outreach_id)))
        one = row.outreach_id
        if what == "attempt":
            self._refused("update outreach set attempt = attempt - 1 where outreach_id = :one", one=one)
        elif what == "row":
            self._refused("delete from outreach where outreach_id = :one", one=one)
        elif state is not row.state and state not in MOVES.get(row.state, ()):
            self._refused("update outreach set state = :state where outreach_id = :one", state=state, one=one)

    @invariant()
    def nothing_is_lost_and_nobody_contacted_twice(self) -> None:
        self.world.check()
        rows = self.world.ledger.rows
        assert len(rows) == self.known.planned
        for one, row in rows.items():
            assert self.last.get(one) not in OVER or row.state is self.last[one], "an end was left"
            assert row.state not in IN_FLIGHT or row.lease_until is not None
            assert row.tries == row.attempt, "an attempt is missing"
            assert row.state is not State.SCHEDULED or row.next_at is not None, "it would wait for ever"
        self.last = {one: row.state for one, row in rows.items()}
        if self.world.channel is Channel.EMAIL:
            self._check_budget(rows)

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self._settle()
        finally:
            self.connection.run("rollback")

    def _settle(self) -> None:
        """Undisturbed ticks bring everything to an end, and whoever was frozen till then spoils nothing."""
        self.world.holding, self.world.plan = False, (Plan.ACCEPTS,)
        drain(self.world, "later tick")
        self.world.check_ends()
        if self.known.senders:
            for task in self.known.senders:
                task.finish(self.world)
            drain(self.world, "last tick")
            self.world.check_ends()
        self.nothing_is_lost_and_nobody_contacted_twice()

    def _check_budget(self, rows: Mapping[UUID, Standing]) -> None:
        """Everybody had at most one message in all."""
        contacted = [rows[one].customer_id for one, _ in self.world.taken]
        assert len(contacted) == len(set(contacted)), "somebody had more messages than the policy allows"

    def _start(self, chunk: Chunk) -> None:
        def program(world: World, port: Port) -> None:
            sender(world, port, chunk)

        self.known.senders.append(Task(name="sender", program=program).ready(self.world))

    def _refused(self, statement: str, **parameters: Any) -> None:
        with self._undone(), pytest.raises(DatabaseError) as refusal:
            self.transaction.run(statement, **parameters)
        assert refusal.value.args[0]["C"] in ("23514", "42501")

    @contextmanager
    def _undone(self) -> Iterator[None]:
        self.transaction.run("savepoint before")
        yield
        self.transaction.run("rollback to savepoint before")


def run(server: Postgres, examples: int, *, again: bool) -> None:
    connection = connect(server)
    try:
        run_state_machine_as_test(
            lambda: Delivery(connection),
            settings=settings(
                max_examples=examples, stateful_step_count=20, deadline=None, database=None, derandomize=again,
                print_blob=not again, suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    finally:
        connection.close()


def test_whatever_happens_nothing_is_sent_twice_and_nothing_is_lost(postgres: Postgres) -> None:
    run(postgres, 300, again=True)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_whatever_happens_for_a_long_time(postgres: Postgres) -> None:
    run(postgres, 20_000, again=False)
