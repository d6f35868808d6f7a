"""The table that commands are carried out from: one row for each, in DynamoDB.

A row that is under way has `open` and `due` (seconds since 1970) and stands in the index of that name; a row that
has ended has neither, so whoever looks for work reads work only.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError

from beforehand.adapters.aws import client
from beforehand.adapters.dynamodb import Item, read
from beforehand.errors import RefusedError
from beforehand.outbox.model import ENDED_KEPT, Claimed, Filed, Outcome, State, UnreachableError

OPEN = "open"
READY = "ready"
AT_ONCE = 0
CONDITION = "ConditionalCheckFailedException"
REFUSAL = "ValidationException"

PATIENT = {"read_seconds": 3, "connect_seconds": 1, "attempts": 2}
HURRIED = {"read_seconds": 1, "connect_seconds": 0.5, "attempts": 1}


class DynamoCommands:
    """The rows of the table."""

    def __init__(self, table: str, *, hurried: bool = False) -> None:
        """`hurried`: whoever waits has an answer to give; an answer of the table is not waited for long."""
        self._table = table
        self._patience = HURRIED if hurried else PATIENT

    def _dynamodb(self) -> Any:
        return client("dynamodb", **self._patience)

    def put(self, filed: Filed) -> None:
        """Puts a command in, unless it is there, in this round or a later one.

        Raises UnreachableError, or RefusedError when this row will never be taken.
        """
        item = {
            "command_id": {"S": str(filed.command_id)},
            "kind": {"S": filed.kind},
            "key": {"S": filed.key},
            "payload": {"S": json.dumps(dict(filed.payload))},
            "added_at": {"S": filed.added_at.isoformat()},
            "round": {"N": str(filed.round)},
            "state": {"S": READY},
            "attempts": {"N": "0"},
            "because": {"S": "it is due"},
            OPEN: {"S": OPEN},
            "due": {"N": str(AT_ONCE)},
        }
        with _reached(unless=CONDITION, may_refuse=True):
            self._dynamodb().put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(command_id) OR (#state = :dead AND #round < :round)",
                ExpressionAttributeNames=_names("state", "round"),
                ExpressionAttributeValues={":dead": {"S": State.DEAD}, ":round": item["round"]},
            )

    def outcomes(self, command_ids: Sequence[UUID]) -> dict[UUID, Outcome]:
        """How far each of at most a hundred commands is; what is not there is left out. Raises UnreachableError."""
        with _reached():
            keys = [{"command_id": {"S": str(one)}} for one in command_ids]
            found = read(self._table, keys, patience=self._patience)
        outcomes = map(_outcome, found)
        return {outcome.command_id: outcome for outcome in outcomes}

    def due(self, *, now: datetime, limit: int) -> list[str]:
        """The commands that wait for an attempt, the longest waiting first. Raises UnreachableError."""
        with _reached():
            answer = self._dynamodb().query(
                TableName=self._table,
                IndexName=OPEN,
                KeyConditionExpression="#open = :open AND #due <= :now",
                ExpressionAttributeNames=_names(OPEN, "due"),
                ExpressionAttributeValues={":open": {"S": OPEN}, ":now": _seconds(now)},
                Limit=limit,
            )
        return [item["command_id"]["S"] for item in answer["Items"]]

    def claim(self, command_id: str, *, now: datetime, until: datetime) -> Claimed | None:
        """Counts an attempt and keeps others away until a moment; None when it has ended, waits, or is another's.

        Raises UnreachableError.
        """
        answer: dict[str, Any] = {}
        key = {"command_id": {"S": command_id}}
        try:
            with _reached(unless=CONDITION, may_refuse=True):
                answer = self._dynamodb().update_item(
                    TableName=self._table,
                    Key=key,
                    UpdateExpression="SET #due = :until ADD #attempts :one",
                    ConditionExpression="#state = :ready AND #due <= :now",
                    ExpressionAttributeNames=_names("state", "due", "attempts"),
                    ExpressionAttributeValues={
                        ":ready": {"S": READY}, ":now": _seconds(now), ":until": _seconds(until),
                        ":one": {"N": "1"},
                    },
                    ReturnValues="ALL_NEW",
                )  # fmt: skip
        except RefusedError:
            # Its attempts cannot be counted. It is claimed unleased, to be ended.
            return _claimed(key)
        return _claimed(answer["Attributes"]) if answer else None

    def postpone(self, claimed: Claimed, *, until: datetime, because: str) -> None:
        """The next attempt may be made at a moment. Raises UnreachableError."""
        self._change(
            claimed,
            "SET #due = :until, #because = :because",
            _names("due", "because"),
            {":until": _seconds(until), ":because": {"S": because}},
        )

    def end(self, claimed: Claimed, state: State, *, now: datetime, because: str) -> None:
        """Writes down how a command ended. Raises UnreachableError."""
        self._change(
            claimed,
            "SET #state = :state, #because = :because, #expires_at = :expires REMOVE #open, #due",
            _names("because", "expires_at", OPEN, "due"),
            {":state": {"S": state}, ":because": {"S": because}, ":expires": _seconds(now + ENDED_KEPT)},
        )

    def _change(self, claimed: Claimed, update: str, names: dict[str, str], values: Item) -> None:
        """Changes the row as long as its round is under way; what has ended meanwhile stays as it ended."""
        condition, names, values = (
            "#state = :ready",
            {**names, **_names("state")},
            {**values, ":ready": {"S": READY}},
        )
        if claimed.round is not None:
            condition += " AND #round = :round"
            names, values = {**names, **_names("round")}, {**values, ":round": {"N": str(claimed.round)}}
        with _reached(unless=CONDITION):
            self._dynamodb().update_item(
                TableName=self._table,
                Key={"command_id": {"S": claimed.command_id}},
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )


@contextmanager
def _reached(*, unless: str | None = None, may_refuse: bool = False) -> Iterator[None]:
    """Names what kept the table from answering; an answer with the code of `unless` is no trouble.

    `may_refuse`: what is in a row may be the reason, and another attempt would end like this one.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if may_refuse and code == REFUSAL:
            raise RefusedError(f"DynamoDB refused it: {error.response['Error'].get('Message', code)}") from error
        if code != unless:
            raise UnreachableError(f"DynamoDB answered {code}") from error
    except BotoCoreError as error:
        raise UnreachableError(f"DynamoDB gave no answer ({type(error).__name__})") from error


