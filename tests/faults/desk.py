"""Delivery on this machine, step by step, as the `outreach` workflow takes it through its functions.

A real database, a real table of gates, a real bucket, the real sender against a provider in a process of its own.
Any step can be ended at any of its points, taken by another process, or taken again. Only the moment is given: it
is the database's, and `ahead` of it by what the test has let pass.
"""

import os
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import pytest

from beforehand import clock
from beforehand.adapters import aws as clients
from beforehand.adapters.postgres import PostgresDatabase
from beforehand.adapters.s3 import S3Files
from beforehand.errors import NotFoundError
from beforehand.events.outreach import ChunkSent, Settled
from beforehand.ids import from_content
from beforehand.journal.store import PostgresJournal
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.channels.email import SesEmail
from beforehand.outreach.channels.model import Answer, Evidence, Outbound, Provider
from beforehand.outreach.delivery import asking, gates, recording, sending
from beforehand.outreach.delivery.claiming import Claims, Decide, claim
from beforehand.outreach.delivery.documents import Chunk, Message, chunk_file
from beforehand.outreach.delivery.gates import Begun, DynamoGates
from beforehand.outreach.delivery.model import Due, Ended, Told
from beforehand.outreach.delivery.store import A_TICK, PostgresDelivery
from beforehand.outreach.gate.model import Action, Contact, Facts, Person, Planned, Verdict
from beforehand.outreach.model import Channel, Proposal, Purpose, State
from beforehand.outreach.store import PostgresOutreach
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect, forget

LITTLE = 0.3
"""How many seconds the sender waits for an answer that is known never to come."""


class Point(StrEnum):
    """Where a process can be ended, in the order of its work."""

    BEFORE_CLAIM_COMMIT = "before the claim is committed"
    BEFORE_CHUNK = "after the commit, before the chunk is written"
    AFTER_CHUNK = "after the chunk is written"
    BEFORE_BEGIN = "before the key"
    BEFORE_CALL = "after the key, before the call"
    IN_CALL = "in the call: the provider has it, its answer is not read"
    BEFORE_END = "after the call, before its end is written"
    AFTER_END = "after the end is written, before the record"
    BEFORE_RECORD_COMMIT = "in the record, before its commit"
    AFTER_RECORD = "after the record is committed"


Reach = Callable[[Point], None]


def go_on(_: Point) -> None:
    """Nobody is ended anywhere."""


