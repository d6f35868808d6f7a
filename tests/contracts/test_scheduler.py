"""Schedules fire when AWS would fire them, once, say when they were due, and lose nothing."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.contracts.conftest import Aws, eventually
from tests.contracts.functions import role

CONTEXT = {
    "due": "<aws.scheduler.scheduled-time>",
    "execution": "<aws.scheduler.execution-id>",
    "schedule": "<aws.scheduler.schedule-arn>",
    "attempt": "<aws.scheduler.attempt-number>",
}


class Queue:
    """A queue and what has come into it."""

    def __init__(self, aws: Aws) -> None:
        self._client = aws.client("sqs")
        self.url = self._client.create_queue(QueueName=aws.name("queue"))["QueueUrl"]
        aws.later(self.remove)
        attributes = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn: str = attributes["Attributes"]["QueueArn"]
        self.seen: list[dict[str, Any]] = []

    def remove(self) -> None:
        """Delete it, unless the test did."""
        with suppress(self._client.exceptions.QueueDoesNotExist):
            self._client.delete_queue(QueueUrl=self.url)

    def receive(self, wait: int = 1) -> list[dict[str, Any]]:
        """All messages until now."""
        got = self._client.receive_message(
            QueueUrl=self.url, WaitTimeSeconds=wait, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])
        for message in got:
            self._client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        self.seen += got
        return self.seen


def schedule(aws: Aws, expression: str, target: dict[str, Any], *, keep: bool = False, **more: Any) -> str:
    """The name of a new schedule; unless kept, it is removed with the test."""
    client, name = aws.client("scheduler"), aws.name("schedule")
    settings = {"Target": {"RoleArn": role(aws), **target}, "FlexibleTimeWindow": {"Mode": "OFF"}, **more}

    def create() -> bool:
        try:
            client.create_schedule(Name=name, ScheduleExpression=expression, **settings)
        except client.exceptions.ValidationException as error:
            if "assume" in str(error):
                return False  # AWS needs a moment until it knows the new role
            raise
        return True

    eventually(create, seconds=30)
    if not keep:
        aws.later(client.delete_schedule, Name=name)
    return name


def at(moment: datetime) -> str:
    return f"at({moment:%Y-%m-%dT%H:%M:%S})"


def soon(aws: Aws) -> datetime:
    """A moment that is near, but not gone when the schedule is made."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2 if aws.is_local else 75)


def test_a_one_time_schedule_fires_once_in_its_own_zone_and_says_when_it_was_due(aws: Aws) -> None:
    queue, due = Queue(aws), soon(aws)
    kolkata = due.astimezone(ZoneInfo("Asia/Kolkata"))
    name = schedule(
        aws,
        at(kolkata),
        {"Arn": queue.arn, "Input": json.dumps(CONTEXT)},
        ScheduleExpressionTimezone="Asia/Kolkata",
    )
    assert queue.receive(wait=0) == []
    eventually(queue.receive, seconds=20 if aws.is_local else 150)
    arrived = datetime.now(UTC)
    said = json.loads(queue.seen[0]["Body"])
    assert said["due"] == f"{due:%Y-%m-%dT%H:%M:%SZ}"
    assert said["schedule"].endswith(f"schedule/default/{name}")
    assert said["attempt"] == "1"
    assert len(said["execution"]) > 10
    assert due <= arrived < due + timedelta(seconds=5 if aws.is_local else 75)
    queue.receive(wait=2)
    assert len(queue.seen) == 1


def test_one_that_is_to_be_deleted_after_it_fired_is_gone(aws: Aws) -> None:
    client, queue = aws.client("scheduler"), Queue(aws)
    name = schedule(aws, at(soon(aws)), {"Arn": queue.arn}, ActionAfterCompletion="DELETE", keep=True)
    eventually(queue.receive, seconds=20 if aws.is_local else 150)

    def is_gone() -> bool:
        try:
            client.get_schedule(Name=name)
        except client.exceptions.ResourceNotFoundException:
            return True
        return False

    eventually(is_gone, seconds=5 if aws.is_local else 180)


def test_a_rate_begins_at_once(aws: Aws) -> None:
    queue = Queue(aws)
    schedule(aws, "rate(1 hour)", {"Arn": queue.arn, "Input": json.dumps(CONTEXT)})
    eventually(queue.receive, seconds=10 if aws.is_local else 90)
    queue.receive(wait=2)
    assert len(queue.seen) == 1


