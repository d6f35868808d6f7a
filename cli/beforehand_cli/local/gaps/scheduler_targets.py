"""Delivers one firing of a schedule to its target, as often as its retry policy says, else to its DLQ."""

import copy
import json
import logging
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from beforehand_cli.local.settings import SECRET_KEY, EmulatorSettings

log = logging.getLogger("beforehand.scheduler")
_UNIVERSAL = re.compile(r"arn:aws:scheduler:::aws-sdk:([^:]+):([A-Za-z0-9]+)")
_DEFAULT_ATTEMPTS, _DEFAULT_AGE = 185, 86_400
_LONGEST_PAUSE = 60.0
_stopping = threading.Event()


@dataclass(frozen=True, kw_only=True, slots=True)
class Firing:
    """One due time of one schedule."""

    schedule_arn: str
    target: dict[str, Any]
    due: float
    account: str
    region: str
    execution_id: str

    @classmethod
    def of(cls, schedule: dict[str, Any], *, due: float, account: str, region: str) -> "Firing":
        """Freeze what the schedule says now; it may be changed or deleted while we retry."""
        return cls(
            schedule_arn=schedule.get("Arn", ""),
            target=copy.deepcopy(schedule.get("Target") or {}),
            due=due,
            account=account,
            region=region,
            execution_id=str(uuid.uuid4()),
        )

    @property
    def scheduled_time(self) -> str:
        """The due time as AWS writes it."""
        return datetime.fromtimestamp(self.due, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def payload(self, attempt: int) -> str:
        """The target's input with the context attributes filled in."""
        text = str(self.target.get("Input") or "{}")
        values = {
            "scheduled-time": self.scheduled_time,
            "execution-id": self.execution_id,
            "schedule-arn": self.schedule_arn,
            "attempt-number": str(attempt),
        }
        for name, value in values.items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return text


def deliver(settings: EmulatorSettings, firing: Firing) -> None:
    """Call the target until it accepts, refuses for good, or the retry policy is used up."""
    policy = firing.target.get("RetryPolicy") or {}
    retries = int(policy.get("MaximumRetryAttempts", _DEFAULT_ATTEMPTS))
    give_up = firing.due + int(policy.get("MaximumEventAgeInSeconds", _DEFAULT_AGE))
    attempt = 0
    while True:
        attempt += 1
        try:
            _call(settings, firing, firing.payload(attempt))
            return
        except (ClientError, BotoCoreError, ValueError) as error:
            failure = error
        if not _is_passing(failure):
            _bury(settings, firing, failure, attempt, exhausted=None)
            return
        if attempt > retries:
            _bury(settings, firing, failure, attempt, exhausted="MaximumRetryAttempts")
            return
        _stopping.wait(min(2.0 ** (attempt - 1), _LONGEST_PAUSE))
        if time.time() > give_up:
            _bury(settings, firing, failure, attempt, exhausted="MaximumEventAgeInSeconds")
            return


def _call(settings: EmulatorSettings, firing: Firing, payload: str) -> None:
    arn = str(firing.target.get("Arn", ""))
    universal = _UNIVERSAL.fullmatch(arn)
    if universal:
        client = _client(settings, firing, universal[1].lower())
        operation = client.meta.method_to_api_mapping
        name = next((n for n in operation if n == xform_name(universal[2])), None)
        if name is None:
            raise ValueError(f"{universal[1]} has no operation {universal[2]}")
        getattr(client, name)(**_parameters(client, operation[name], json.loads(payload)))
        return
    service = arn.split(":")[2] if arn.count(":") >= 5 else ""
    call = _TARGETS.get(service)
    if call is None:
        raise ValueError(f"the target {arn} is not one that is delivered to locally")
    call(_client(settings, firing, _SERVICES.get(service, service)), arn, firing.target, payload)


def _parameters(client: Any, operation: str, given: dict[str, Any]) -> dict[str, Any]:
    """Universal targets take the API's parameter names in Pascal case, whatever case the API itself has."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    names = {name.lower(): name for name in shape.members} if shape else {}
    return {names.get(key.lower(), key): value for key, value in given.items()}


def _to_lambda(client: Any, arn: str, _target: dict[str, Any], payload: str) -> None:
    client.invoke(FunctionName=arn, InvocationType="Event", Payload=payload.encode())


def _to_step_functions(client: Any, arn: str, _target: dict[str, Any], payload: str) -> None:
    client.start_execution(stateMachineArn=arn, input=payload)


def _to_queue(client: Any, arn: str, target: dict[str, Any], payload: str) -> None:
    *_, account, name = arn.split(":")
    url = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    client.send_message(QueueUrl=url, MessageBody=payload, **({"MessageGroupId": group} if group else {}))


def _to_topic(client: Any, arn: str, _target: dict[str, Any], payload: str) -> None:
    client.publish(TopicArn=arn, Message=payload)


def _to_bus(client: Any, arn: str, target: dict[str, Any], payload: str) -> None:
    names = target.get("EventBridgeParameters") or {}
    entry = {"Source": names.get("Source"), "DetailType": names.get("DetailType"), "Detail": payload}
    answer = client.put_events(Entries=[{**entry, "EventBusName": arn.split("/", 1)[1]}])
    if answer["FailedEntryCount"]:
        raise ValueError(str(answer["Entries"]))


_TARGETS: dict[str, Callable[[Any, str, dict[str, Any], str], None]] = {
    "lambda": _to_lambda,
    "states": _to_step_functions,
    "sqs": _to_queue,
    "sns": _to_topic,
    "events": _to_bus,
}
_SERVICES = {"states": "stepfunctions"}


def _is_passing(error: Exception) -> bool:
    """Whether trying again may help: not when the target refuses the call itself."""
    if not isinstance(error, ClientError):
        return not isinstance(error, ValueError)
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    code = error.response["Error"]["Code"]
    return status >= 500 or status == 429 or "Throttl" in code or "TooManyRequests" in code


def _bury(
    settings: EmulatorSettings, firing: Firing, error: Exception, attempts: int, *, exhausted: str | None
) -> None:
    """Put what could not be delivered into the schedule's DLQ, with the attributes AWS gives it."""
    log.warning("%s not delivered after %s attempts: %s", firing.schedule_arn, attempts, error)
    queue = (firing.target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        return
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    values = {
        "ERROR_CODE": code,
        "ERROR_MESSAGE": str(error),
        "EXECUTION_ID": firing.execution_id,
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": str(attempts - 1),
        "SCHEDULED_TIME": firing.scheduled_time,
        "SCHEDULE_ARN": firing.schedule_arn,
        "TARGET_ARN": str(firing.target.get("Arn", "")),
    }
    if exhausted:
        values["EXHAUSTED_RETRY_CONDITION"] = exhausted
    client = _client(settings, firing, "sqs")
    try:
        url = client.get_queue_url(QueueName=queue.rsplit(":", 1)[1])["QueueUrl"]
        client.send_message(
            QueueUrl=url,
            MessageBody=firing.payload(attempts),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in values.items()
            },
        )
    except (ClientError, BotoCoreError):
        log.exception("the DLQ %s of %s did not take it either", queue, firing.schedule_arn)


def _client(settings: EmulatorSettings, firing: Firing, service: str) -> Any:
    session = boto3.Session(
        aws_access_key_id=firing.account, aws_secret_access_key=SECRET_KEY, region_name=firing.region
    )
    config = Config(inject_host_prefix=False, retries={"total_max_attempts": 1})
    names = {"sfn": "stepfunctions", "eventbridge": "events"}
    return session.client(names.get(service, service), endpoint_url=settings.endpoint(), config=config)
