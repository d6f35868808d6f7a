"""A small world in which the real services of delivery run: a ledger, the gates, a provider, a clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from beforehand.ids import from_content
from beforehand.journal.model import Decision
from beforehand.outreach.channels.model import Answer, Evidence, Outbound, Outcome
from beforehand.outreach.delivery import asking, recording, sending
from beforehand.outreach.delivery.claiming import Claims, claim
from beforehand.outreach.delivery.documents import Chunk, Message
from beforehand.outreach.delivery.gates import Begun
from beforehand.outreach.delivery.model import EVIDENCE, Due, Mode
from beforehand.outreach.gate.model import Action, Contact, Facts, Person, Planned, Verdict
from beforehand.outreach.model import Channel, Proposal, Purpose
from tests.faults.ledger import OPEN, UNCONTACTED, MemoryLedger
from tests.faults.steps import AT_ONCE, Port, undisturbed
from tests.outreach.frames import bare
from tests.outreach.gates import MemoryGates

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
A_WHILE = timedelta(minutes=16)
"""Longer than any lease, and than the time in which a provider's event is waited for."""

A_LONG_TIME = timedelta(days=2)
"""When whatever waited is over."""

Key = tuple[UUID, int]


class Plan(StrEnum):
    """What the provider does with a call."""

    ACCEPTS = "accepts"
    ACCEPTS_AND_ANSWER_IS_LOST = "accepts, and its answer is lost"
    REFUSES = "refuses"
    THROTTLES = "throttles"
    HANGS = "hangs, and accepts later"


ANSWERS = {
    Plan.ACCEPTS: Answer(outcome=Outcome.ACCEPTED, because="taken", provider_id="m-1"),
    Plan.ACCEPTS_AND_ANSWER_IS_LOST: Answer(outcome=Outcome.UNKNOWN, because="the answer was lost"),
    Plan.REFUSES: Answer(outcome=Outcome.REFUSED, because="no such address"),
    Plan.THROTTLES: Answer(outcome=Outcome.NOT_NOW, because="too many at once"),
    Plan.HANGS: Answer(outcome=Outcome.UNKNOWN, because="no answer in time"),
}


class BrokenPromiseError(AssertionError):
    """A promise of delivery does not hold."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick answered; its chunks are told apart by their names."""

    names: tuple[str, ...]
    unknown: tuple[Key, ...]
    chunks: tuple[Chunk, ...] = field(compare=False)


