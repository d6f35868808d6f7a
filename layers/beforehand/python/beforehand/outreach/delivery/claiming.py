"""Claims what is due: the gate decides about each message once more, and what may go is fenced and leased."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import UUID

from beforehand.errors import RefusedError
from beforehand.ids import from_content
from beforehand.journal.model import Decision
from beforehand.outreach.channels.available import not_set_up
from beforehand.outreach.delivery.deciding import decision_of, planned_of
from beforehand.outreach.delivery.documents import Chunk, Message
from beforehand.outreach.delivery.model import LEASE, ChannelState, Claimed, Due, Kept, Mode
from beforehand.outreach.gate.model import Action, Contact, Facts, Person, Planned, Verdict
from beforehand.outreach.model import Channel, Hold, State

CHUNK = 50
"""How many messages one call of the sender takes: at 1.8 seconds for each it comes to the last in its time."""

MOST_CLAIMED = 1_500
"""How many messages a tick claims, by all channels: as many as its senders can send before their lease ends."""

BATCH = 500
"""How many messages are looked at together, at most."""

LEAST_LOOKED_AT = 50
"""How many are looked at together where there is room for fewer: the gate may let none of the first ones go."""

MOST_LOOKED_AT = 5_000
"""When a tick looks at no further messages of a channel; the next one begins a minute later."""

STUMBLED_REST = timedelta(minutes=15)
"""How long a message rests that could not even be looked at; it keeps no other from going."""

STATES = {Action.HOLD: State.HELD, Action.SKIP: State.SKIPPED, Action.EXPIRE: State.EXPIRED}

Decide = Callable[[Person, Planned, Sequence[Contact]], Verdict]
"""The gate, under the contact policy in force and as of now."""


class Ledger(Protocol):
    """The ledger of outreach, as far as claiming needs it."""

    def channels(self, now: datetime) -> list[ChannelState]: ...
    def due(self, channel: Channel, *, now: datetime, limit: int) -> list[Due]:
        """Messages whose time has come, the most urgent first; nobody else can move them meanwhile."""

    def keep(self, kept: Sequence[Kept], *, now: datetime) -> None: ...
    def claim(self, claimed: Sequence[Claimed], *, now: datetime, until: datetime) -> None: ...


class Journal(Protocol):
    """Where decisions are kept."""

    def record(self, decisions: Iterable[Decision]) -> None: ...


class Writer(Protocol):
    """What makes a message of what is to be said."""

    def write(self, due: Due, facts: Facts, *, attempt: int, within: datetime | None) -> Message:
        """What is said, which is welcome `within` a moment. Raises RefusedError where it cannot be made."""


@dataclass(kw_only=True, slots=True)
class Claims:
    """What a tick decided about: chunks to be written once this is committed, and what waits or is over."""

    chunks: list[Chunk] = field(default_factory=list)
    claimed: list[Claimed] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    stumbled: int = 0
    """How many could not be looked at, because of a mistake of ours."""

    def count(self, state: State) -> int:
        """How many messages became this."""
        return sum(kept.state is state for kept in self.kept)


def claim(
    tick: UUID,
    *,
    ledger: Ledger,
    facts_of: Callable[[Sequence[str]], Mapping[str, Facts]],
    decide: Decide,
    policy_version: str,
    writer: Writer,
    journal: Journal,
    stopped: frozenset[str],
    now: datetime,
    available: frozenset[Channel] = frozenset(Channel),
    time_left: Callable[[], bool] = lambda: True,
) -> Claims:
    """Looks at whatever is due, channel by channel, within the room that each has.

    A channel that is switched off, or that a kill switch stops, is not looked at. One that is not `available`,
    since this deployment has no provider for it, holds its messages as one in dry run does. What is not looked at
    while there is `time_left`, or does not fit into a tick, stays due.
    """
    claims = Claims()
    # A claim of one channel counts against the budget of the others, so one history serves them all.
    claiming = _Claiming(tick, facts_of, decide, policy_version, writer, journal, available, claims, now)
    for channel in ledger.channels(now):
        if channel.mode is not Mode.OFF and not stopped & {"all", channel.channel.value}:
            room = min(channel.room, MOST_CLAIMED - len(claims.claimed))
            _look_at(channel, room, claiming, ledger, now, time_left)
    return claims


def _look_at(
    channel: ChannelState,
    room: int,
    claiming: "_Claiming",
    ledger: Ledger,
    now: datetime,
    time_left: Callable[[], bool],
) -> None:
    looked_at, messages = 0, []
    while room > 0 and looked_at < MOST_LOOKED_AT and time_left():
        batch = ledger.due(channel.channel, now=now, limit=min(BATCH, max(room, LEAST_LOOKED_AT)))
        if not batch:
            break
        going = claiming.decide(batch, channel.mode, room)
        ledger.keep(claiming.kept_now(), now=now)
        ledger.claim(claiming.claimed_now(), now=now, until=now + LEASE)
        messages += going
        looked_at += len(batch)
        room -= len(going)
    claiming.chunk(channel.channel, messages, until=now + LEASE)


class _Claiming:
    """The decisions of one tick."""

    def __init__(
        self,
        tick: UUID,
        facts_of: Callable[[Sequence[str]], Mapping[str, Facts]],
        decide: Decide,
        policy_version: str,
        writer: Writer,
        journal: Journal,
        available: frozenset[Channel],
        claims: Claims,
        now: datetime,
    ) -> None:
        self._tick, self._facts_of, self._decide, self._writer = tick, facts_of, decide, writer
        self._available = available
        self._policy_version, self._journal, self._claims, self._now = policy_version, journal, claims, now
        self._contacted: dict[str, list[Contact]] = {}
        self._kept: list[Kept] = []
        self._claimed: list[Claimed] = []
        self._ordinal = 0
        self._chunk: tuple[tuple[Channel, int] | None, str] = None, ""

    def decide(self, batch: Sequence[Due], mode: Mode, room: int) -> list[Message]:
        """The messages of a batch that go now, as many as there is room for; the others are kept, or stay due."""
        facts = self._facts_of(sorted({due.customer_id for due in batch}))
        going: list[Message] = []
        # Each is made when the journal asks for it; that of a rehearsal never does.
        decisions: list[Callable[[], Decision]] = []
        for due in batch:
            known = facts[due.customer_id]
            history = self._history(due, known)
            goes = mode is Mode.LIVE and due.channel in self._available
            try:
                verdict = self._decide(known.person, planned_of(due), history)
                if verdict.action is Action.SEND and goes and len(going) == room:
                    continue
                message = self._go(due, known, verdict) if verdict.action is Action.SEND and goes else None
            except Exception as error:
                self._stumble(due, error)
                continue
            if isinstance(message, Message):
                going.append(message)
            else:
                self._kept.append(self._keep(due, verdict, message))
            because = verdict.because if isinstance(message, Message) else self._kept[-1].because
            if because != due.state_because:
                decisions.append(
                    partial(
                        decision_of, due, known.person, history, verdict, because=because, mode=mode,
                        written=message.because if isinstance(message, Message) else "",
                        policy_version=self._policy_version, run_id=self._tick, now=self._now,
                    )
                )  # fmt: skip
        self._journal.record(decision() for decision in decisions)
        return going

    def _history(self, due: Due, known: Facts) -> list[Contact]:
        """What went to them, and what this tick has claimed for them; each once, whoever knows of it."""
        told = {contact.outreach_id for contact in known.history}
        claimed = self._contacted.get(due.customer_id, ())
        return [*known.history, *(contact for contact in claimed if contact.outreach_id not in told)]

    def _stumble(self, due: Due, error: Exception) -> None:
        """Nobody foresaw it. Its text may quote an address; the others go on, and it is tried again."""
        because = f"it could not be looked at: that failed with {type(error).__name__}; it is tried again"
        self._kept.append(self._kept_as(due, State.SCHEDULED, because, next_at=self._now + STUMBLED_REST))
        self._claims.stumbled += 1

    def kept_now(self) -> list[Kept]:
        """What was kept since this was last asked."""
        kept, self._kept = self._kept, []
        self._claims.kept += kept
        return kept

    def claimed_now(self) -> list[Claimed]:
        """What was claimed since this was last asked."""
        claimed, self._claimed = self._claimed, []
        self._claims.claimed += claimed
        return claimed

    def chunk(self, channel: Channel, messages: Sequence[Message], *, until: datetime) -> None:
        """Puts messages together for the sender, as their claims say."""
        named = {(one.outreach_id, one.attempt): one.chunk for one in self._claims.claimed}
        by_name: dict[str, list[Message]] = {}
        for message in messages:
            by_name.setdefault(named[message.outreach_id, message.attempt], []).append(message)
        self._claims.chunks += [
            Chunk(chunk=name, channel=channel, lease_until=until, messages=tuple(together))
            for name, together in by_name.items()
        ]

    def _go(self, due: Due, facts: Facts, verdict: Verdict) -> Message | str:
        """The message, claimed; or the sentence that says why it cannot be made."""
        attempt = due.attempt + 1
        try:
            message = self._writer.write(due, facts, attempt=attempt, within=verdict.within)
        except RefusedError as error:
            return str(error)
        self._claimed.append(
            Claimed(
                outreach_id=due.outreach_id,
                attempt=attempt,
                channel=due.channel,
                policy_version=self._policy_version,
                because="; ".join(filter(None, (GOES, message.because))),
                chunk=self._chunk_of(due.channel),
                subject=message.subject if due.template else None,
                body=message.body if due.template else None,
                template_version=message.template_version,
            )
        )
        contact = Contact(outreach_id=due.outreach_id, purpose=due.purpose, channel=due.channel, at=self._now)
        self._contacted.setdefault(due.customer_id, []).append(contact)
        return message

    def _chunk_of(self, channel: Channel) -> str:
        which = channel, self._ordinal // CHUNK
        if self._chunk[0] != which:
            self._chunk = which, str(from_content("chunk", self._tick, *which))
        self._ordinal += 1
        return self._chunk[1]

    def _keep(self, due: Due, verdict: Verdict, refused: str | None) -> Kept:
        if refused is not None:
            return self._kept_as(due, State.SKIPPED, f"its message cannot be made: {refused}")
        if verdict.action is Action.SEND:
            is_there = due.channel in self._available
            because = (
                f"{due.channel} is in dry run; it would have gone now" if is_there else not_set_up(due.channel)
            )
            return self._kept_as(due, State.HELD, because, hold=Hold.DRY_RUN)
        return self._kept_as(due, STATES[verdict.action], verdict.because, hold=verdict.hold, next_at=verdict.until)

    def _kept_as(
        self, due: Due, state: State, because: str, *, hold: Hold | None = None, next_at: datetime | None = None
    ) -> Kept:
        return Kept(
            outreach_id=due.outreach_id,
            state=state,
            because=because,
            policy_version=self._policy_version,
            hold=hold,
            next_at=next_at,
        )


GOES = "the gate let it go"
