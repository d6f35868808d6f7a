"""Sends a chunk: each message is laid out, then the gate's key, then the provider once, then how it ended."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

from beforehand.events.outreach import ChunkSent
from beforehand.outreach.channels.model import OPTED_OUT, Answer, Outbound, Outcome, Provider
from beforehand.outreach.delivery.documents import Chunk, Message
from beforehand.outreach.delivery.gates import Begun
from beforehand.outreach.delivery.model import Ended, GatesUnreachableError, Token, Told
from beforehand.outreach.messages.model import Composed, MessageError
from beforehand.outreach.model import Channel

PATIENCE = 5.0
"""Seconds between the gate's key and the call after which the provider is not called any more: whoever was frozen
in between may have been given up meanwhile."""

LEFT = "left"
"""A message that nobody could begin, or that another has begun."""

WITHOUT_SENDING = {
    Begun.SUPPRESSED: (Ended.SUPPRESSED, "they asked not to be contacted any more"),
    Begun.STOPPED: (Ended.STOPPED, "the kill switch is on"),
}


LayOut = Callable[[Message, Channel], Composed]
"""Puts the words of a message into the frame of its channel. Raises MessageError where they do not fit into it."""


class Gates(Protocol):
    """The keys of attempts; each call raises GatesUnreachableError when there is no answer."""

    def begin(
        self, outreach_id: UUID, attempt: int, *, channel: Channel, contact: str, nonce: str, now: datetime
    ) -> Begun: ...
    def end(self, outreach_id: UUID, attempt: int, told: Told) -> None: ...
    def void(self, outreach_id: UUID, attempt: int, *, ended: Ended, because: str, now: datetime) -> Told: ...


def send(
    chunk: Chunk,
    *,
    provider: Provider,
    gates: Gates,
    lay_out: LayOut,
    now: Callable[[], datetime],
    monotonic: Callable[[], float],
    time_left: Callable[[], bool],
) -> ChunkSent:
    """Sends what can be sent while time is left. Nothing is raised: what has no end here is found by its lease."""
    sending = _Sending(provider, gates, lay_out, now, monotonic)
    ends = Counter(
        sending.message(message, chunk.channel)
        if time_left() and now() < chunk.lease_until
        else sending.leave(message)
        for message in chunk.messages
    )
    return ChunkSent(chunk=chunk.chunk, **{str(end): count for end, count in ends.items()})


class _Sending:
    """The messages of one call."""

    def __init__(
        self,
        provider: Provider,
        gates: Gates,
        lay_out: LayOut,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._provider, self._gates, self._lay_out = provider, gates, lay_out
        self._now, self._monotonic = now, monotonic

    def message(self, message: Message, channel: Channel) -> str:
        """One message: how it ended, or `left`."""
        try:
            laid_out = self._lay_out(message, channel)
        except Exception as error:
            return self._not_laid_out(message, error)
        asked = self._monotonic()
        try:
            begun = self._gates.begin(
                message.outreach_id, message.attempt,
                channel=channel, contact=message.contact, nonce=str(uuid4()), now=self._now(),
            )  # fmt: skip
            if begun is Begun.TAKEN:
                return LEFT
            if begun is not Begun.MINE:
                return self._without_sending(message, *WITHOUT_SENDING[begun])
        except GatesUnreachableError:
            return LEFT
        answer = self._call(message, laid_out) if self._monotonic() - asked < PATIENCE else FROZEN
        told = Told(
            token=Token.STARTED, ended=_ended(answer), because=answer.because,
            provider_id=answer.provider_id, wait_seconds=answer.wait_seconds,
            opted_out=message.contact if answer.rule == OPTED_OUT else None,
        )  # fmt: skip
        try:
            self._gates.end(message.outreach_id, message.attempt, told)
        except GatesUnreachableError:
            return Ended.UNKNOWN
        return _ended(answer)

    def leave(self, message: Message) -> str:
        """There is no time for this one, or its lease has passed: it goes back by the proof that nobody sent it."""
        return self._give_back(message, Ended.VOID, "there was no time left for it")

    def _not_laid_out(self, message: Message, error: Exception) -> str:
        """Proves that nobody was called: a definite no, or after our own mistake, to be tried again."""
        if isinstance(error, MessageError):
            return self._give_back(message, Ended.REFUSED, f"its message cannot be made: {error}")
        # Nobody foresaw it, and its text may quote the message.
        because = f"it could not be laid out: that failed with {type(error).__name__}; it is tried again"
        return self._give_back(message, Ended.VOID, because)

    def _give_back(self, message: Message, ended: Ended, because: str) -> str:
        try:
            return self._without_sending(message, ended, because)
        except GatesUnreachableError:
            return LEFT

    def _without_sending(self, message: Message, ended: Ended, because: str) -> str:
        told = self._gates.void(message.outreach_id, message.attempt, ended=ended, because=because, now=self._now())
        return told.ended if told.token is Token.VOID and told.ended else LEFT

    def _call(self, message: Message, laid_out: Composed) -> Answer:
        outbound = Outbound(
            outreach_id=message.outreach_id,
            attempt=message.attempt,
            customer_id=message.customer_id,
            to=message.to,
            subject=laid_out.subject,
            text=laid_out.text,
            html=laid_out.html,
            unsubscribe_url=message.unsubscribe_url,
            seconds_left=None if message.within is None else int((message.within - self._now()).total_seconds()),
            tags={
                "outreach_id": str(message.outreach_id),
                "attempt": str(message.attempt),
                **({"template": message.template} if message.template else {}),
            },
        )
        try:
            return self._provider.send(outbound)
        except Exception as error:
            # Nobody foresaw it, so nobody knows whether the message went out. Its text may quote an address.
            return Answer(outcome=Outcome.UNKNOWN, because=f"the call failed with {type(error).__name__}")


FROZEN = Answer(outcome=Outcome.NOT_NOW, because="the sender stood still before the call, and did not make it")


def _ended(answer: Answer) -> Ended:
    """How an attempt ended; where the provider was not called, nothing is held against it or the message."""
    return Ended.VOID if answer is FROZEN else Ended(answer.outcome)
