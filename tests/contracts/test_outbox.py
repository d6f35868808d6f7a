"""The table that commands are carried out from, its stream, and the executions that they start."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from beforehand.adapters.step_functions import StepFunctions
from beforehand.errors import NotNowError, RefusedError
from beforehand.outbox.model import ENDED_KEPT, LEASE, Claimed, Filed, State, UnreachableError
from beforehand.outbox.scans import start_scan
from beforehand.outbox.table import DynamoCommands
from tests.contracts.conftest import Aws, eventually
from tests.contracts.functions import function
from tests.contracts.test_scheduler import Queue
from tests.outbox.endpoint import Outside, forget_clients, reached

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
COMMAND = start_scan(NOW)
ID = str(COMMAND.command_id)
FILED = Filed(
    command_id=COMMAND.command_id,
    kind=COMMAND.kind,
    key=COMMAND.key,
    payload=COMMAND.payload,
    round=1,
    added_at=NOW,
)
TELL = """
import json, os, urllib.request
import boto3

def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event["Records"]))
"""


@pytest.fixture
def outside(aws: Aws) -> Iterator[Outside]:
    with reached(aws):
        yield Outside(aws)


def claim(commands: DynamoCommands, *, now: datetime = NOW) -> Claimed | None:
    return commands.claim(ID, now=now, until=now + LEASE)


def claimed(commands: DynamoCommands, *, now: datetime = NOW) -> Claimed:
    found = claim(commands, now=now)
    assert found is not None
    return found


def test_a_command_is_put_in_once(outside: Outside) -> None:
    outside.commands.put(FILED)
    assert claimed(outside.commands).attempts == 1
    outside.commands.put(replace(FILED, payload={}))
    row = outside.row(COMMAND)
    assert (json.loads(row["payload"]), row["attempts"]) == (COMMAND.payload, "1")


def test_of_many_at_once_one_has_the_command(outside: Outside) -> None:
    outside.commands.put(FILED)
    all_at_once, won = threading.Barrier(8), []

    def try_it() -> None:
        all_at_once.wait()
        won.append(claim(outside.commands))

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in won if one]) == 1
    assert outside.row(COMMAND)["attempts"] == "1"


def test_who_has_it_keeps_others_away_until_the_lease_is_over(outside: Outside) -> None:
    outside.commands.put(FILED)
    claimed(outside.commands)
    assert claim(outside.commands, now=NOW + LEASE - timedelta(seconds=1)) is None
    assert claimed(outside.commands, now=NOW + LEASE).attempts == 2


def test_what_waits_is_due_when_its_time_has_come_and_not_before(outside: Outside) -> None:
    outside.commands.put(FILED)
    assert outside.commands.due(now=NOW, limit=5) == [ID]
    outside.commands.postpone(claimed(outside.commands), until=NOW + timedelta(minutes=4), because="not now")
    assert outside.commands.due(now=NOW + timedelta(minutes=3), limit=5) == []
    assert eventually(lambda: outside.commands.due(now=NOW + timedelta(minutes=4), limit=5)) == [ID]
    assert outside.commands.outcomes([COMMAND.command_id])[COMMAND.command_id].because == "not now"


def test_what_has_ended_is_looked_for_no_more_and_expires(outside: Outside) -> None:
    outside.commands.put(FILED)
    mine = claimed(outside.commands)
    outside.commands.end(mine, State.DONE, now=NOW, because="it was started")
    outside.commands.end(mine, State.DEAD, now=NOW, because="too late")
    assert claim(outside.commands, now=NOW + timedelta(days=1)) is None
    eventually(lambda: outside.commands.due(now=NOW + timedelta(days=1), limit=5) == [])
    outcome = outside.commands.outcomes([COMMAND.command_id])[COMMAND.command_id]
    assert (outcome.ended, outcome.because, outcome.attempts) == (State.DONE, "it was started", 1)
    assert int(outside.row(COMMAND)["expires_at"]) == int((NOW + ENDED_KEPT).timestamp())


def test_one_that_died_is_put_in_again_in_its_next_round_only(outside: Outside) -> None:
    outside.commands.put(FILED)
    first = claimed(outside.commands)
    outside.commands.end(first, State.DEAD, now=NOW, because="refused")
    outside.commands.put(FILED)
    assert outside.row(COMMAND)["state"] == "dead"
    outside.commands.put(replace(FILED, round=2))
    assert claimed(outside.commands).attempts == 1
    outside.commands.end(first, State.DEAD, now=NOW, because="of the round before")
    assert outside.row(COMMAND)["state"] == "ready"


def test_of_what_is_not_there_nothing_is_known(outside: Outside) -> None:
    assert outside.commands.outcomes([COMMAND.command_id]) == {}
    assert claim(outside.commands) is None


def test_a_table_that_is_not_there_is_said_so(outside: Outside) -> None:
    with pytest.raises(UnreachableError, match="DynamoDB answered ResourceNotFoundException"):
        DynamoCommands("not-there").put(FILED)


def test_the_stream_tells_of_new_rows_and_not_of_their_changes(outside: Outside) -> None:
    aws, queue = outside.aws, Queue(outside.aws)
    arn = function(aws, TELL, Environment={"Variables": {"QUEUE": queue.url}})
    table = aws.client("dynamodb").describe_table(TableName=outside.table)["Table"]
    mapping = aws.client("lambda").create_event_source_mapping(
        EventSourceArn=table["LatestStreamArn"],
        FunctionName=arn,
        StartingPosition="TRIM_HORIZON",
        BatchSize=10,
        FilterCriteria={"Filters": [{"Pattern": json.dumps({"eventName": ["INSERT"]})}]},
    )
    aws.later(aws.client("lambda").delete_event_source_mapping, UUID=mapping["UUID"])
    outside.commands.put(FILED)
    mine = claimed(outside.commands)
    outside.commands.end(mine, State.DONE, now=NOW, because="done")
    eventually(queue.receive, seconds=30 if aws.is_local else 120)
    queue.receive(wait=2)
    records = [record for message in queue.seen for record in json.loads(message["Body"])]
    assert [record["eventName"] for record in records] == ["INSERT"]
    assert records[0]["dynamodb"]["Keys"] == {"command_id": {"S": ID}}
    assert "NewImage" not in records[0]["dynamodb"]


def test_an_execution_of_a_name_is_started_once(outside: Outside) -> None:
    states = StepFunctions()
    assert states.start(outside.machine, name="asked-for-1", input="{}")
    eventually(lambda: [e for e in outside.executions() if e["status"] == "SUCCEEDED"])
    assert not states.start(outside.machine, name="asked-for-1", input="{}")
    assert not states.start(outside.machine, name="asked-for-1", input='{"other": 1}')
    assert len(outside.executions()) == 1


def test_what_will_never_be_started_is_refused(outside: Outside) -> None:
    with pytest.raises(RefusedError, match="Step Functions refused it: StateMachineDoesNotExist"):
        StepFunctions().start(outside.machine + "-of-another", name="asked-for-1", input="{}")


def test_an_endpoint_that_does_not_answer_may_do_so_later(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.aws.local()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    forget_clients()
    with pytest.raises(NotNowError, match="no answer"):
        StepFunctions().start(outside.machine, name="asked-for-1", input="{}")
    with pytest.raises(UnreachableError, match="no answer"):
        outside.commands.put(FILED)
