"""The table of gates in DynamoDB: one key for each attempt, for which sender and asker race.

Whoever writes the key first decides: a sender that it is about to call the provider, an asker that nobody will.
Beside the keys stand the suppressions (`suppressed#<hash of the address>`) and the kill switches
(`switch#all`, `switch#<channel>`), which are checked in the same transaction. No row holds anything personal.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError

from beforehand.adapters.aws import client
from beforehand.adapters.dynamodb import Item, past_conflicts, read
from beforehand.outreach.delivery.model import Ended, GatesUnreachableError, Token, Told
from beforehand.outreach.model import Channel
from beforehand.outreach.suppression.marks import mark_key

KEPT = timedelta(days=400)
"""How long a key stands: longer than any backup that the database could be restored from."""

PATIENCE = {"read_seconds": 3, "connect_seconds": 1, "attempts": 3}


class Begun(StrEnum):
    """What a sender is told when it asks to begin an attempt."""

    MINE = "mine"
    TAKEN = "taken"
    """Somebody has begun this attempt, or has proved that nobody will."""
    SUPPRESSED = "suppressed"
    STOPPED = "stopped"


class DynamoGates:
    """The keys of attempts. Every call raises GatesUnreachableError when there is no answer."""

    def __init__(self, table: str) -> None:
        self._table = table

    def begin(
        self, outreach_id: UUID, attempt: int, *, channel: Channel, contact: str, nonce: str, now: datetime
    ) -> Begun:
        """Puts the key of an attempt, unless it stands or the contact or the channel may not be used.

        A lost answer is made good by reading the key back: the `nonce` tells whose it is.
        """
        key = gate(outreach_id, attempt)
        item = {**_item(key, Token.STARTED, now), "nonce": {"S": nonce}}
        checks = [mark_key(contact), "switch#all", f"switch#{channel}"]
        actions = [{"Put": {"TableName": self._table, "Item": item, "ConditionExpression": ABSENT,
                            "ExpressionAttributeNames": NAMES}}]  # fmt: skip
        actions += [{"ConditionCheck": {"TableName": self._table, "Key": {"key": {"S": one}},
                                        "ConditionExpression": ABSENT, "ExpressionAttributeNames": NAMES}}
                    for one in checks]  # fmt: skip
        try:
            # All senders look at the same switches, so they often meet there.
            past_conflicts(lambda: _dynamodb().transact_write_items(TransactItems=actions))
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                return self._whose(key, nonce)
            return self._refused(error, key, nonce)
        except BotoCoreError:
            return self._whose(key, nonce)
        return Begun.MINE

    def end(self, outreach_id: UUID, attempt: int, told: Told) -> None:
        """Writes down how an attempt ended that this sender has begun; the first end stays."""
        values = {":ended": {"S": _said(told)}, ":because": {"S": told.because}}
        change = "SET ended = :ended, because = :because"
        if told.provider_id is not None:
            values[":provider_id"], change = {"S": told.provider_id}, f"{change}, provider_id = :provider_id"
        if told.wait_seconds is not None:
            values[":wait"], change = {"N": str(told.wait_seconds)}, f"{change}, wait_seconds = :wait"
        if told.opted_out is not None:
            values[":opted_out"], change = {"S": told.opted_out}, f"{change}, opted_out = :opted_out"
        self._update(gate(outreach_id, attempt), change, "attribute_not_exists(ended)", values)

    def void(self, outreach_id: UUID, attempt: int, *, ended: Ended, because: str, now: datetime) -> Told:
        """Proves that nobody sends under an attempt, or tells what stands under its key already."""
        key = gate(outreach_id, attempt)
        item = {**_item(key, Token.VOID, now), "ended": {"S": ended}, "because": {"S": because}}
        try:
            past_conflicts(
                lambda: _dynamodb().put_item(
                    TableName=self._table, Item=item, ConditionExpression=ABSENT, ExpressionAttributeNames=NAMES
                )
            )
        except (ClientError, BotoCoreError) as error:
            # Whether it was written or another came first: what stands there is what counts.
            found = self.read([(outreach_id, attempt)]).get((outreach_id, attempt))
            if found is None:
                raise GatesUnreachableError(f"the key of an attempt was not written ({_name(error)})") from error
            return found
        return Told(token=Token.VOID, ended=ended, because=because)

    def read(self, attempts: Iterable[tuple[UUID, int]]) -> dict[tuple[UUID, int], Told]:
        """What stands under the keys of attempts; those without a key are left out."""
        by_key = {gate(*one): one for one in attempts}
        return {by_key[item["key"]["S"]]: _told(item) for item in self._items(list(by_key))}

    def stopped(self) -> frozenset[str]:
        """What the kill switches stop: names of channels, and `all`."""
        names = ["switch#all", *(f"switch#{channel}" for channel in Channel)]
        return frozenset(item["key"]["S"].removeprefix("switch#") for item in self._items(names))

    def switch(self, what: str, *, on: bool, by: str, now: datetime) -> None:
        """Sets or lets go a kill switch: `all`, or a channel's."""
        try:
            if on:
                item = {"key": {"S": f"switch#{what}"}, "at": {"S": now.isoformat()}, "by": {"S": by}}
                past_conflicts(lambda: _dynamodb().put_item(TableName=self._table, Item=item))
            else:
                key = {"key": {"S": f"switch#{what}"}}
                past_conflicts(lambda: _dynamodb().delete_item(TableName=self._table, Key=key))
        except (ClientError, BotoCoreError) as error:
            raise GatesUnreachableError(f"the switch was not moved ({_name(error)}); try again") from error

    def _refused(self, error: ClientError, key: str, nonce: str) -> Begun:
        codes = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
        if codes[:1] == ["ConditionalCheckFailed"]:
            # Somebody's key stands there; perhaps our own, whose answer was lost and which the SDK repeated.
            return self._whose(key, nonce)
        if codes[1:2] == ["ConditionalCheckFailed"]:
            return Begun.SUPPRESSED
        if "ConditionalCheckFailed" in codes[2:]:
            return Begun.STOPPED
        raise GatesUnreachableError("the key of an attempt met another that was just being written")

    def _whose(self, key: str, nonce: str) -> Begun:
        """Whose key stands there, where the answer did not tell. None at all: it was not written."""
        items = list(self._items([key]))
        if not items:
            raise GatesUnreachableError("the key of an attempt was not written")
        return Begun.MINE if items[0].get("nonce", {}).get("S") == nonce else Begun.TAKEN

    def _items(self, names: Sequence[str]) -> list[Item]:
        try:
            return read(self._table, [{"key": {"S": name}} for name in names], patience=PATIENCE)
        except (ClientError, BotoCoreError) as error:
            raise GatesUnreachableError(f"the keys of attempts were not read ({_name(error)})") from error

    def _update(self, key: str, change: str, condition: str, values: Mapping[str, Any]) -> None:
        dynamodb = _dynamodb()
        try:
            past_conflicts(
                lambda: dynamodb.update_item(
                    TableName=self._table,
                    Key={"key": {"S": key}},
                    UpdateExpression=change,
                    ConditionExpression=f"attribute_exists(nonce) AND {condition}",
                    ExpressionAttributeValues=values,
                )
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return
        except (ClientError, BotoCoreError) as error:
            raise GatesUnreachableError(f"the end of an attempt was not written ({_name(error)})") from error


ABSENT = "attribute_not_exists(#key)"
NAMES = {"#key": "key"}


def gate(outreach_id: UUID, attempt: int) -> str:
    """The key of an attempt."""
    return f"gate#{outreach_id}#{attempt}"


def _dynamodb() -> Any:
    return client("dynamodb", **PATIENCE)


def _item(key: str, token: Token, now: datetime) -> Item:
    expires = int((now + KEPT).timestamp())
    return {
        "key": {"S": key},
        "token": {"S": token},
        "at": {"S": now.isoformat()},
        "expires_at": {"N": str(expires)},
    }


def _told(item: Item) -> Told:
    ended = item.get("ended", {}).get("S")
    token = Token(item["token"]["S"])
    return Told(
        token=token,
        ended=_ended(ended) if ended else None,
        because=item.get("because", {}).get("S") or "a sender began, and nothing more is known",
        provider_id=item.get("provider_id", {}).get("S"),
        wait_seconds=int(wait) if (wait := item.get("wait_seconds", {}).get("N")) else None,
        opted_out=item.get("opted_out", {}).get("S"),
    )


def _ended(word: str) -> Ended:
    """How an attempt ended. A word of a later release than this proves nothing here."""
    return Ended(word) if word in set(Ended) else Ended.UNKNOWN


def _said(told: Told) -> str:
    assert told.ended is not None
    return str(told.ended)


def _name(error: Exception) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
