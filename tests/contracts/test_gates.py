"""The table of gates: whoever writes first decides, and a lost answer is read back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from beforehand.outreach.delivery import gates as module
from beforehand.outreach.delivery.gates import Begun, DynamoGates
from beforehand.outreach.delivery.model import Ended, GatesUnreachableError, Token, Told
from beforehand.outreach.model import Channel
from tests.contracts.conftest import Aws
from tests.contracts.lossy import cut
from tests.outbox.endpoint import forget_clients, reached

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
CONTACT = "c0ffee"


@pytest.fixture
def gates(aws: Aws) -> Iterator[DynamoGates]:
    with reached(aws):
        yield DynamoGates(gates_table(aws))


def gates_table(aws: Aws) -> str:
    name, dynamodb = aws.name("gates"), aws.client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    aws.later(dynamodb.delete_table, TableName=name)
    return name


def begin(gates: DynamoGates, outreach_id: UUID, *, attempt: int = 1, nonce: str = "mine") -> Begun:
    return gates.begin(outreach_id, attempt, channel=Channel.EMAIL, contact=CONTACT, nonce=nonce, now=NOW)


def void(gates: DynamoGates, outreach_id: UUID, attempt: int = 1) -> Told:
    return gates.void(outreach_id, attempt, ended=Ended.VOID, because="nobody had begun", now=NOW)


def test_one_sender_begins_an_attempt_and_its_first_end_stays(gates: DynamoGates) -> None:
    one = uuid4()
    assert begin(gates, one) is Begun.MINE
    assert begin(gates, one, nonce="another's") is Begun.TAKEN
    assert gates.read([(one, 1)])[one, 1] == Told(
        token=Token.STARTED, ended=None, because="a sender began, and nothing more is known"
    )
    accepted = Told(token=Token.STARTED, ended=Ended.ACCEPTED, because="taken", provider_id="m-1")
    gates.end(one, 1, accepted)
    gates.end(one, 1, Told(token=Token.STARTED, ended=Ended.REFUSED, because="later"))
    assert gates.read([(one, 1), (one, 2)]) == {(one, 1): accepted}
    assert begin(gates, one, attempt=2, nonce="again") is Begun.MINE
    busy = Told(
        token=Token.STARTED, ended=Ended.NOT_NOW, because="busy", wait_seconds=90, opted_out="c0ffee"
    )  # fmt: skip
    gates.end(one, 2, busy)
    assert gates.read([(one, 2)]) == {(one, 2): busy}


def test_whoever_asks_first_keeps_every_sender_away(gates: DynamoGates) -> None:
    one = uuid4()
    assert void(gates, one).token is Token.VOID
    assert begin(gates, one) is Begun.TAKEN
    gates.end(one, 1, Told(token=Token.STARTED, ended=Ended.ACCEPTED, because="never"))
    assert gates.read([(one, 1)])[one, 1].ended is Ended.VOID


def test_whoever_asks_second_is_told_what_stands_there(gates: DynamoGates) -> None:
    one = uuid4()
    begin(gates, one)
    assert void(gates, one) == Told(
        token=Token.STARTED, ended=None, because="a sender began, and nothing more is known"
    )


def test_of_many_at_once_one_decides(gates: DynamoGates) -> None:
    for _ in range(10):
        one = uuid4()
        with ThreadPoolExecutor(6) as pool:
            senders = [pool.submit(begin, gates, one, nonce=str(n)) for n in range(3)]
            askers = [pool.submit(void, gates, one) for _ in range(3)]
        begun = [sender.result() for sender in senders].count(Begun.MINE)
        tokens = {asker.result().token for asker in askers}
        assert (begun, tokens) in ((1, {Token.STARTED}), (0, {Token.VOID}))


def test_who_asked_not_to_be_contacted_and_what_is_switched_off_is_not_begun(gates: DynamoGates, aws: Aws) -> None:
    put = aws.client("dynamodb").put_item
    one = uuid4()
    gates.switch("email", on=True, by="asha", now=NOW)
    assert begin(gates, one) is Begun.STOPPED
    assert gates.stopped() == {"email"}
    gates.switch("email", on=False, by="asha", now=NOW)
    gates.switch("all", on=True, by="asha", now=NOW)
    assert begin(gates, one) is Begun.STOPPED
    gates.switch("all", on=False, by="asha", now=NOW)
    put(TableName=gates._table, Item={"key": {"S": f"suppressed#{CONTACT}"}})
    assert begin(gates, one) is Begun.SUPPRESSED
    assert gates.read([(one, 1)]) == {}, "no key is left behind"


@pytest.mark.parametrize("reaches", [True, False], ids=["after it was written", "before it was written"])
def test_a_lost_answer_is_read_back(gates: DynamoGates, monkeypatch: pytest.MonkeyPatch, reaches: bool) -> None:
    """The SDK repeats the call, finds the key there, and must not take its own for another's."""
    lossy(monkeypatch, "TransactWriteItems", reaches=reaches, times=9)
    one = uuid4()
    if reaches:
        assert begin(gates, one) is Begun.MINE
    else:
        with pytest.raises(GatesUnreachableError):
            begin(gates, one)
    lossy(monkeypatch, "PutItem", reaches=reaches, times=9)
    two = uuid4()
    if reaches:
        assert void(gates, two).token is Token.VOID
    else:
        with pytest.raises(GatesUnreachableError):
            void(gates, two)


