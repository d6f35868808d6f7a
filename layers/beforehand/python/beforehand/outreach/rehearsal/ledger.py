"""The ledger of a rehearsal: what waits, in memory, with the same answers as the one in PostgreSQL gives a tick."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from uuid import UUID

from beforehand.outreach.delivery.model import ChannelState, Claimed, Due, Kept
from beforehand.outreach.model import Channel, Hold, State
from beforehand.outreach.rehearsal.model import PERSON, Ended, Lane, Played
from beforehand.outreach.rehearsal.tally import Tally
from beforehand.results import Result, Status

MINUTE = timedelta(minutes=1)


class _Queue:
    """What waits for one channel: by when it is due, and of what is due the most urgent first."""

    def __init__(self) -> None:
        self.waiting: list[tuple[datetime, int, Played]] = []
        self.ready: list[tuple[int, datetime, int, Played]] = []
        self.handed: list[Played] = []

    def wait(self, played: Played, number: int) -> None:
        """Lets a message wait until it is looked at next."""
        if played.next_at is not None:
            heappush(self.waiting, (played.next_at, number, played))

    def settle(self, now: datetime) -> None:
        """Makes ready what has come due, and what was looked at and stayed as it was."""
        for played in self.handed:
            self._ready(played)
        self.handed = []
        while self.waiting and self.waiting[0][0] <= now:
            self._ready(heappop(self.waiting)[2])

    def take(self, most: int) -> list[Played]:
        """The most urgent of what is ready."""
        found: list[Played] = []
        while self.ready and len(found) < most:
            played = heappop(self.ready)[3]
            if not played.is_over:
                found.append(played)
        self.handed = found
        return found

    def _ready(self, played: Played) -> None:
        if not played.is_over and played.next_at is not None:
            heappush(self.ready, (-played.priority, played.next_at, played.due.outreach_id.int, played))


class RehearsalLedger:
    """What waits during a rehearsal. Everything that is claimed arrives at once."""

    def __init__(self, lanes: Iterable[Lane], tally: Tally, *, begin: datetime) -> None:
        self.lanes: Mapping[Channel, Lane] = {lane.channel: lane for lane in lanes}
        self.messages: dict[UUID, Played] = {}
        self._queues = {channel: _Queue() for channel in Channel}
        self._ending: list[tuple[datetime, int, Played]] = []
        self._tally, self._begin = tally, begin
        self._ended: list[Ended] = []
        self.rules: dict[UUID, str] = {}
        """By which rule the gate has decided about each message of the batch that it looks at."""

    def add(self, played: Played) -> None:
        """Takes a message in."""
        number = played.due.outreach_id.int
        self.messages[played.due.outreach_id] = played
        self._queues[played.due.channel].wait(played, number)
        heappush(self._ending, (played.due.not_after, number, played))

    def next_look(self, after: datetime) -> datetime | None:
        """The first minute after a moment at which a tick has something to look at."""
        found = [
            after if queue.ready or queue.handed else queue.waiting[0][0]
            for channel, queue in self._queues.items()
            if (queue.ready or queue.handed or queue.waiting) and self._is_looked_at(channel)
        ]
        return max(full_minute(min(found)), full_minute(after + timedelta(microseconds=1))) if found else None

    def expire(self, now: datetime) -> None:
        """Ends what waited too long, whatever it waited for."""
        while self._ending and self._ending[0][0] <= now:
            played = heappop(self._ending)[2]
            if not played.is_over:
                at, rule = played.due.not_after, self._why_late(played)
                told = f"it waited: {played.due.state_because}" if played.due.state_because else rule
                played.due = replace(played.due, state=State.EXPIRED, state_because=told)
                played.next_at, played.at = None, at
                self._tally.ended(played, rule, at=at)
                self._ended.append(Ended(outreach_id=played.due.outreach_id, state=State.EXPIRED, at=at))

    def ended(self) -> list[Ended]:
        """What came to an end without being sent since this was last asked."""
        found, self._ended = self._ended, []
        return found

    # What the end of a case asks of its ledger.

    def release(self, outreach_id: UUID, *, now: datetime, because: str, waits: Collection[State]) -> Result:
        """Lets a message go that is in one of these states. FAILED where it is in another, or too old."""
        played = self.messages.get(outreach_id)
        if played is None or played.state not in waits or played.due.not_after <= now:
            return Result(id=str(outreach_id), status=Status.FAILED, because="the message cannot go any more")
        due_at = max(played.due.due_at, now)
        played.due = replace(played.due, state=State.SCHEDULED, due_at=due_at, state_because=because)
        played.next_at, played.at = due_at, now
        self._queues[played.due.channel].wait(played, outreach_id.int)
        return Result(id=str(outreach_id), status=Status.DONE, because="the message may go")

    def withdraw(self, outreach_id: UUID, *, now: datetime, because: str) -> Result:
        """Cancels a held message. SKIPPED where it is held no more."""
        played = self.messages.get(outreach_id)
        if played is None or played.state is not State.HELD:
            return Result(id=str(outreach_id), status=Status.SKIPPED, because="it is held no more")
        played.due = replace(played.due, state=State.CANCELLED, state_because=because)
        played.next_at, played.at = None, now
        self._tally.ended(played, PERSON, at=now)
        self._ended.append(Ended(outreach_id=outreach_id, state=State.CANCELLED, at=now))
        return Result(id=str(outreach_id), status=Status.DONE, because="the message is withdrawn")

    def confirm(self, outreach_id: UUID, *, because: str, now: datetime) -> Result:
        """Only a person says that a message arrived, and none does here."""
        return Result(id=str(outreach_id), status=Status.SKIPPED, because=because)

    # What a tick asks of its ledger.

    def channels(self, now: datetime) -> list[ChannelState]:
        """How each channel is run for which something waits, and how many messages it may take now."""
        for queue in self._queues.values():
            queue.settle(now)
        busy = [lane for lane in self.lanes.values() if self._queues[lane.channel].ready and lane.is_looked_at]
        return [
            ChannelState(channel=lane.channel, mode=lane.mode, room=lane.room)
            for lane in sorted(busy, key=lambda lane: lane.channel)
        ]

    def due(self, channel: Channel, *, now: datetime, limit: int) -> list[Due]:
        """The most urgent of what is due."""
        queue = self._queues[channel]
        queue.settle(now)
        return [played.due for played in queue.take(limit)]

    def keep(self, kept: Sequence[Kept], *, now: datetime) -> None:
        """Lets wait or ends what does not go now."""
        for one in kept:
            played = self.messages[one.outreach_id]
            played.due = replace(played.due, state=one.state, state_because=one.because)
            played.next_at, played.at = one.next_at, now
            rule = self._rule_of(one)
            if played.is_over:
                self._tally.ended(played, rule, at=now)
                self._ended.append(Ended(outreach_id=one.outreach_id, state=one.state, at=now))
            else:
                self._tally.held(played, rule, at=now)
                self._queues[played.due.channel].wait(played, one.outreach_id.int)
        self._put_back(kept)

    def claim(self, claimed: Sequence[Claimed], *, now: datetime, until: datetime) -> None:
        """Sends: what is claimed in a rehearsal arrives."""
        for one in claimed:
            played = self.messages[one.outreach_id]
            ready_at = max(played.next_at or now, self._begin)
            played.due = replace(played.due, state=State.SENT, state_because=one.because)
            played.next_at, played.at = None, now
            self._tally.sent(played, at=now, waited=now - ready_at)
        self._put_back(claimed)

    def _put_back(self, moved: Sequence[Kept | Claimed]) -> None:
        """What was moved is not ready any more."""
        names = {one.outreach_id for one in moved}
        for queue in self._queues.values():
            if queue.handed:
                queue.handed = [played for played in queue.handed if played.due.outreach_id not in names]

    def _rule_of(self, kept: Kept) -> str:
        """By which rule a message is kept: the gate's, or what stood between the gate and the sender."""
        if kept.hold is Hold.DRY_RUN:
            lane = self.lanes[self.messages[kept.outreach_id].due.channel]
            return "dry_run" if lane.is_set_up else "not_set_up"
        if kept.state is State.SCHEDULED:
            return "stumbled"
        rule = self.rules[kept.outreach_id]
        # What the gate would have let go is kept only where its message could not be made.
        return "message" if rule == "open" else rule

    def _why_late(self, played: Played) -> str:
        """What kept a message whose time is over."""
        if played.rules:
            return played.rules[-1]
        lane = self.lanes.get(played.due.channel)
        if lane is None or not lane.is_looked_at:
            return "stopped" if lane is not None and lane.is_stopped else "off"
        return "rate"

    def _is_looked_at(self, channel: Channel) -> bool:
        lane = self.lanes.get(channel)
        return lane is not None and lane.is_looked_at


def full_minute(moment: datetime) -> datetime:
    """The first full minute from a moment on (UTC): ticks come every minute."""
    floor = moment.astimezone(UTC).replace(second=0, microsecond=0)
    return floor if floor == moment else floor + MINUTE
