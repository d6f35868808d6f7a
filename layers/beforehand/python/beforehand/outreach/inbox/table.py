"""The inbox in DynamoDB: one row for each report. One that is not applied yet stands in the index `open`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from beforehand.adapters.aws import client
from beforehand.errors import BeforehandError
from beforehand.outreach.inbox.documents import Report

OPEN = "open"
READY, APPLIED, DEAD = "ready", "applied", "dead"
CONDITION = "ConditionalCheckFailedException"
ENDED_KEPT = timedelta(days=30)
"""How long a row stays after its end; PostgreSQL keeps what it said."""


class InboxUnreachableError(BeforehandError):
    """The inbox gave no answer; the message is the error's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A row that one attempt has; what it says is not looked at yet."""

    key: str
    said: str
    received_at: str
    attempts: int


class DynamoInbox:
    """The rows of the inbox; each call raises InboxUnreachableError when there is no answer."""

    def __init__(self, table: str) -> None:
        self._table = table

    def put(self, report: Report, *, now: datetime) -> bool:
        """Takes a report in, unless it is there; whether it is new."""
        return self._try(
            "put_item",
            Item={
                "event_id": {"S": report.key}, "said": {"S": report.model_dump_json()},
                "received_at": {"S": now.isoformat()}, "state": {"S": READY}, "attempts": {"N": "0"},
                "because": {"S": "it is due"}, OPEN: {"S": OPEN}, "due": {"N": "0"},
            },
            ConditionExpression="attribute_not_exists(event_id)",
        ) is not None  # fmt: skip

    def has(self, key: str) -> bool:
        """Whether a report lies here, applied or not."""
        with _reached():
            answer = _dynamodb().get_item(
                TableName=self._table, Key={"event_id": {"S": key}}, ConsistentRead=True,
                ProjectionExpression="event_id",
            )  # fmt: skip
        return "Item" in answer

    def due(self, *, now: datetime, limit: int) -> list[str]:
        """Reports that wait to be applied, the longest waiting first."""
        with _reached():
            answer = _dynamodb().query(
                TableName=self._table,
                IndexName=OPEN,
                KeyConditionExpression="#open = :open AND #due <= :now",
                ExpressionAttributeNames=_names(OPEN, "due"),
                ExpressionAttributeValues={":open": {"S": OPEN}, ":now": _seconds(now)},
                Limit=limit,
            )
        return [item["event_id"]["S"] for item in answer["Items"]]

    def take(self, key: str, *, now: datetime, until: datetime) -> Taken | None:
        """Counts an attempt and keeps others away until a moment; None: it has ended, waits, or is another's."""
        answer = self._try(
            "update_item",
            Key={"event_id": {"S": key}},
            UpdateExpression="SET #due = :until ADD #attempts :one",
            ConditionExpression="#state = :ready AND #due <= :now",
            ExpressionAttributeNames=_names("state", "due", "attempts"),
            ExpressionAttributeValues={
                ":ready": {"S": READY}, ":now": _seconds(now), ":until": _seconds(until), ":one": {"N": "1"},
            },
            ReturnValues="ALL_NEW",
        )  # fmt: skip
        if answer is None:
            return None
        row = answer["Attributes"]
        return Taken(
            key=key, said=row.get("said", {}).get("S", ""), received_at=row.get("received_at", {}).get("S", ""),
            attempts=int(row["attempts"]["N"]),
        )  # fmt: skip

    def postpone(self, taken: Taken, *, until: datetime, because: str) -> None:
        """The next attempt may be made at a moment."""
        self._change(
            taken, "SET #due = :until, #because = :because", _names("due", "because"),
            {":until": _seconds(until), ":because": {"S": because}},
        )  # fmt: skip

    def give_back(self, taken: Taken, *, until: datetime, because: str) -> None:
        """As `postpone`, and this attempt does not count."""
        values = {":until": _seconds(until), ":because": {"S": because}, ":less": {"N": "-1"}}
        update = "SET #due = :until, #because = :because ADD #attempts :less"
        self._change(taken, update, _names("due", "because", "attempts"), values)

    def end(self, taken: Taken, state: str, *, because: str, now: datetime) -> None:
        """Writes down that a report was applied, or given up."""
        self._change(
            taken,
            "SET #state = :state, #because = :because, #expires_at = :expires REMOVE #open, #due",
            _names("because", "expires_at", OPEN, "due"),
            {":state": {"S": state}, ":because": {"S": because}, ":expires": _seconds(now + ENDED_KEPT)},
        )

    def _change(self, taken: Taken, update: str, names: dict[str, str], values: dict[str, Any]) -> None:
        self._try(
            "update_item",
            Key={"event_id": {"S": taken.key}},
            UpdateExpression=update,
            ConditionExpression="#state = :ready",
            ExpressionAttributeNames={**names, **_names("state")},
            ExpressionAttributeValues={**values, ":ready": {"S": READY}},
        )

    def _try(self, call: str, **given: Any) -> dict[str, Any] | None:
        """The answer, or None where the condition did not hold."""
        try:
            with _reached():
                answer: dict[str, Any] = getattr(_dynamodb(), call)(TableName=self._table, **given)
        except InboxUnreachableError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and cause.response["Error"]["Code"] == CONDITION:
                return None
            raise
        return answer


def _dynamodb() -> Any:
    return client("dynamodb", read_seconds=3, connect_seconds=1, attempts=2)


def _names(*names: str) -> dict[str, str]:
    return {f"#{name}": name for name in names}


def _seconds(moment: datetime) -> dict[str, str]:
    return {"N": str(int(moment.timestamp()))}


@contextmanager
def _reached() -> Iterator[None]:
    """Names what kept the table from answering."""
    try:
        yield
    except ClientError as error:
        raise InboxUnreachableError(f"DynamoDB answered {error.response['Error']['Code']}") from error
    except BotoCoreError as error:
        raise InboxUnreachableError(f"DynamoDB gave no answer ({type(error).__name__})") from error
