"""A chunk is sent: the key first, the provider once, then the end; whatever happens, nothing goes out twice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

import pytest

from beforehand.events.outreach import ChunkSent
from beforehand.outreach.channels.model import OPTED_OUT, Answer, Evidence, Outbound, Outcome
from beforehand.outreach.delivery.documents import Chunk, Message
from beforehand.outreach.delivery.model import Ended, Token
from beforehand.outreach.delivery.send_wiring import in_frame_of
from beforehand.outreach.delivery.sending import PATIENCE, LayOut, send
from beforehand.outreach.messages.model import Company, Composed, UncomposableError
from beforehand.outreach.model import Channel
from tests.outreach.frames import bare
from tests.outreach.gates import MemoryGates

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Provider:
    """Answers as it is told, and remembers what it was given."""

    channel = Channel.EMAIL
    evidence = Evidence.BLIND

    def __init__(self, answer: Answer | Exception, before: Callable[[], None] = lambda: None) -> None:
        self.answer, self.before, self.given = answer, before, list[Outbound]()

    def send(self, message: Outbound) -> Answer:
        self.before()
        self.given.append(message)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


ACCEPTED = Answer(outcome=Outcome.ACCEPTED, because="taken", provider_id="m-1")


def message(outreach_id: UUID | None = None) -> Message:
    return Message(
        outreach_id=outreach_id or uuid4(), customer_id="C1", attempt=1, to="asha@example.com", contact="c0ffee",
        subject="Hello", body="Hello there", language="en",
    )  # fmt: skip


def chunk(*messages: Message) -> Chunk:
    return Chunk(chunk="one", channel=Channel.EMAIL, lease_until=NOW + timedelta(minutes=3), messages=messages)


def sent(
    provider: Provider,
    gates: MemoryGates,
    *messages: Message,
    monotonic: Callable[[], float] = lambda: 0.0,
    time_left: Callable[[], bool] = lambda: True,
    lay_out: LayOut = bare,
) -> ChunkSent:
    return send(
        chunk(*messages),
        provider=provider,
        gates=gates,
        lay_out=lay_out,
        now=lambda: NOW,
        monotonic=monotonic,
        time_left=time_left,
    )


def test_a_message_is_sent_once_with_its_id_and_its_end_is_written() -> None:
    provider, gates, one = Provider(ACCEPTED), MemoryGates(), message()
    assert sent(provider, gates, one).accepted == 1
    (given,) = provider.given
    assert given.tags == {"outreach_id": str(one.outreach_id), "attempt": "1"}
    told = gates.keys[one.outreach_id, 1]
    assert (told.token, told.ended, told.provider_id) == (Token.STARTED, Ended.ACCEPTED, "m-1")
    again = sent(provider, gates, one)
    assert (again.left, len(provider.given)) == (1, 1)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_each_answer_is_written_down(outcome: Outcome) -> None:
    gates, one = MemoryGates(), message()
    counts = sent(Provider(Answer(outcome=outcome, because="so")), gates, one)
    assert counts.model_dump()[outcome.value] == 1
    assert gates.keys[one.outreach_id, 1].ended == Ended(outcome.value)


@pytest.mark.parametrize(
    ("error", "ended", "because"),
    [
        (UncomposableError("The message is empty: give it a text"), Ended.REFUSED,
         "its message cannot be made: The message is empty: give it a text"),
        (KeyError("asha@example.com"), Ended.VOID,
         "it could not be laid out: that failed with KeyError; it is tried again"),
    ],
)  # fmt: skip
def test_what_cannot_be_laid_out_calls_nobody_proves_it_and_keeps_no_other(
    error: Exception, ended: Ended, because: str
) -> None:
    provider, gates, one, two = Provider(ACCEPTED), MemoryGates(), message(), message()

    def lay_out(given: Message, channel: Channel) -> Composed:
        if given is one:
            raise error
        return bare(given, channel)

    counts = sent(provider, gates, one, two, lay_out=lay_out).model_dump()
    assert (counts[ended.value], counts["accepted"]) == (1, 1)
    assert [given.outreach_id for given in provider.given] == [two.outreach_id]
    told = gates.keys[one.outreach_id, 1]
    assert (told.token, told.ended, told.because) == (Token.VOID, ended, because)
    assert sent(provider, gates, one).left == 1, "nobody begins it any more"


def test_a_message_leaves_in_the_frame_of_its_channel() -> None:
    provider = Provider(ACCEPTED)
    sent(provider, MemoryGates(), message(), lay_out=in_frame_of(Company(name="Lotus")))
    (given,) = provider.given
    assert given.text.startswith("Hello there\n\n-- \nYou receive this message because")
    assert given.html is not None and "Hello there</p>" in given.html


def test_an_error_that_nobody_foresaw_is_unknown_and_quotes_nothing() -> None:
    gates, one, two = MemoryGates(), message(), message()
    counts = sent(Provider(ValueError("asha@example.com is odd")), gates, one, two)
    assert counts.unknown == 2
    assert gates.keys[one.outreach_id, 1].because == "the call failed with ValueError"


def test_a_provider_is_told_how_long_a_message_is_welcome() -> None:
    provider = Provider(ACCEPTED)
    soon = message().model_copy(update={"within": NOW + timedelta(minutes=4)})
    sent(provider, MemoryGates(), soon, message())
    assert [one.seconds_left for one in provider.given] == [240, None]


def test_nobody_is_called_who_asked_not_to_be() -> None:
    provider, gates, one = Provider(ACCEPTED), MemoryGates(suppressed={"c0ffee"}), message()
    assert sent(provider, gates, one).suppressed == 1
    told = gates.keys[one.outreach_id, 1]
    assert (provider.given, told.token, told.ended) == ([], Token.VOID, Ended.SUPPRESSED)


@pytest.mark.parametrize("switch", ["all", "email"])
def test_nobody_is_called_while_a_kill_switch_is_on(switch: str) -> None:
    provider, gates, one = Provider(ACCEPTED), MemoryGates(switched={switch}), message()
    assert sent(provider, gates, one).stopped == 1
    assert (provider.given, gates.keys[one.outreach_id, 1].ended) == ([], Ended.STOPPED)


def test_nobody_is_called_whose_attempt_is_void() -> None:
    provider, gates, one = Provider(ACCEPTED), MemoryGates(), message()
    gates.void(one.outreach_id, 1, ended=Ended.VOID, because="its time was over", now=NOW)
    assert sent(provider, gates, one).left == 1
    assert provider.given == []


def test_nobody_is_called_while_the_gates_cannot_be_reached() -> None:
    provider = Provider(ACCEPTED)
    assert sent(provider, MemoryGates(down=True), message(), message()).left == 2
    assert provider.given == []


def test_who_was_frozen_between_the_key_and_the_call_does_not_call() -> None:
    provider, gates, one = Provider(ACCEPTED), MemoryGates(), message()
    clock = count(0.0, PATIENCE)
    assert sent(provider, gates, one, monotonic=lambda: next(clock)).void == 1
    assert provider.given == []
    assert gates.keys[one.outreach_id, 1].ended is Ended.VOID


def test_an_end_that_cannot_be_written_is_unknown_and_the_call_is_not_repeated() -> None:
    gates, one = MemoryGates(), message()
    provider = Provider(ACCEPTED, before=lambda: setattr(gates, "down", True))
    assert sent(provider, gates, one).unknown == 1
    gates.down = False
    assert gates.keys[one.outreach_id, 1].ended is None
    assert sent(provider, gates, one).left == 1
    assert len(provider.given) == 1


def test_what_there_is_no_time_for_goes_back_by_proof() -> None:
    provider, gates, one, two = Provider(ACCEPTED), MemoryGates(), message(), message()
    time = iter([True, False])
    counts = sent(provider, gates, one, two, time_left=lambda: next(time))
    assert (counts.accepted, counts.void) == (1, 1)
    assert gates.keys[two.outreach_id, 1].token is Token.VOID


def test_what_comes_after_its_lease_goes_back_by_proof_and_is_looked_at_again_by_the_gate() -> None:
    provider, gates, one = Provider(ACCEPTED), MemoryGates(), message()
    late = chunk(one).model_copy(update={"lease_until": NOW})
    counts = send(
        late, provider=provider, gates=gates, lay_out=bare, now=lambda: NOW, monotonic=lambda: 0.0,
        time_left=lambda: True,
    )  # fmt: skip
    assert (counts.void, provider.given) == (1, [])
    assert gates.keys[one.outreach_id, 1].token is Token.VOID


def test_how_long_to_wait_and_who_wants_no_more_stand_with_the_end() -> None:
    gates, one, two = MemoryGates(), message(), message()
    sent(Provider(Answer(outcome=Outcome.NOT_NOW, because="busy", wait_seconds=90)), gates, one)
    sent(Provider(Answer(outcome=Outcome.REFUSED, because="no more", rule=OPTED_OUT)), gates, two)
    first, second = gates.keys[one.outreach_id, 1], gates.keys[two.outreach_id, 1]
    assert (first.wait_seconds, first.opted_out) == (90, None)
    assert (second.wait_seconds, second.opted_out) == (None, "c0ffee")


def test_the_template_is_named_for_those_who_must_know_it() -> None:
    provider, one = Provider(ACCEPTED), message().model_copy(update={"template": "appointment_reminder"})
    sent(provider, MemoryGates(), one)
    assert provider.given[0].tags["template"] == "appointment_reminder"
