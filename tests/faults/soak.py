"""Delivery by several processes while everything around it fails at random, with a clock that runs fast."""

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from pg8000.exceptions import DatabaseError, InterfaceError

from beforehand.errors import BeforehandError
from beforehand.outreach.delivery import claiming
from beforehand_cli.local.postgres import Postgres
from beforehand_cli.local.processes import started_at, wait_until
from tests.faults.books import open_of
from tests.faults.desk import Desk
from tests.faults.people import plan_many
from tests.faults.points import begun, together
from tests.outreach.provider_server import Mode, ProviderServer

WORKERS = 3
SPEED = 40
"""A lease of three minutes is over after 4.5 seconds, and a person is asked after 22."""
A_TICK_TAKES = 15
"""Messages; a worker lives for about a second."""
SAYS = {
    Mode.ACCEPTS: 66, Mode.THROTTLES: 10, Mode.LOSES: 6, Mode.FAILS_AFTER: 4, Mode.REFUSES: 4, Mode.RESETS: 4,
    Mode.FAILS: 3, Mode.GARBLES: 2, Mode.HANGS: 1,
}  # fmt: skip
EXPECTED = (DatabaseError, InterfaceError, OSError, BotoCoreError, ClientError, BeforehandError)
"""What a step may end with while things go wrong; it comes again, as it does from the workflow."""


