"""The marks in the table of gates: an address that is marked is refused in the transaction that begins a send."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from beforehand.adapters.aws import client
from beforehand.adapters.dynamodb import past_conflicts, read
from beforehand.outreach.suppression.model import MarksUnreachableError

KEY = "key"
MAKERS = "by"
PATIENCE = {"read_seconds": 3, "connect_seconds": 1, "attempts": 2}
"""An answer is waited for inside a transaction."""
CONDITION = "ConditionalCheckFailedException"


def mark_key(contact_hash: str) -> str:
    """The key of an address's mark in the table of gates."""
    return f"suppressed#{contact_hash}"


class DynamoMarks:
    """The marks; each names the events that made it."""

    def __init__(self, table: str) -> None:
        self._table = table

    def put(self, contact_hash: str, *, by: str, now: datetime) -> None:
        """Marks an address, or adds to who marked it. Raises MarksUnreachableError."""
        with _reached():
            # A sender may be about to begin a message to this very address.
            past_conflicts(
                lambda: _dynamodb().update_item(
                    TableName=self._table,
                    Key=_key(contact_hash),
                    UpdateExpression="SET #since = if_not_exists(#since, :now) ADD #by :by",
                    ExpressionAttributeNames={"#since": "since", "#by": MAKERS},
                    ExpressionAttributeValues={":now": {"S": now.isoformat()}, ":by": {"SS": [by]}},
                )
            )

    def makers(self, contact_hash: str) -> frozenset[str]:
        """Who marked an address; nobody: it is not marked. Raises MarksUnreachableError."""
        with _reached():
            answer = _dynamodb().get_item(TableName=self._table, Key=_key(contact_hash), ConsistentRead=True)
        return frozenset(answer.get("Item", {}).get(MAKERS, {}).get("SS", ()))

    def missing(self, contact_hashes: Sequence[str]) -> list[str]:
        """Those of at most a hundred addresses that are not marked. Raises MarksUnreachableError."""
        with _reached():
            rows = read(self._table, [_key(one) for one in contact_hashes], patience=PATIENCE)
        found = {row[KEY]["S"] for row in rows}
        return [one for one in contact_hashes if mark_key(one) not in found]

    def remove(self, contact_hash: str, *, makers: Collection[str]) -> bool:
        """Takes a mark away that exactly these made; False where another came meanwhile, or nobody's is there.

        Raises MarksUnreachableError.
        """
        try:
            with _reached():
                _dynamodb().delete_item(
                    TableName=self._table,
                    Key=_key(contact_hash),
                    ConditionExpression="#by = :makers",
                    ExpressionAttributeNames={"#by": MAKERS},
                    ExpressionAttributeValues={":makers": {"SS": sorted(makers)}},
                )
        except MarksUnreachableError as error:
            if isinstance(error.__cause__, ClientError) and _code(error.__cause__) == CONDITION:
                return False
            raise
        return True


def _dynamodb() -> Any:
    return client("dynamodb", **PATIENCE)


def _key(contact_hash: str) -> dict[str, dict[str, str]]:
    return {KEY: {"S": mark_key(contact_hash)}}


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


@contextmanager
def _reached() -> Iterator[None]:
    """Names what kept the table from answering."""
    try:
        yield
    except ClientError as error:
        raise MarksUnreachableError(f"DynamoDB answered {_code(error)}") from error
    except BotoCoreError as error:
        raise MarksUnreachableError(f"DynamoDB gave no answer ({type(error).__name__})") from error
