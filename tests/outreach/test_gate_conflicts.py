"""Two at once on one row of the table of gates: DynamoDB refuses one of them, and it comes again.

The local endpoint knows no such refusal, so botocore is answered here as DynamoDB answers.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict

from beforehand.adapters import aws as clients
from beforehand.outreach.delivery import gates as module
from beforehand.outreach.delivery.gates import Begun, DynamoGates
from beforehand.outreach.delivery.model import Ended, GatesUnreachableError, Token, Told
from beforehand.outreach.model import Channel
from beforehand.outreach.suppression import marks as marks_module
from beforehand.outreach.suppression.marks import DynamoMarks
from beforehand.outreach.suppression.model import MarksUnreachableError

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
ONE = UUID("0199b0d2-3f6e-7c11-9c2f-aa00bb11cc22")
DONE: dict[str, Any] = {}
BUSY = {"__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException", "message": "busy"}


def cancelled(*codes: str) -> dict[str, Any]:
    """A transaction that was not done, with why for each of its parts: the key, the mark, the two switches."""
    reasons = [{"Code": code} for code in codes]
    code = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
    return {"__type": code, "Message": "cancelled", "CancellationReasons": reasons}


MET = cancelled("None", "None", "TransactionConflict", "None")


class Dynamo:
    """Answers each call with the next of `answers`, and the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = [DONE]
        self.asked: list[dict[str, Any]] = []

    def answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        self.asked.append(json.loads(request.body))
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status = 400 if "__type" in said else 200
        response = AWSResponse(request.url, status, HeadersDict({"x-amzn-requestid": "1"}), None)
        response._content = json.dumps(said).encode()
        return response


@pytest.fixture
def dynamo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dynamo]:
    for name, value in (("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "s"), ("DEFAULT_REGION", "ap-south-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setattr("beforehand.adapters.dynamodb.CONFLICT_PAUSES", (0.0, 0.0, 0.0), raising=False)
    clients.client.cache_clear()
    made = Dynamo()
    for dynamodb in (module._dynamodb(), marks_module._dynamodb()):
        dynamodb.meta.events.register("before-send.dynamodb", made.answer)
    yield made
    clients.client.cache_clear()


def begin() -> Begun:
    return DynamoGates("gates").begin(ONE, 1, channel=Channel.EMAIL, contact="c0ffee", nonce="mine", now=NOW)


def test_senders_who_look_at_the_same_switch_at_once_all_begin(dynamo: Dynamo) -> None:
    dynamo.answers = [MET, MET, DONE]
    assert begin() is Begun.MINE
    assert len(dynamo.asked) == 3
    tokens = {asked["ClientRequestToken"] for asked in dynamo.asked}
    assert len(tokens) == 3, "a repeated token would be answered as the first call was"


def test_what_stands_against_a_message_is_told_at_once_whoever_else_is_there(dynamo: Dynamo) -> None:
    dynamo.answers = [cancelled("None", "ConditionalCheckFailed", "TransactionConflict", "None")]
    assert begin() is Begun.SUPPRESSED
    assert len(dynamo.asked) == 1


def test_a_row_that_others_hold_for_long_lets_nothing_through(dynamo: Dynamo) -> None:
    dynamo.answers = [MET]
    with pytest.raises(GatesUnreachableError):
        begin()
    assert len(dynamo.asked) == 4


def test_a_switch_is_moved_while_senders_look_at_it(dynamo: Dynamo) -> None:
    for on in (True, False):
        dynamo.answers = [BUSY, BUSY, DONE]
        DynamoGates("gates").switch("all", on=on, by="asha", now=NOW)
    dynamo.answers = [BUSY]
    with pytest.raises(GatesUnreachableError, match="TransactionConflictException"):
        DynamoGates("gates").switch("all", on=True, by="asha", now=NOW)


def test_keys_and_ends_are_written_past_another_who_writes_them(dynamo: Dynamo) -> None:
    dynamo.answers = [BUSY, DONE]
    void = DynamoGates("gates").void(ONE, 1, ended=Ended.VOID, because="nobody had begun", now=NOW)
    assert void.token is Token.VOID
    dynamo.answers = [BUSY, DONE]
    DynamoGates("gates").end(ONE, 1, Told(token=Token.STARTED, ended=Ended.ACCEPTED, because="taken"))
    assert len(dynamo.asked) == 4


def test_a_wish_is_marked_while_a_message_to_that_address_begins(dynamo: Dynamo) -> None:
    dynamo.answers = [BUSY, BUSY, DONE]
    DynamoMarks("gates").put("c0ffee", by="link#1", now=NOW)
    dynamo.answers = [BUSY]
    with pytest.raises(MarksUnreachableError, match="TransactionConflictException"):
        DynamoMarks("gates").put("c0ffee", by="link#1", now=NOW)