@dataclass
class World:
    """Everything that outlives a function. The provider follows `plan`, then repeats its last."""

    channel: Channel
    plan: tuple[Plan, ...]
    ledger: Any
    gates: MemoryGates = field(default_factory=MemoryGates)
    senders_see_time: bool = False
    """Whether a sender that was frozen can tell by its clocks: a frozen machine's clocks may stand still, too."""
    passed: timedelta = timedelta(0)
    calls: int = 0
    taken: tuple[Key, ...] = ()
    hanging: tuple[Key, ...] = ()
    opted_out: frozenset[str] = frozenset()
    begun: dict[Key, bool] = field(default_factory=dict)
    """Each key a sender was given, and whether its address was marked by then."""

    def copy(self) -> "World":
        gates = replace(
            self.gates, keys=dict(self.gates.keys), nonces=dict(self.gates.nonces),
            suppressed=set(self.gates.suppressed), switched=set(self.gates.switched),
        )  # fmt: skip
        return replace(self, ledger=self.ledger.copy(), gates=gates, begun=dict(self.begun))

    def key(self) -> tuple[Any, ...]:
        gates = self.gates
        return (
            self.ledger.key(), frozenset(gates.keys.items()), frozenset(gates.suppressed),
            frozenset(gates.switched), self.passed, self.calls, self.taken, self.hanging, self.opted_out,
            frozenset(self.begun.items()),
        )  # fmt: skip

    @property
    def now(self) -> datetime:
        return NOW + self.passed

    def check(self) -> None:
        """What must hold at every moment."""
        for key in self.taken + self.hanging:
            if key not in self.begun:
                raise BrokenPromiseError("the provider was called by a sender that had not been given the key")
            if self.begun[key]:
                raise BrokenPromiseError("the provider was called although the address was marked before the key")
        if EVIDENCE[self.channel] is Evidence.DEDUPS_BY_KEY:
            return
        contacted = [outreach_id for outreach_id, _ in self.taken]
        if len(contacted) > len(set(contacted)):
            raise BrokenPromiseError(f"somebody was contacted {len(contacted)} times")

    def check_ends(self) -> None:
        """What must hold when nothing is open any more."""
        self.check()
        dedups = EVIDENCE[self.channel] is Evidence.DEDUPS_BY_KEY
        contacted = {outreach_id for outreach_id, _ in self.taken}
        for row in self.ledger.rows.values():
            if row.state in OPEN:
                raise BrokenPromiseError(f"a message is {row.state} for ever: {row.because}")
            if row.state in UNCONTACTED and row.outreach_id in contacted and not dedups:
                raise BrokenPromiseError(f"a message is {row.state} and has arrived: {row.because}")
            if row.state in ("sent", "delivered") and row.outreach_id not in contacted:
                raise BrokenPromiseError(f"a message is {row.state} and was not sent")

    def take(self, outreach_id: UUID, attempt: int) -> Answer:
        """The provider's side of a call."""
        plan = self.plan[min(self.calls, len(self.plan) - 1)]
        self.calls += 1
        if plan is Plan.HANGS:
            self.hanging += ((outreach_id, attempt),)
        elif ANSWERS[plan].outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN):
            self.taken += ((outreach_id, attempt),)
        self.check()
        return ANSWERS[plan]

    def tick(self, name: str) -> Ticked:
        """The transaction of `outreach_claim`, in its order, with the ledger's moment."""
        at = self.ledger.begin() if hasattr(self.ledger, "begin") else self.now
        if at is None:
            return Ticked((), (), ())
        self.ledger.expire(at)
        self.ledger.give_up(at)
        unknown = self.ledger.unknown()
        claims = self.claim(name, at)
        return Ticked(tuple(one.chunk for one in claims.chunks), tuple(unknown), tuple(claims.chunks))

    def claim(self, name: str, at: datetime) -> Claims:
        return claim(
            from_content("tick", name),
            ledger=self.ledger, facts_of=self.facts_of, decide=self.decide, policy_version="1", writer=Words(),
            journal=Entered(), stopped=self.gates.stopped(), now=at,
        )  # fmt: skip

    def facts_of(self, customer_ids: Sequence[str]) -> Mapping[str, Facts]:
        every = frozenset(Channel)
        return {
            one: Facts(
                person=Person(
                    customer_id=one, zone="Etc/UTC", country=None, consent=True, reachable=every,
                    suppressed=every if one in self.opted_out else frozenset(),
                ),
                history=(), email=f"{one}@example.com", phone="+919876543210",
            )
            for one in customer_ids
        }  # fmt: skip

    def decide(self, person: Person, planned: Planned, history: Sequence[Contact]) -> Verdict:
        if planned.channel in person.suppressed:
            return Verdict(action=Action.SKIP, because="they opted out", rule="suppressed")
        return Verdict(action=Action.SEND, because="nothing is against it", rule="send")

    def record(self, attempts: Sequence[Key], told: Mapping[Key, Any]) -> None:
        recording.record(
            attempts, told, ledger=self.ledger, cases=self.ledger, now=self.now,
            suppress=lambda asked: self.gates.suppressed.add(asked.contact_hash),
        )  # fmt: skip


class Entered:
    """A journal that nobody reads."""

    def record(self, decisions: Any) -> None:
        list[Decision](decisions)


class Words:
    """Writes the same words to everybody."""

    def write(self, due: Due, facts: Facts, *, attempt: int, within: datetime | None) -> Message:
        return Message(
            outreach_id=due.outreach_id, customer_id=due.customer_id, attempt=attempt, to=facts.email or "",
            contact=contact_of(due.customer_id), subject="s", body="b", language="en", within=within,
        )  # fmt: skip


def contact_of(customer_id: str) -> str:
    """The hash under which an opt-out of theirs stands."""
    return f"hash-of-{customer_id}"


