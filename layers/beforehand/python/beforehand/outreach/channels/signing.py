"""The signature of our webhooks, as Standard Webhooks has it, with two live secrets so that one can be replaced.

What is signed is `id.timestamp.body`, by HMAC-SHA256 under each live secret; a receiver takes a message that one of
the signatures proves, and whose time is near its own.
Source: the Standard Webhooks specification, 1.0.0.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

PREFIX = "whsec_"
LEAST, MOST = 24, 64
"""Bytes of a secret."""
TOLERANCE = timedelta(minutes=5)
MOST_DIGITS = 12
"""Of a timestamp; a longer one is of no time that anybody lives in, and too long a one is no number to Python."""
SHAPE = (
    f'{{"current": "{PREFIX}<base64 of {LEAST} to {MOST} bytes>", "previous": the one before, if it still lives}}'
)


class InvalidSecretError(ValueError):
    """the signing secret is not as it should be: {shape}"""

    def __init__(self) -> None:
        super().__init__((self.__doc__ or "").format(shape=SHAPE))


def secrets_of(text: str) -> tuple[bytes, ...]:
    """The live secrets in the text of a secret, the current one first. Raises InvalidSecretError."""
    try:
        held = json.loads(text)
    except ValueError:
        raise InvalidSecretError from None
    if not isinstance(held, Mapping) or not held.get("current"):
        raise InvalidSecretError
    return tuple(_decoded(one) for one in (held["current"], held.get("previous")) if one)


def _decoded(secret: object) -> bytes:
    try:
        key = base64.b64decode(str(secret).removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise InvalidSecretError from None
    if not LEAST <= len(key) <= MOST:
        raise InvalidSecretError
    return key


def sign(secrets: Sequence[bytes], *, webhook_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that prove a body."""
    timestamp = str(int(at.timestamp()))
    signatures = [f"v1,{_signature(secret, webhook_id, timestamp, body)}" for secret in secrets]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def problem(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes, *, now: datetime) -> str | None:
    """What a receiver finds wrong; None: the body is proved. `headers` by their names in small letters."""
    webhook_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not webhook_id or not timestamp.isascii() or not timestamp.isdigit():
        return "webhook-id or webhook-timestamp is missing"
    if len(timestamp) > MOST_DIGITS or abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        return "webhook-timestamp is too far from now"
    given = [part.removeprefix("v1,") for part in headers.get("webhook-signature", "").split()]
    expected = [_signature(secret, webhook_id, timestamp, body) for secret in secrets]
    proved = [hmac.compare_digest(one.encode(), other.encode()) for one in given for other in expected]
    return None if any(proved) else "webhook-signature proves nothing"


def _signature(secret: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((webhook_id.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
