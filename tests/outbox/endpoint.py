"""The outbox between a real database and a real endpoint: a table, a queue, a state machine that does nothing."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict

from beforehand.adapters import aws as clients
from beforehand.adapters.postgres import PostgresDatabase
from beforehand.outbox import copying, relay_wiring, wiring
from beforehand.outbox.model import Command
from beforehand.outbox.store import PostgresOutbox
from beforehand.outbox.table import OPEN, DynamoCommands
from beforehand.settings.outbox import OutboxRelaySettings
from beforehand_cli.local.settings import ACCESS_KEY, SECRET_KEY
from tests.contracts.conftest import Aws, eventually
from tests.contracts.functions import role

NOTHING = {"QueryLanguage": "JSONata", "StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


class Outside:
    """What the stacks make for the outbox, made by hand."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.table = commands_table(aws)
        self.machine = state_machine(aws)
        self.queue = aws.client("sqs").create_queue(QueueName=aws.name("queue"))["QueueUrl"]
        aws.later(aws.client("sqs").delete_queue, QueueUrl=self.queue)
        self.commands = DynamoCommands(self.table)

    @property
    def settings(self) -> OutboxRelaySettings:
        return OutboxRelaySettings(commands_table=self.table, scan_machine=self.machine, dead_letters=self.queue)

    def executions(self) -> list[dict[str, Any]]:
        listed = self.aws.client("stepfunctions").list_executions(stateMachineArn=self.machine)
        return list(listed["executions"])

    def letters(self) -> list[dict[str, Any]]:
        """The dead letters that came since this was asked last."""
        sqs = self.aws.client("sqs")
        got = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in got:
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in got]

    def row(self, command: Command) -> dict[str, Any]:
        key = {"command_id": {"S": str(command.command_id)}}
        answer = self.aws.client("dynamodb").get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return {name: next(iter(value.values())) for name, value in answer.get("Item", {}).items()}

    def put(self, command_id: str, **attributes: dict[str, str]) -> None:
        """A row that is due, as nobody but this test writes it."""
        due = {OPEN: {"S": OPEN}, "due": {"N": "0"}, "state": {"S": "ready"}}
        item = {"command_id": {"S": command_id}, **due, **attributes}
        self.aws.client("dynamodb").put_item(TableName=self.table, Item=item)

    def relay(self, *, now: datetime, settings: OutboxRelaySettings | None = None) -> dict[str, int]:
        """The relay's own sweep at a moment; what came of it, without what is nought."""
        due = self.commands.due(now=now, limit=100)
        relayed = relay_wiring.carry_out(
            due, self.commands, settings or self.settings, now=now, time_left=lambda: True
        )
        return {name: count for name, count in relayed if count}

    def sweep(self, database: PostgresDatabase, *, now: datetime) -> dict[str, int]:
        """The database's sweep at a moment."""
        swept = copying.sweep(wiring.outboxes(database), self.commands, now=now, time_left=lambda: True)
        return {name: count for name, count in swept if count}


def commands_table(aws: Aws) -> str:
    """A table as the Foundation stack has it."""
    client, table = aws.client("dynamodb"), aws.name("commands")
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "command_id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "command_id", "AttributeType": "S"},
            {"AttributeName": OPEN, "AttributeType": "S"},
            {"AttributeName": "due", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": OPEN,
                "KeySchema": [
                    {"AttributeName": OPEN, "KeyType": "HASH"},
                    {"AttributeName": "due", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    aws.later(client.delete_table, TableName=table)
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    return table


def state_machine(aws: Aws) -> str:
    states = aws.client("stepfunctions")
    role_arn = role(aws)

    def create() -> str | None:
        try:
            made = states.create_state_machine(
                name=aws.name("machine"), definition=json.dumps(NOTHING), roleArn=role_arn
            )
        except states.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "AccessDeniedException":
                return None  # AWS needs a moment until it knows the new role
            raise
        arn: str = made["stateMachineArn"]
        return arn

    arn: str = eventually(create, seconds=30)
    aws.later(states.delete_state_machine, stateMachineArn=arn)
    return arn


@contextmanager
def reached(aws: Aws) -> Iterator[None]:
    """Lets the product's own clients reach the endpoint under test."""
    with pytest.MonkeyPatch.context() as patch:
        if aws.is_local:
            patch.setenv("AWS_ENDPOINT_URL", aws.local().endpoint)
            patch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            patch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
            patch.setenv("NO_PROXY", "*")
        forget_clients()
        try:
            yield
        finally:
            forget_clients()


def forget_clients() -> None:
    clients.client.cache_clear()
    clients._session.cache_clear()


def answered(client: Any, operation: str, *, status: int, code: str) -> list[str]:
    """Has a service answer an operation like this before anything reaches it; gives what was asked of it."""
    asked: list[str] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        asked.append(str(request.url))
        response = AWSResponse(request.url, status, HeadersDict({"x-amzn-requestid": "1"}), None)
        response._content = json.dumps({"__type": code, "message": "so it is"}).encode()
        return response

    client.meta.events.register(f"before-send.{operation}", answer)
    return asked


def add(database: PostgresDatabase, *commands: Command, now: datetime) -> None:
    """Commits commands, as a function does with its own change."""
    with database.transaction() as transaction:
        for command in commands:
            PostgresOutbox(transaction).add(command, now=now)


def state_of(database: PostgresDatabase, command: Command) -> tuple[str, str]:
    """How far PostgreSQL knows a command to be, and its because."""
    with database.transaction() as transaction:
        row = transaction.row(
            "select state, because from outbox_v_commands where command_id = :id", id=command.command_id
        )
    assert row is not None
    return row["state"], row["because"]


def settled(outside: Outside, *, count: int) -> list[dict[str, Any]]:
    """The executions, once there are so many and a moment has passed in which another could have come."""
    eventually(lambda: len(outside.executions()) >= count)
    time.sleep(0.5)
    return outside.executions()