def test_a_table_that_gives_no_answer_lets_nothing_through(
    gates: DynamoGates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    forget_clients()
    for call in (
        lambda: begin(gates, uuid4()),
        lambda: void(gates, uuid4()),
        gates.stopped,
        lambda: gates.read([(uuid4(), 1)]),
        lambda: gates.switch("all", on=True, by="asha", now=NOW),
    ):
        with pytest.raises(GatesUnreachableError):
            call()


def lossy(monkeypatch: pytest.MonkeyPatch, operation: str, *, reaches: bool, times: int) -> None:
    """A connection that is cut `times` times after a request reached the endpoint, or before."""
    cut(monkeypatch, module._dynamodb(), operation, reaches=reaches, times=times)


def test_a_word_of_a_later_release_proves_nothing(gates: DynamoGates, aws: Aws) -> None:
    one = uuid4()
    begin(gates, one)
    aws.client("dynamodb").update_item(
        TableName=gates._table,
        Key={"key": {"S": module.gate(one, 1)}},
        UpdateExpression="SET ended = :word",
        ExpressionAttributeValues={":word": {"S": "postponed"}},
    )
    assert gates.read([(one, 1)])[one, 1].ended is Ended.UNKNOWN


@pytest.mark.parametrize("answers", [3, 0], ids=["a few keys at a time", "none at all"])
def test_keys_that_dynamodb_leaves_unanswered_are_asked_for_again_and_not_for_ever(
    gates: DynamoGates, monkeypatch: pytest.MonkeyPatch, answers: int
) -> None:
    """What it does when it is asked too much: it answers a part, and says which part it left."""
    begun = [(uuid4(), 1) for _ in range(9)]
    for one, _ in begun:
        begin(gates, one)
    dynamodb = module._dynamodb()
    whole = dynamodb.batch_get_item

    def part(*, RequestItems: dict[str, Any]) -> Any:
        ((table, asked),) = RequestItems.items()
        answered, left = asked["Keys"][:answers], asked["Keys"][answers:]
        found = whole(RequestItems={table: {**asked, "Keys": answered}}) if answered else {"Responses": {}}
        return {**found, "UnprocessedKeys": {table: {"Keys": left}} if left else {}}

    monkeypatch.setattr(dynamodb, "batch_get_item", part)
    monkeypatch.setattr("beforehand.adapters.dynamodb.PAUSES", (0.0, 0.0, 0.0))
    if answers:
        assert set(gates.read(begun)) == set(begun)
    else:
        with pytest.raises(GatesUnreachableError, match="LeftUnanswered"):
            gates.read(begun)
