"""The inbox: a report is taken in once, applied by one at a time, and never lost with an answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from beforehand.outreach.inbox import table as module
from beforehand.outreach.inbox.documents import Report
from beforehand.outreach.inbox.table import APPLIED, DEAD, OPEN, DynamoInbox, InboxUnreachableError, Taken
from beforehand.outreach.outcomes import Kind
from tests.contracts.conftest import Aws, eventually
from tests.contracts.lossy import cut
from tests.outbox.endpoint import forget_clients, reached

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(minutes=1)
REPORT = Report(provider="ses", event_id="e-1", outreach_id=UUID(int=7), kind=Kind.DELIVERED, at=NOW)


@pytest.fixture
def inbox(aws: Aws) -> Iterator[DynamoInbox]:
    with reached(aws):
        yield DynamoInbox(inbox_table(aws))


def inbox_table(aws: Aws) -> str:
    """A table as the Foundation stack has it."""
    client, table = aws.client("dynamodb"), aws.name("inbox")
    keys = [{"AttributeName": OPEN, "KeyType": "HASH"}, {"AttributeName": "due", "KeyType": "RANGE"}]
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "event_id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "event_id", "AttributeType": "S"},
            {"AttributeName": OPEN, "AttributeType": "S"},
            {"AttributeName": "due", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[
            {"IndexName": OPEN, "KeySchema": keys, "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    aws.later(client.delete_table, TableName=table)
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    return table


def take(inbox: DynamoInbox, now: datetime = NOW) -> Taken | None:
    return inbox.take(REPORT.key, now=now, until=now + timedelta(minutes=1))


def row(inbox: DynamoInbox) -> dict[str, Any]:
    answer = module._dynamodb().get_item(
        TableName=inbox._table, Key={"event_id": {"S": REPORT.key}}, ConsistentRead=True
    )
    return {name: next(iter(value.values())) for name, value in answer.get("Item", {}).items()}


def test_a_report_is_taken_in_once_and_waits(inbox: DynamoInbox) -> None:
    assert inbox.put(REPORT, now=NOW)
    assert not inbox.put(REPORT.model_copy(update={"kind": Kind.COMPLAINED}), now=NOW)
    assert eventually(lambda: inbox.due(now=NOW, limit=9)) == [REPORT.key]
    taken = take(inbox)
    assert taken is not None
    assert (Report.model_validate_json(taken.said), taken.attempts) == (REPORT, 1)
    assert datetime.fromisoformat(taken.received_at) == NOW


def test_of_many_at_once_one_takes_it_in_and_one_applies_it(inbox: DynamoInbox) -> None:
    with ThreadPoolExecutor(6) as pool:
        new = list(pool.map(lambda _: inbox.put(REPORT, now=NOW), range(6)))
        taken = list(pool.map(lambda _: take(inbox), range(6)))
    assert (new.count(True), [one.attempts for one in taken if one]) == (1, [1])


def test_whoever_died_with_a_report_leaves_it_to_another(inbox: DynamoInbox) -> None:
    inbox.put(REPORT, now=NOW)
    assert take(inbox)
    assert take(inbox, UNTIL - timedelta(seconds=1)) is None
    again = take(inbox, UNTIL)
    assert again is not None
    assert again.attempts == 2
    inbox.postpone(again, until=UNTIL + timedelta(hours=1), because="the database was away")
    assert take(inbox, UNTIL + timedelta(minutes=59)) is None
    assert take(inbox, UNTIL + timedelta(hours=1))
    assert row(inbox)["because"] == "the database was away"


@pytest.mark.parametrize("state", [APPLIED, DEAD])
def test_what_has_ended_is_neither_due_nor_taken_nor_ended_otherwise(inbox: DynamoInbox, state: str) -> None:
    inbox.put(REPORT, now=NOW)
    taken = take(inbox)
    assert taken is not None
    inbox.end(taken, state, because="so it was", now=NOW)
    inbox.end(taken, "another", because="too late", now=NOW)
    inbox.postpone(taken, until=NOW, because="too late")
    ended = row(inbox)
    assert (ended["state"], ended["because"], OPEN in ended, "due" in ended) == (state, "so it was", False, False)
    assert int(ended["expires_at"]) == int((NOW + module.ENDED_KEPT).timestamp())
    assert take(inbox, NOW + timedelta(days=1)) is None
    assert not inbox.put(REPORT, now=NOW), "a report that comes again is known"
    eventually(lambda: inbox.due(now=NOW + timedelta(days=1), limit=9) == [])


def test_the_longest_waiting_are_due_first(inbox: DynamoInbox) -> None:
    for number in range(3):
        report = REPORT.model_copy(update={"event_id": f"e-{number}"})
        inbox.put(report, now=NOW)
        inbox.take(report.key, now=NOW, until=NOW + timedelta(minutes=3 - number))
    later = NOW + timedelta(hours=1)
    assert eventually(lambda: inbox.due(now=later, limit=2)) == ["ses#e-2", "ses#e-1"]
    assert inbox.due(now=NOW + timedelta(seconds=59), limit=9) == []


@pytest.mark.parametrize("reaches", [True, False], ids=["after it was written", "before it was written"])
def test_a_report_whose_answer_was_lost_is_there_once(
    inbox: DynamoInbox, monkeypatch: pytest.MonkeyPatch, reaches: bool
) -> None:
    """The provider is told that it was not taken and sends it again."""
    cut(monkeypatch, module._dynamodb(), "PutItem", reaches=reaches, times=2)
    with pytest.raises(InboxUnreachableError):
        inbox.put(REPORT, now=NOW)
    assert inbox.put(REPORT, now=NOW) is not reaches
    assert row(inbox)["attempts"] == "0"


def test_whoever_took_a_report_and_was_not_told_leaves_it_until_its_time_is_over(
    inbox: DynamoInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.put(REPORT, now=NOW)
    cut(monkeypatch, module._dynamodb(), "UpdateItem", reaches=True, times=1)
    assert take(inbox) is None
    again = take(inbox, UNTIL)
    assert again is not None
    assert again.attempts == 2


def test_an_end_whose_answer_was_lost_stands(inbox: DynamoInbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.put(REPORT, now=NOW)
    taken = take(inbox)
    assert taken is not None
    cut(monkeypatch, module._dynamodb(), "UpdateItem", reaches=True, times=1)
    inbox.end(taken, APPLIED, because="so it was", now=NOW)
    assert row(inbox)["state"] == APPLIED


def test_an_inbox_that_gives_no_answer_says_so(inbox: DynamoInbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    forget_clients()
    for call in (
        lambda: inbox.put(REPORT, now=NOW),
        lambda: inbox.due(now=NOW, limit=1),
        lambda: take(inbox),
    ):
        with pytest.raises(InboxUnreachableError):
            call()
