"""Rows of DynamoDB by their keys, many at once."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError

from beforehand.adapters.aws import client

Item = dict[str, dict[str, Any]]

MOST_KEYS = 100
"""How many keys DynamoDB takes in one question."""

PAUSES = (0.05, 0.1, 0.2, 0.4)
"""Seconds before what it left unanswered, since it was asked too much, is asked again."""


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