@dataclass
class Soak:
    """A run: its processes, what was done to them, and what was planned."""

    desk: Desk
    server: Postgres
    provider: ProviderServer
    rng: random.Random
    ids: list[UUID] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    workers: list[int] = field(default_factory=list)
    frozen: dict[int, float] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)

    def run(self, *, seconds: float, feed: int) -> None:
        """So long, with so many messages waiting at any time; the time that a killed server takes is added.

        Troubles come as often as this machine's pace allows: a worker shall come to its end in some of its lives.
        """
        self.feed(feed)
        pace = max(1.0, self._beat() / 0.4)
        every = {
            self.kill_worker: 0.25 * pace, self.change_provider: 0.3, self.freeze_worker: 2 * pace,
            self.flip_switch: 7 * pace, self.end_backends: 4 * pace, self.kill_backend: 7 * pace,
            self.kill_server: seconds / 3,
        }  # fmt: skip
        self.workers = [self._worker() for _ in range(WORKERS)]
        end = time.monotonic() + seconds
        try:
            while (now := time.monotonic()) < end:
                for trouble, pause in every.items():
                    if now >= self.due.setdefault(trouble.__name__, now + pause * self.rng.random()):
                        trouble()
                        self.due[trouble.__name__] = time.monotonic() + pause * (0.5 + self.rng.random())
                        if trouble == self.kill_server:
                            end += time.monotonic() - now
                self.thaw(now)
                self.feed(feed)
                time.sleep(0.02)
        finally:
            for worker in self.workers:
                self._end(worker)
        self.provider.says(Mode.ACCEPTS)
        self.desk.gates.switch("all", on=False, by="the soak", now=self.desk.clock())

    def drain(self) -> float:
        """Lets everything come to its end, with nothing going wrong any more; how many seconds that took."""
        assert wait_until(self._answers, seconds=30), "the database did not recover"
        began = time.monotonic()
        for _ in range(12):
            if not open_of(self.desk.database, self.ids):
                break
            self.desk.ahead += timedelta(minutes=6)
            together(self._rounds, processes=WORKERS)
        return time.monotonic() - began

    def feed(self, waiting: int) -> None:
        """Plans more while fewer wait."""
        now = time.monotonic()
        if now < self.due.setdefault("feed", now):
            return
        self.due["feed"] = now + 0.5
        with suppress(*EXPECTED):
            left = len(open_of(self.desk.database, self.ids[-2 * waiting :]))
            if left < waiting:
                self.ids += plan_many(
                    self.desk.database, f"soak {len(self.ids)}", count=waiting, late=timedelta(minutes=1), days=30
                )
                self.done["planned"] = len(self.ids)

    def kill_worker(self) -> None:
        place = self.rng.randrange(WORKERS)
        self._end(self.workers[place])
        self.done["worker kills"] += 1
        self.workers[place] = self._worker()

    def freeze_worker(self) -> None:
        """It wakes when its lease may be over."""
        worker = self.rng.choice(self.workers)
        if worker not in self.frozen:
            os.kill(worker, signal.SIGSTOP)
            self.done["freezes"] += 1
            self.frozen[worker] = time.monotonic() + self.rng.choice((0.3, 3, 6))

    def thaw(self, now: float) -> None:
        for worker in [worker for worker, until in self.frozen.items() if until <= now]:
            del self.frozen[worker]
            os.kill(worker, signal.SIGCONT)

    def change_provider(self) -> None:
        self.provider.says(self.rng.choices(list(SAYS), list(SAYS.values()))[0])

    def flip_switch(self) -> None:
        """For a moment nothing may go."""
        with suppress(*EXPECTED):
            for on in (True, False):
                self.desk.gates.switch("all", on=on, by="the soak", now=self.desk.clock())
                time.sleep(0.1)
            self.done["switches"] += 1

    def end_backends(self) -> None:
        """Every connection is ended, as when the database fails over."""
        with suppress(*EXPECTED):
            master = self.server.connect("postgres")
            master.run("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                       " and backend_type = 'client backend'")  # fmt: skip
            master.close()
            self.done["connections ended"] += 1

    def kill_backend(self) -> None:
        """The server ends all others and recovers from its log."""
        backends = _children(self.server.pid())
        if backends:
            _kill(self.rng.choice(backends))
            self.done["backend kills"] += 1

    def kill_server(self) -> None:
        """All of its processes at once, and then it is started on what it had written."""
        postmaster = self.server.pid()
        everyone = [*([postmaster] if postmaster else []), *_children(postmaster)]
        for pid in everyone:
            _kill(pid)
        assert wait_until(lambda: not any(started_at(pid) for pid in everyone), seconds=20)
        self.server.start()
        self.done["server kills"] += 1

    def figures(self, seconds: float, drained: float, ends: Counter[str]) -> str:
        """What a run came to, in a line."""
        return ", ".join(
            [
                f"soak {seconds:.0f} s",
                *(f"{count:,} {what}" for what, count in sorted(self.done.items())),
                f"drained in {drained:.1f} s",
                *(f"{count:,} {state}" for state, count in sorted(ends.items())),
            ]
        )

    def _answers(self) -> bool:
        with suppress(*EXPECTED), self.desk.database.transaction():
            return True
        return False

    def _beat(self) -> float:
        """How many seconds a worker takes for what it claims at once, with nothing going wrong."""
        began = time.monotonic()

        def work() -> None:
            claiming.BATCH = claiming.MOST_LOOKED_AT = A_TICK_TAKES
            self.desk.forked(self.server).whole()

        together(work, processes=1)
        return time.monotonic() - began

    def _worker(self) -> int:
        seed = self.rng.random()
        return begun(lambda: self._work(random.Random(seed)))

    def _work(self, rng: random.Random) -> None:
        own = self.desk.forked(self.server)
        claiming.BATCH = claiming.MOST_LOOKED_AT = A_TICK_TAKES
        while True:
            try:
                if rng.random() < 0.15:
                    self._again(own, rng)
                else:
                    own.whole(deliveries=rng.choice((1, 1, 1, 2)))
            except EXPECTED:
                time.sleep(0.05)
            time.sleep(0.005)

    def _again(self, own: Desk, rng: random.Random) -> None:
        """A step of some execution comes again."""
        with own.database.transaction() as t:
            chunk = t.row(
                """select chunk from outreach_attempts where claimed_at <= :at
                   order by claimed_at desc limit 1""",
                at=own.at(own.clock()) - timedelta(minutes=rng.uniform(0, 10)),
            )
        if chunk:
            rng.choice((own.send, own.record))(chunk["chunk"])

    def _rounds(self) -> None:
        own = self.desk.forked(self.server)
        for _ in range(8):
            own.whole()

    def _end(self, worker: int) -> None:
        _kill(worker)
        self.frozen.pop(worker, None)
        os.waitpid(worker, 0)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _children(pid: int | None) -> list[int]:
    """Processes that a process has begun."""
    if pid is None:
        return []
    with suppress(FileNotFoundError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []
