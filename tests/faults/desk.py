"""Delivery on this machine, step by step, as the `outreach` workflow takes it through its functions.

A real database, a real table of gates, a real bucket, the real sender against a provider in a process of its own.
Any step can be ended at any of its points, taken by another process, or taken again. Only the moment is given: it
is the database's, and `ahead` of it by what the test has let pass.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from uuid import UUID, uuid4

from beforehand import clock
from beforehand.adapters.postgres import PostgresDatabase
from beforehand.adapters.s3 import S3Files
from beforehand.errors import NotFoundError
from beforehand.events.outreach import ChunkSent, Settled
from beforehand.journal.store import PostgresJournal
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.channels.model import Answer, Evidence, Outbound, Provider
from beforehand.outreach.delivery import asking, recording, sending
from beforehand.outreach.delivery.claiming import Claims, Decide, claim
from beforehand.outreach.delivery.documents import Chunk, chunk_file
from beforehand.outreach.delivery.gates import Begun, DynamoGates
from beforehand.outreach.delivery.model import Ended, Told
from beforehand.outreach.delivery.send_wiring import clock_of, in_frame_of, seconds_for
from beforehand.outreach.delivery.store import A_TICK, PostgresDelivery
from beforehand.outreach.gate.model import Facts
from beforehand.outreach.messages.model import Company
from beforehand.outreach.model import Channel
from beforehand.outreach.suppression.marks import DynamoMarks
from beforehand.outreach.suppression.store import PostgresSuppressions
from beforehand.outreach.suppression.suppressing import suppress
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect
from tests.faults.books import open_of
from tests.faults.people import Words, facts_of
from tests.faults.points import Point, Reach, go_on
from tests.faults.sender import Ses

COMPANY = Company(name="A company")


@dataclass
class Desk:
    """One process of delivery, or all of them in turn. `decide_at` is the gate."""

    database: PostgresDatabase
    gates: DynamoGates
    files: S3Files
    provider: Provider
    decide_at: Callable[[datetime], Decide]
    ahead: timedelta = timedelta(0)
    facts_of: Callable[[Sequence[str]], Mapping[str, Facts]] = field(default_factory=lambda: facts_of)
    reach: Reach = go_on
    stopped: frozenset[str] = frozenset()
    speed: float = 1
    epoch: datetime | None = None
    clock: Callable[[], datetime] = clock.now
    _written: dict[str, timedelta] = field(default_factory=dict)
    policy_version: str = "faults-1"

    def at(self, moment: datetime) -> datetime:
        """The moment of a step, where a clock shows `moment`; since `epoch`, time passes at another speed."""
        since = self.epoch or moment
        return since + (moment - since) * self.speed + self.ahead

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
                uuid4(), ledger=ledger, facts_of=self.facts_of, decide=self.decide_at(at),
                policy_version=self.policy_version, writer=Words(), journal=PostgresJournal(t),
                stopped=self.stopped, now=at,
            )  # fmt: skip
            self.reach(Point.BEFORE_CLAIM_COMMIT)
        self.reach(Point.BEFORE_CHUNK)
        for chunk in claims.chunks:
            self.files.write(chunk_file(chunk.chunk), chunk)
            self._written[chunk.chunk] = self.ahead
        self.reach(Point.AFTER_CHUNK)
        return [chunk.chunk for chunk in claims.chunks], unknown

    def send(self, chunk: str) -> ChunkSent | None:
        """Sends a chunk, if there is one."""
        try:
            read, age = self.files.read_aged(chunk_file(chunk), Chunk)
        except NotFoundError:
            return None
        old = age * self.speed + self.ahead - self._written.get(chunk, self.ahead)
        return sending.send(
            read,
            provider=_Watched(self.provider, self.reach),
            gates=WatchedGates(self.gates, self.reach),
            lay_out=in_frame_of(COMPANY),
            now=clock_of(read, old, speed=self.speed),
            monotonic=monotonic,
            time_left=clock.within(seconds_for(old) / self.speed),
        )

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

    def forked(self, server: Postgres, reach: Reach = go_on) -> "Desk":
        """The same for a process of its own, in which something is done at each point."""
        if isinstance(self.provider, Ses):
            self.provider.reach = reach
        return replace(self, database=PostgresDatabase(lambda: connect(server)), reach=reach)

    def quiet(self) -> None:
        """Waits until whoever was killed in a tick has let go of it, as the database sees it."""
        with self.database.transaction() as t:
            t.run("select pg_advisory_xact_lock(:lock)", lock=A_TICK)

    def _now(self) -> datetime:
        return self.at(self.clock())

    def _settle(self, attempts: Sequence[tuple[UUID, int]]) -> Settled:
        told = self.gates.read(attempts)
        with self.database.transaction() as t:
            ledger = PostgresDelivery(t)
            at = self.at(ledger.now())
            settled = recording.record(
                attempts,
                told,
                ledger=ledger,
                cases=PostgresCases(t),
                suppress=partial(
                    suppress, ledger=PostgresSuppressions(t), marks=DynamoMarks(self.gates._table), now=at
                ),
                now=at,
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
        begun = self.gates.begin(outreach_id, attempt, channel=channel, contact=contact, nonce=nonce, now=now)
        self.reach(Point.AFTER_BEGIN)
        return begun

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
