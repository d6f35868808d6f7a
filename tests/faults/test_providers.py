"""Providers that say no, say nothing, or take a message and do not tell."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from beforehand.adapters import aws as clients
from beforehand.outreach.delivery import settling
from beforehand.outreach.delivery.settling import pause_after
from beforehand.outreach.model import State
from tests.faults.books import check, standings
from tests.faults.desk import Desk
from tests.faults.people import plan
from tests.faults.sender import Ses
from tests.outreach.provider_server import Mode, ProviderServer

FEW = 5
"""Refusals after which a message has failed here; in the product they fill a day."""

TAKES_AND_DOES_NOT_TELL = (Mode.LOSES, Mode.FAILS_AFTER, Mode.HANGS, Mode.GARBLES)
REPEATED_BY_AN_SDK = (Mode.LOSES, Mode.RESETS, Mode.FAILS, Mode.UNAVAILABLE, Mode.THROTTLES)


def ses(desk: Desk) -> Ses:
    assert isinstance(desk.provider, Ses)
    return desk.provider


def calls_of(provider: ProviderServer) -> Counter[str]:
    return Counter(call["outreach_id"] for call in provider.calls())


@pytest.mark.fault(6)
def test_what_a_provider_took_without_a_word_is_not_sent_again_and_a_person_is_asked(
    desk: Desk, provider: ProviderServer
) -> None:
    ids = plan(desk.database, "taken without a word", count=len(TAKES_AND_DOES_NOT_TELL))
    for one, mode in zip(ids, TAKES_AND_DOES_NOT_TELL, strict=True):
        provider.says([mode, Mode.ACCEPTS], one)
    ses(desk).waits_little |= {ids[TAKES_AND_DOES_NOT_TELL.index(Mode.HANGS)]}
    desk.whole(deliveries=3)
    desk.drain(ids, deliveries=3)
    assert check(desk, ids, provider.taken()) == {State.REVIEW: len(ids)}
    assert calls_of(provider) == dict.fromkeys(map(str, ids), 1)
    with desk.database.transaction() as t:
        cases = t.rows("select outreach_id, kind, state from outreach_cases where customer_id like 'F-%'")
    assert {(case["outreach_id"], case["kind"], case["state"]) for case in cases} == {
        (one, "review", "open") for one in ids
    }


@pytest.mark.fault(7)
def test_a_definite_no_is_tried_again_later_each_time_and_not_for_ever(
    desk: Desk, provider: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "MOST_REFUSALS", FEW)
    throttled, unreachable, never = ids = plan(desk.database, "a definite no", count=3)
    provider.says([Mode.THROTTLES, Mode.THROTTLES, Mode.ACCEPTS], throttled)
    ses(desk).deaf[unreachable] = 2
    provider.says(Mode.THROTTLES, never)
    desk.whole()
    assert {standing.state for standing in standings(desk.database, ids).values()} == {State.SCHEDULED}
    desk.whole()
    assert calls_of(provider) == {str(throttled): 1, str(never): 1}, "none goes again before its pause is over"
    desk.drain(ids)
    check(desk, ids, provider.taken())
    ends = {one: (is_now.state, is_now.attempt) for one, is_now in standings(desk.database, ids).items()}
    assert ends == {
        throttled: (State.SENT, 3), unreachable: (State.SENT, 3), never: (State.FAILED, FEW)
    }  # fmt: skip
    assert calls_of(provider) == {str(throttled): 3, str(unreachable): 1, str(never): FEW}
    with desk.database.transaction() as t:
        begun = [
            row["claimed_at"]
            for row in t.rows(
                "select claimed_at from outreach_attempts where outreach_id = :one order by attempt", one=never
            )
        ]
    pauses = [later - earlier for earlier, later in pairwise(begun)]
    assert all(pause >= pause_after(number) for number, pause in enumerate(pauses, start=1))
    assert pause_after(FEW) > timedelta(minutes=10)


@pytest.mark.fault(10)
def test_the_client_that_sends_asks_once_where_others_would_repeat(desk: Desk, provider: ProviderServer) -> None:
    ids = plan(desk.database, "asked once", count=len(REPEATED_BY_AN_SDK))
    for one, mode in zip(ids, REPEATED_BY_AN_SDK, strict=True):
        provider.says(mode, one)
    desk.whole()
    assert calls_of(provider) == dict.fromkeys(map(str, ids), 1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_SESV2", provider.address)
        usual = clients.client("sesv2", attempts=3)
    provider.says(Mode.FAILS, "of a client as others use it")
    with pytest.raises((ClientError, BotoCoreError)):
        usual.send_email(
            FromEmailAddress="care@example.com", Destination={"ToAddresses": ["asha@example.com"]},
            Content={"Simple": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hello"}}}},
            EmailTags=[{"Name": "outreach_id", "Value": "of a client as others use it"}],
        )  # fmt: skip
    assert calls_of(provider)["of a client as others use it"] == 3
