"""Rows of DynamoDB: many by their keys at once, and those that a transaction of somebody else is at work on."""

import time
from collections.abc import Callable, Mapping, Sequence
from random import uniform
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from beforehand.adapters.aws import client

Item = dict[str, dict[str, Any]]
T = TypeVar("T")

MOST_KEYS = 100
"""How many keys DynamoDB takes in one question."""

PAUSES = (0.05, 0.1, 0.2, 0.4)
"""Seconds before what it left unanswered, since it was asked too much, is asked again."""

CONFLICT = "TransactionConflict"
CONFLICT_PAUSES = (0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
"""Seconds, at most, before a call is made again that met a transaction of another on the same row."""


class LeftUnansweredError(BotoCoreError):  # type: ignore[misc]
    """DynamoDB left keys unanswered however often it was asked."""

    fmt = "DynamoDB left {left} keys unanswered"


def read(table: str, keys: Sequence[Item], *, patience: Mapping[str, Any]) -> list[Item]:
    """The rows of these keys as they are now; those that are not there are left out.

    `patience` is a client's, as `aws.client` takes it. Raises botocore's BotoCoreError or ClientError.
    """
    found: list[Item] = []
    for begin in range(0, len(keys), MOST_KEYS):
        found += _read(table, list(keys[begin : begin + MOST_KEYS]), patience)
    return found


def _read(table: str, keys: list[Item], patience: Mapping[str, Any]) -> list[Item]:
    found: list[Item] = []
    for pause in (*PAUSES, None):
        answer = client("dynamodb", **patience).batch_get_item(
            RequestItems={table: {"Keys": keys, "ConsistentRead": True}}
        )
        found += answer["Responses"].get(table, [])
        keys = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        if not keys:
            return found
        if pause is not None:
            time.sleep(pause)
    raise LeftUnansweredError(left=len(keys))


def past_conflicts(call: Callable[[], T]) -> T:
    """What a call answers when no transaction of another is at work on its rows any more.

    DynamoDB lets one at a time look at a row in a transaction, and refuses the others at once; the SDK does not ask
    again. What was refused so has written nothing. Raises what the call raises, that refusal too where it lasts.
    """
    for pause in CONFLICT_PAUSES:
        try:
            return call()
        except ClientError as error:
            if not _is_conflict(error):
                raise
        # Whoever met each other now would meet again.
        time.sleep(uniform(pause / 2, pause))  # noqa: S311
    return call()


def _is_conflict(error: ClientError) -> bool:
    """Whether another's transaction is all that stood against it."""
    if error.response["Error"]["Code"] == f"{CONFLICT}Exception":
        return True
    codes = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])}
    return CONFLICT in codes and codes <= {CONFLICT, "None"}
