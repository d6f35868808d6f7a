"""What becomes of a message, by what stands under the key of its attempt."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from beforehand.outreach.channels.email import SesEmail
from beforehand.outreach.channels.model import Evidence
from beforehand.outreach.channels.sms import AwsSms
from beforehand.outreach.channels.webhook import SignedWebhook
from beforehand.outreach.delivery.model import (
    EVIDENCE,
    MOST_REFUSALS,
    MOST_RESENT,
    SETTLE,
    Ended,
    Question,
    Token,
    Told,
)
from beforehand.outreach.delivery.settling import pause_after, settle
from beforehand.outreach.model import Channel, Hold, State

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ID = UUID("65988f7f-5bd2-544b-b407-32bc3fd5787f")


def question(**changes: object) -> Question:
    given: dict[str, object] = {
        "outreach_id": ID, "customer_id": "C1", "attempt": 1, "channel": Channel.EMAIL, "state": State.CLAIMED,
        "since": NOW, "not_after": NOW + timedelta(days=7), **changes,
    }  # fmt: skip
    return Question(**given)  # type: ignore[arg-type]


def told(ended: Ended | None, token: Token = Token.STARTED) -> Told:
    return Told(token=token, ended=ended, because="so it was", provider_id="m-1")


@pytest.mark.parametrize("state", [State.CLAIMED, State.UNKNOWN])
@pytest.mark.parametrize(
    ("end", "becomes"),
    [
        (told(Ended.ACCEPTED), State.SENT),
        (told(Ended.REFUSED), State.FAILED),
        (told(Ended.NOT_NOW), State.SCHEDULED),
        (told(Ended.VOID, Token.VOID), State.SCHEDULED),
        (told(None, Token.VOID), State.SCHEDULED),
        (told(Ended.SUPPRESSED, Token.VOID), State.SKIPPED),
        (told(Ended.STOPPED, Token.VOID), State.HELD),
    ],
)
def test_a_definite_end_decides_whoever_asks(state: State, end: Told, becomes: State) -> None:
    move = settle(question(state=state), end, now=NOW)
    assert move is not None
    assert (move.state, move.fence, move.because) == (becomes, 1, "so it was")


def test_what_has_no_key_is_left_to_its_lease() -> None:
    assert settle(question(), None, now=NOW) is None


def test_a_lost_answer_is_unknown_at_once_and_a_sender_at_work_is_not() -> None:
    lost = settle(question(), told(Ended.UNKNOWN), now=NOW)
    assert lost is not None
    assert lost.state is State.UNKNOWN
    assert settle(question(), told(None), now=NOW) is None


@pytest.mark.parametrize("ended", [None, Ended.UNKNOWN])
@pytest.mark.parametrize("channel", [one for one in Channel if EVIDENCE[one] is not Evidence.DEDUPS_BY_KEY])
def test_what_may_have_been_sent_is_never_sent_again_and_goes_to_a_person(
    channel: Channel, ended: Ended | None
) -> None:
    asked = question(state=State.UNKNOWN, channel=channel)
    assert settle(asked, told(ended), now=NOW + SETTLE - timedelta(seconds=1)) is None
    move = settle(asked, told(ended), now=NOW + SETTLE)
    assert move is not None
    assert (move.state, move.next_at) == (State.REVIEW, None)


def test_what_the_receiver_takes_once_is_sent_again_with_the_same_id() -> None:
    move = settle(question(state=State.UNKNOWN, channel=Channel.WEBHOOK), told(None), now=NOW)
    assert move is not None
    assert (move.state, move.next_at) == (State.SCHEDULED, NOW)
    tired = question(state=State.UNKNOWN, channel=Channel.WEBHOOK, attempt=MOST_RESENT)
    move = settle(tired, told(None), now=NOW + SETTLE)
    assert move is not None
    assert move.state is State.REVIEW


def test_attempts_after_a_definite_no_come_later_each_time_and_end() -> None:
    pauses = [pause_after(refusals) for refusals in range(1, MOST_REFUSALS)]
    assert pauses == sorted(pauses)
    assert timedelta(days=1) <= sum(pauses, timedelta()) <= timedelta(days=2), "a quota of a day comes back"
    for refusals in range(MOST_REFUSALS):
        move = settle(question(refusals=refusals, attempt=refusals + 1), told(Ended.NOT_NOW), now=NOW)
        assert move is not None
        last = refusals + 1 == MOST_REFUSALS
        assert move.state is (State.FAILED if last else State.SCHEDULED)
        assert move.next_at == (None if last else NOW + pause_after(refusals + 1))


@pytest.mark.parametrize(
    ("asked", "rests"), [(None, 60), (0, 60), (59, 60), (61, 61), (3600, 3600), (10**12, None)]
)
def test_a_provider_that_asks_to_be_left_alone_for_longer_is(asked: int | None, rests: int | None) -> None:
    end = replace(told(Ended.NOT_NOW), wait_seconds=asked)
    move = settle(question(), end, now=NOW)
    assert move is not None
    if rests is None:
        assert (move.state, move.because) == (State.FAILED, "so it was; another attempt would come too late")
    else:
        assert (move.state, move.next_at) == (State.SCHEDULED, NOW + timedelta(seconds=rests))


def test_an_attempt_that_would_come_too_late_is_not_planned() -> None:
    move = settle(question(not_after=NOW + timedelta(seconds=60)), told(Ended.NOT_NOW), now=NOW)
    assert move is not None
    assert move.state is State.FAILED
    assert move.because == "so it was; another attempt would come too late"


def test_what_a_kill_switch_stopped_is_looked_at_again() -> None:
    move = settle(question(), told(Ended.STOPPED, Token.VOID), now=NOW)
    assert move is not None
    assert move.hold is Hold.STOPPED
    assert move.next_at is not None
    assert move.next_at > NOW


def test_a_message_that_no_sender_comes_for_waits_longer_each_time_and_an_hour_at_most() -> None:
    waits = []
    for attempt in (1, 2, 3, 50):
        move = settle(question(attempt=attempt), told(Ended.VOID, Token.VOID), now=NOW)
        assert move is not None and move.next_at is not None
        waits.append(move.next_at - NOW)
    assert waits == [timedelta(0), timedelta(minutes=1), timedelta(minutes=2), timedelta(hours=1)]


@pytest.mark.parametrize("provider", [SesEmail, AwsSms, SignedWebhook])
def test_what_is_expected_of_a_channel_is_what_its_provider_promises(provider: type) -> None:
    assert EVIDENCE[provider.channel] is provider.evidence