class _Gates:
    """The gates as a task reaches them."""

    def __init__(self, world: World, port: Port) -> None:
        self._world, self._port = world, port

    def begin(self, outreach_id: UUID, attempt: int, **named: Any) -> Begun:
        found: Begun = self._port("gates: begin", self._begin, outreach_id, attempt, **named)
        return found

    def _begin(self, outreach_id: UUID, attempt: int, *, contact: str, **named: Any) -> Begun:
        begun = self._world.gates.begin(outreach_id, attempt, contact=contact, **named)
        if begun is Begun.MINE:
            self._world.begun[outreach_id, attempt] = contact in self._world.gates.suppressed
        return begun

    def end(self, *arguments: Any) -> Any:
        return self._port("gates: end", self._world.gates.end, *arguments)

    def void(self, *arguments: Any, **named: Any) -> Any:
        return self._port("gates: void", self._world.gates.void, *arguments, **named)

    def read(self, attempts: Any) -> Any:
        return self._port("gates: read", self._world.gates.read, attempts)


class _Provider:
    """The provider as a sender reaches it: it takes the message, and then its answer comes back."""

    def __init__(self, world: World, port: Port) -> None:
        self.channel, self.evidence = world.channel, EVIDENCE[world.channel]
        self._world, self._port = world, port

    def send(self, message: Outbound) -> Answer:
        answer: Answer = self._port("provider: call", self._world.take, message.outreach_id, message.attempt)
        return answer


class _Readings:
    """A sender's clock: it can be frozen before it looks at its lease, and again before it looks for that."""

    def __init__(self, port: Port, read: Callable[[], Any], *, stops: Callable[[int], bool]) -> None:
        self._port, self._read, self._stops, self._number = port, read, stops, 0

    def __call__(self) -> Any:
        self._number += 1
        return self._port("clock" if self._stops(self._number) else f"{AT_ONCE}clock", self._read)


def sender(world: World, port: Port, chunk: Chunk) -> None:
    """`outreach_send`."""
    sees = world.senders_see_time
    sending.send(
        chunk,
        provider=_Provider(world, port),
        gates=_Gates(world, port),
        lay_out=bare,
        now=_Readings(port, lambda: world.now, stops=lambda number: number == 1) if sees else lambda: NOW,
        monotonic=(
            _Readings(port, lambda: world.passed.total_seconds(), stops=lambda number: number % 2 == 0)
            if sees
            else lambda: 0.0
        ),
        time_left=lambda: True,
    )


def recorder(world: World, port: Port, attempts: Sequence[Key]) -> None:
    """`outreach_record`."""
    told = port("gates: read", world.gates.read, attempts)
    port("ledger: record", world.record, attempts, told)


def delivery_of(chunk: Chunk) -> Callable[[World, Port], None]:
    """A chunk is sent and recorded."""

    def run(world: World, port: Port) -> None:
        sender(world, port, chunk)
        attempts = port("ledger: chunk", world.ledger.chunk, chunk.chunk)
        recorder(world, port, attempts)

    return run


def a_tick(name: str) -> Callable[[World, Port], None]:
    """One execution of the state machine, as its states follow each other."""

    def run(world: World, port: Port) -> None:
        ticked = port("ledger: tick", world.tick, name)
        for chunk in ticked.chunks:
            delivery_of(chunk)(world, port)
        if ticked.unknown:
            asking.ask(ticked.unknown, gates=_Gates(world, port), now=lambda: NOW, time_left=lambda: True)
            recorder(world, port, ticked.unknown)

    return run


def drain(world: World, name: str, *, most: int = 12) -> None:
    """Undisturbed ticks, with the clock moved on and the kill switch let go, until nothing is open."""
    world.gates.switched.clear()
    world.taken, world.hanging = world.taken + world.hanging, ()
    for number in range(most):
        if not any(row.state in OPEN for row in world.ledger.rows.values()):
            return
        world.passed += A_WHILE if number < most // 2 else A_LONG_TIME
        a_tick(f"{name} {number}")(world, undisturbed)


def proposal(
    customer_id: str, channel: Channel, *, due_at: datetime = NOW, held: bool = False, step: int = 0
) -> Proposal:
    return Proposal(
        customer_id=customer_id, purpose=Purpose.MANUAL, cycle="once", step=step, channel=channel, priority=50,
        due_at=due_at, not_after=due_at + timedelta(days=2), language="en", subject="s", body="b", because="c",
        run_id=None, held=held,
    )  # fmt: skip


def world_of(channel: Channel, plan: Sequence[Plan], *customers: str) -> World:
    """A world in which a message to each of these is due."""
    ledger = MemoryLedger(modes={channel: Mode.LIVE})
    ledger.propose([proposal(one, channel) for one in customers or ("C1",)])
    return World(channel=channel, plan=tuple(plan), ledger=ledger)