def _names(*names: str) -> dict[str, str]:
    """Placeholders for attributes, several of whose names are words of DynamoDB's own."""
    return {f"#{name}": name for name in names}


def _seconds(moment: datetime) -> dict[str, str]:
    return {"N": str(int(moment.timestamp()))}


def _claimed(item: Item) -> Claimed:
    return Claimed(
        command_id=item["command_id"]["S"],
        kind=_text(item, "kind"),
        key=_text(item, "key"),
        payload=_text(item, "payload"),
        round=_number(item, "round"),
        attempts=_number(item, "attempts") or 0,
    )


def _number(item: Item, name: str) -> int | None:
    """An attribute's whole number, if it is one."""
    text = str(item.get(name, {}).get("N", ""))
    return int(text) if text.isdecimal() else None


def _text(item: Item, name: str) -> str:
    """An attribute's text; what is not there is empty, and is refused where it is read."""
    return str(item.get(name, {}).get("S", ""))


def _outcome(item: Item) -> Outcome:
    state = _text(item, "state")
    known = state in (READY, State.DONE, State.DEAD)
    return Outcome(
        command_id=UUID(item["command_id"]["S"]),
        ended=State(state) if known and state != READY else None,
        attempts=_number(item, "attempts") or 0,
        because=_text(item, "because")
        if known
        else f"its row is not as commands are written: its state is {state!r}",
    )