@dataclass
class Desk:
    """One process of delivery, or all of them in turn. `decide` is the gate."""

    database: PostgresDatabase
    gates: DynamoGates
    files: S3Files
    provider: Provider
    decide: Decide
    ahead: timedelta = timedelta(0)
    reach: Reach = go_on
    stopped: frozenset[str] = frozenset()
    moment: Callable[[datetime], datetime] | None = None
    clock: Callable[[], datetime] = clock.now
    chunks: list[str] = field(default_factory=list)
    policy_version: str = "faults-1"

    def at(self, database_now: datetime) -> datetime:
        """The moment of a step."""
        return (self.moment(database_now) if self.moment else database_now) + self.ahead

    def tick(self) -> tuple[list[str], list[tuple[UUID, int]]]:
        """Claims what is due; the chunks it wrote, and what must be asked about."""
        with self.database.transaction() as t:
            ledger = PostgresDelivery(t)
            began = ledger.begin()
            if began is None:
                return [], []
            at = self.at(began)
            ledger.expire(at)
            ledger.give_up(at)
            unknown = ledger.unknown()
            claims: Claims = claim(
                uuid4(), ledger=ledger, facts_of=facts_of, decide=self._decide_at(at),
                policy_version=self.policy_version, writer=Words(), journal=PostgresJournal(t),
                stopped=self.stopped, now=at,
            )  # fmt: skip
            self.reach(Point.BEFORE_CLAIM_COMMIT)
        self.reach(Point.BEFORE_CHUNK)
        for chunk in claims.chunks:
            self.files.write(chunk_file(chunk.chunk), chunk)
        self.reach(Point.AFTER_CHUNK)
        named = [chunk.chunk for chunk in claims.chunks]
        self.chunks += named
        return named, unknown

    def send(self, chunk: str) -> ChunkSent | None:
        """Sends a chunk, if there is one."""
        try:
            read = self.files.read(chunk_file(chunk), Chunk)
        except NotFoundError:
            return None
        return sending.send(
            read, provider=_Watched(self.provider, self.reach), gates=WatchedGates(self.gates, self.reach),
            now=self._now, monotonic=monotonic, time_left=lambda: True,
        )  # fmt: skip

    def record(self, chunk: str) -> Settled:
        """Writes down how the attempts of a chunk ended."""
        with self.database.transaction() as t:
            attempts = PostgresDelivery(t).chunk(chunk)
        return self._settle(attempts)

    def ask(self, unknown: Sequence[tuple[UUID, int]]) -> Settled:
        """Asks about attempts, and writes down what was found."""
        asking.ask(unknown, gates=self.gates, now=self._now, time_left=lambda: True)
        return self._settle(unknown)

    def whole(self, *, deliveries: int = 1) -> None:
        """One execution of the workflow, each of its steps taken so many times."""
        for _ in range(deliveries):
            chunks, unknown = self.tick()
            for chunk in chunks:
                for _ in range(deliveries):
                    self.send(chunk)
                for _ in range(deliveries):
                    self.record(chunk)
            for _ in range(deliveries if unknown else 0):
                self.ask(unknown)

    def drain(self, ids: Iterable[UUID], *, deliveries: int = 1, steps: int = 12) -> None:
        """Lets time pass, until every message is over or with a person."""
        wanted = list(ids)
        for _ in range(steps):
            if not open_of(self.database, wanted):
                return
            self.ahead += timedelta(minutes=6)
            self.whole(deliveries=deliveries)
        assert not (left := open_of(self.database, wanted)), f"never over: {left}"

    def lying(self, ids: Iterable[UUID]) -> list[str]:
        """The chunks in which messages were ever claimed."""
        with self.database.transaction() as t:
            found = t.rows(
                "select distinct chunk from outreach_attempts where outreach_id = any(cast(:ids as uuid[]))",
                ids=[str(one) for one in ids],
            )
        return [row["chunk"] for row in found]

    def forked(self, server: Postgres, *, at: Point | None = None) -> "Desk":
        """The same for a process of its own, which is ended where it comes to a point."""
        reach = dies_at(at) if at else go_on
        if isinstance(self.provider, Ses):
            self.provider.reach = reach
        return replace(self, database=PostgresDatabase(lambda: connect(server)), reach=reach)

    def quiet(self) -> None:
        """Waits until whoever was killed in a tick has let go of it, as the database sees it."""
        with self.database.transaction() as t:
            t.run("select pg_advisory_xact_lock(:lock)", lock=A_TICK)

    def _now(self) -> datetime:
        return self.at(self.clock())

    def _decide_at(self, at: datetime) -> Decide:
        decide: Decide = getattr(self.decide, "at", lambda _: self.decide)(at)
        return decide

    def _settle(self, attempts: Sequence[tuple[UUID, int]]) -> Settled:
        told = self.gates.read(attempts)
        with self.database.transaction() as t:
            ledger = PostgresDelivery(t)
            settled = recording.record(
                attempts, told, ledger=ledger, cases=PostgresCases(t), now=self.at(ledger.now())
            )
            self.reach(Point.BEFORE_RECORD_COMMIT)
        self.reach(Point.AFTER_RECORD)
        return settled


@dataclass(frozen=True)
class WatchedGates:
    """The table of gates, told apart by its points."""

    gates: DynamoGates
    reach: Reach

    def begin(
        self, outreach_id: UUID, attempt: int, *, channel: Channel, contact: str, nonce: str, now: datetime
    ) -> Begun:
        self.reach(Point.BEFORE_BEGIN)
        return self.gates.begin(outreach_id, attempt, channel=channel, contact=contact, nonce=nonce, now=now)

    def end(self, outreach_id: UUID, attempt: int, told: Told) -> None:
        self.reach(Point.BEFORE_END)
        self.gates.end(outreach_id, attempt, told)
        self.reach(Point.AFTER_END)

    def void(self, outreach_id: UUID, attempt: int, *, ended: Ended, because: str, now: datetime) -> Told:
        return self.gates.void(outreach_id, attempt, ended=ended, because=because, now=now)