def test_a_rate_with_a_start_begins_then(aws: Aws) -> None:
    queue, due = Queue(aws), soon(aws)
    schedule(aws, "rate(1 hour)", {"Arn": queue.arn, "Input": json.dumps(CONTEXT)}, StartDate=due)
    assert queue.receive(wait=0) == []
    eventually(queue.receive, seconds=20 if aws.is_local else 150)
    assert json.loads(queue.seen[0]["Body"])["due"] == f"{due:%Y-%m-%dT%H:%M:%SZ}"


def test_a_disabled_one_does_not_fire(aws: Aws) -> None:
    queue = Queue(aws)
    schedule(aws, "rate(1 minute)", {"Arn": queue.arn}, State="DISABLED")
    assert queue.receive(wait=3) == []


def test_a_machine_is_started_with_the_due_time(aws: Aws) -> None:
    states, queue = aws.client("stepfunctions"), Queue(aws)
    body = {"QueueUrl": queue.url, "MessageBody": "{% $states.input.due %}"}
    send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Arguments": body, "End": True}
    definition = {"QueryLanguage": "JSONata", "StartAt": "Send", "States": {"Send": send}}
    role_arn = role(aws)

    def create() -> str | None:
        try:
            made = states.create_state_machine(
                name=aws.name("machine"), definition=json.dumps(definition), roleArn=role_arn, type="EXPRESS"
            )
        except states.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "AccessDeniedException":
                return None
            raise
        return str(made["stateMachineArn"])

    arn = eventually(create, seconds=30)
    aws.later(states.delete_state_machine, stateMachineArn=arn)
    due = soon(aws)
    schedule(aws, at(due), {"Arn": arn, "Input": json.dumps(CONTEXT)})
    eventually(queue.receive, seconds=20 if aws.is_local else 150)
    assert queue.seen[0]["Body"] == f"{due:%Y-%m-%dT%H:%M:%SZ}"


def test_a_universal_target_calls_the_api_it_names(aws: Aws) -> None:
    queue = Queue(aws)
    call = {"QueueUrl": queue.url, "MessageBody": "sent by sendMessage"}
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": json.dumps(call)}
    schedule(aws, at(soon(aws)), target)
    eventually(queue.receive, seconds=20 if aws.is_local else 150)
    assert queue.seen[0]["Body"] == "sent by sendMessage"


def test_what_the_target_refuses_ends_in_the_dead_letter_queue(aws: Aws) -> None:
    dead, lost, due = Queue(aws), Queue(aws), soon(aws)
    lost.remove()
    target = {
        "Arn": lost.arn,
        "Input": json.dumps(CONTEXT),
        "RetryPolicy": {"MaximumRetryAttempts": 0},
        "DeadLetterConfig": {"Arn": dead.arn},
    }
    schedule(aws, at(due), target)
    eventually(dead.receive, seconds=20 if aws.is_local else 180)
    attributes = {key: value["StringValue"] for key, value in dead.seen[0]["MessageAttributes"].items()}
    assert json.loads(dead.seen[0]["Body"])["due"] == f"{due:%Y-%m-%dT%H:%M:%SZ}"
    assert attributes["TARGET_ARN"] == lost.arn
    assert "NonExistentQueue" in attributes["ERROR_CODE"]
    assert attributes["RETRY_ATTEMPTS"] == "0"


@pytest.mark.parametrize(
    "wrong",
    [
        {"ScheduleExpression": "rate(x)"},
        {"ScheduleExpression": "rate(0 minutes)"},
        {"ScheduleExpression": "cron(0 10 * * *)"},
        {"ScheduleExpression": "cron(0 10 * * * *)"},
        {"ScheduleExpression": "at(tomorrow)"},
        {"ScheduleExpressionTimezone": "Mars/Olympus"},
    ],
    ids=lambda wrong: next(iter(wrong.values())),
)
def test_what_could_never_fire_is_refused(aws: Aws, wrong: dict[str, str]) -> None:
    client = aws.client("scheduler")
    target = {"Arn": Queue(aws).arn, "RoleArn": role(aws)}
    settings = {"ScheduleExpression": "cron(0 10 * * ? *)", **wrong}
    with pytest.raises(client.exceptions.ValidationException):
        client.create_schedule(
            Name=aws.name("schedule"), Target=target, FlexibleTimeWindow={"Mode": "OFF"}, **settings
        )