@dataclass(frozen=True)
class _Watched:
    provider: Provider
    reach: Reach
    channel: Channel = Channel.EMAIL
    evidence: Evidence = Evidence.BLIND

    def send(self, message: Outbound) -> Answer:
        self.reach(Point.BEFORE_CALL)
        return self.provider.send(message)


class Ses:
    """The sender of e-mail as it is, against a provider of ours.

    To those in `deaf` no connection stands, so often; for an answer to those in `waits_little` it does not wait.

    Its clients are the product's own, each made while the environment says where the provider is.
    """

    channel = Channel.EMAIL
    evidence = Evidence.BLIND
    _made = count(1)

    def __init__(self, address: str) -> None:
        self.deaf = Counter[UUID]()
        self.waits_little = set[UUID]()
        self.reach: Reach = go_on
        self._heard, self._impatient = self._at(address, 10), self._at(address, LITTLE)
        self._deaf = self._at("http://127.0.0.1:9", LITTLE)

    def send(self, message: Outbound) -> Answer:
        if self.deaf[message.outreach_id] > 0:
            self.deaf[message.outreach_id] -= 1
            return self._send(self._deaf, message)
        return self._send(self._impatient if message.outreach_id in self.waits_little else self._heard, message)

    def _at(self, address: str, seconds_for_answer: float) -> dict[str, float]:
        seconds = {"connect_seconds": 3, "read_seconds": seconds_for_answer + next(self._made) / 1_000}
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL_SESV2", address)
            clients.client("sesv2", attempts=1, **seconds)
        return seconds

    def _send(self, seconds: dict[str, float], message: Outbound) -> Answer:
        email = SesEmail(sender="care@example.com", **seconds)
        session = clients.client("sesv2", attempts=1, **seconds)._endpoint.http_session
        send = session.send

        def reaching(request: Any) -> Any:
            try:
                return send(request)
            finally:
                self.reach(Point.IN_CALL)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(session, "send", reaching)
            return email.send(message)


class Words:
    """Writes a message of what the proposal says."""

    def write(self, due: Due, facts: Facts, *, attempt: int) -> Message:
        return Message(
            outreach_id=due.outreach_id, customer_id=due.customer_id, attempt=attempt, to=str(facts.email),
            contact=contact_of(due.customer_id), subject=due.subject, text=due.body, purpose=due.purpose,
            said_subject=due.subject, said_body=due.body,
        )  # fmt: skip


def contact_of(customer_id: str) -> str:
    """Under which name somebody's suppression stands."""
    return from_content("contact", customer_id).hex


def facts_of(customer_ids: Sequence[str]) -> Mapping[str, Facts]:
    """Everybody is awake, reachable and glad of the message."""
    return {
        one: Facts(
            person=Person(
                customer_id=one, zone="UTC", country="IN", consent=True, reachable=frozenset({Channel.EMAIL})
            ),
            history=(),
            email=f"{one.lower()}@example.com",
        )
        for one in customer_ids
    }


def send_all(_person: Person, _planned: Planned, _history: Sequence[Contact]) -> Verdict:
    """Lets everything go."""
    return Verdict(action=Action.SEND, because="it may go", rule="all")


def proposal(number: int, *, cycle: str, now: datetime, days: float = 3) -> Proposal:
    """A message that is due now, for somebody of their own."""
    return Proposal(
        customer_id=f"{CUSTOMERS}{number:06}", purpose=Purpose.MANUAL, cycle=cycle, step=0, channel=Channel.EMAIL,
        priority=50, due_at=now, not_after=now + timedelta(days=days), language="en", subject="Hello",
        body="How are you?", because="it is tried out", run_id=None,
    )  # fmt: skip


CUSTOMERS = "F-"
"""How the ids of these tests' customers begin."""


def plan(database: PostgresDatabase, cycle: str, *, count: int = 1, ahead: timedelta = timedelta(0)) -> list[UUID]:
    """Plans messages that are due at once; their ids."""
    with database.transaction() as t:
        now = PostgresDelivery(t).now() + ahead
        planned = [proposal(number, cycle=cycle, now=now) for number in range(count)]
        PostgresOutreach(t).propose(planned, now=now)
    return [one.outreach_id for one in planned]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a message is."""

    state: State
    attempt: int
    because: str | None
    next_at: datetime | None


def standings(database: PostgresDatabase, ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """How far messages are; whatever is not in the ledger is left out."""
    with database.transaction() as t:
        found = t.rows(
            """select outreach_id, state, attempt, state_because, next_at from outreach
               where outreach_id = any(cast(:ids as uuid[]))""",
            ids=[str(one) for one in ids],
        )
    return {
        row["outreach_id"]: Standing(
            state=State(row["state"]), attempt=row["attempt"], because=row["state_because"], next_at=row["next_at"]
        )
        for row in found
    }


OPEN = {State.SCHEDULED, State.HELD, State.CLAIMED, State.UNKNOWN}


def open_of(database: PostgresDatabase, ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """Those messages that are not over yet, nor with a person."""
    return {one: standing for one, standing in standings(database, ids).items() if standing.state in OPEN}


def told_of(desk: Desk, ids: Iterable[UUID]) -> dict[tuple[UUID, int], Told]:
    """What stands under the keys of all attempts of messages."""
    attempts = [
        (one, attempt)
        for one, standing in standings(desk.database, ids).items()
        for attempt in range(1, standing.attempt + 1)
    ]
    return desk.gates.read(attempts)


def check(desk: Desk, ids: Sequence[UUID], taken: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """What must hold whatever happened; how many messages came to each end.

    Nobody was contacted twice, every planned message has one end, whatever the provider took is sent or with a
    person, and a further attempt followed only on the proof that the one before reached nobody.
    """
    found = standings(desk.database, ids)
    assert set(found) == set(ids), "lost from the ledger"
    times = Counter(UUID(line["outreach_id"]) for line in taken if UUID(line["outreach_id"]) in found)
    assert not (twice := {one: n for one, n in times.items() if n > 1}), f"contacted twice: {twice}"
    for one in times:
        assert found[one].state in {State.SENT, State.DELIVERED, State.REVIEW}, f"{one}: {found[one]}"
    for one, standing in found.items():
        assert standing.state is not State.SENT or one in times, f"never reached anybody: {one} {standing}"
    for (one, attempt), told in told_of(desk, ids).items():
        if attempt < found[one].attempt:
            assert told.ended in {Ended.VOID, Ended.NOT_NOW, Ended.STOPPED}, f"{one} #{attempt}: {told}"
    ends = Counter(str(standing.state) for standing in found.values())
    assert ends.total() == len(ids)
    return ends


def killed(work: Callable[[], Any], by: int = signal.SIGKILL) -> None:
    """Does the work in a process of its own, which must end by its own SIGKILL."""
    child = os.fork()
    if child == 0:
        try:
            alone()
            work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"it was not killed but ended with {os.waitstatus_to_exitcode(status)}"
    assert os.WTERMSIG(status) == by


def alone() -> None:
    """Lets go of the connections of the process that this one was forked from; they are still its own."""
    clients.client("s3").close()
    gates._dynamodb().close()


def dies_at(point: Point) -> Reach:
    """Ends the process that comes to this point, as no handler can catch."""

    def reach(here: Point) -> None:
        if here is point:
            os.kill(os.getpid(), signal.SIGKILL)

    return reach


def open_channels(database: PostgresDatabase) -> None:
    """Lets e-mail go, as fast as it comes."""
    with database.transaction() as t:
        t.run(
            "update outreach_channels set mode = 'live', per_minute = 100000, at_once = 100000"
            " where channel = 'email'"
        )


def clean(server: Postgres) -> None:
    """Takes away whatever these tests have committed."""
    theirs = f"customer_id like '{CUSTOMERS}%'"
    forget(server, "outreach_attempts", f"outreach_id in (select outreach_id from outreach where {theirs})")
    for table in ("outreach", "outreach_cases", "journal_decisions"):
        forget(server, table, theirs)
    with PostgresDatabase(lambda: connect(server)).transaction() as t:
        t.run("update outreach_channels set mode = 'dry_run', per_minute = 60, at_once = 100")
