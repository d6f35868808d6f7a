"""What an unsubscribe link says: which message, by which channel, to whose hash; signed, with no person in it.

A link never expires. Whoever finds a message years later and wants no more of them is to have their way.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from uuid import UUID

from beforehand.errors import BeforehandError
from beforehand.outreach.model import Channel

VERSION = 1
CHANNELS = {Channel.EMAIL: 1, Channel.SMS: 2, Channel.VOICE: 3, Channel.WEBHOOK: 4}
"""The number of each channel inside a token. Numbers are never given twice: links outlive releases."""

SAYS = 1 + 1 + 16 + 32
SIGNATURE = 16
LENGTH = len(base64.urlsafe_b64encode(bytes(SAYS + SIGNATURE)).rstrip(b"="))


class InvalidTokenError(BeforehandError):
    """A link is not one that we gave out, or a part of it is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsubscribe:
    """Whoever sends this wants no more messages at the address with this hash."""

    outreach_id: UUID
    channel: Channel
    contact_hash: str


def issue(asked: Unsubscribe, pepper: bytes) -> str:
    """The token of a message: letters, digits, `-` and `_`, always the same for the same message."""
    head = bytes((VERSION, CHANNELS[asked.channel]))
    says = head + asked.outreach_id.bytes + bytes.fromhex(asked.contact_hash)
    return base64.urlsafe_b64encode(says + _signature(says, pepper)).rstrip(b"=").decode()


def verify(token: str, pepper: bytes) -> Unsubscribe:
    """What a token says. Raises InvalidTokenError for one that we did not issue, and looks into no such one."""
    raw = _decoded(token)
    says, signature = raw[:SAYS], raw[SAYS:]
    if not hmac.compare_digest(signature, _signature(says, pepper)):
        raise InvalidTokenError(
            "This link is not one that we gave out; use the one in the message as it stands there"
        )
    channel = next((channel for channel, number in CHANNELS.items() if number == says[1]), None)
    if says[0] != VERSION or channel is None:
        raise InvalidTokenError("This link is of a later release than this one")
    return Unsubscribe(outreach_id=UUID(bytes=says[2:18]), channel=channel, contact_hash=says[18:].hex())


def url(api: str, token: str) -> str:
    """Where a click and a mail program's POST (RFC 8058) go."""
    return f"{api.rstrip('/')}/u/{token}"


def _decoded(token: str) -> bytes:
    raw = b""
    if len(token) == LENGTH and token.isascii():
        try:
            raw = base64.b64decode(token + "=" * (-LENGTH % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            raw = b""
    if len(raw) != SAYS + SIGNATURE:
        raise InvalidTokenError("This link is not whole; use the one in the message as it stands there")
    return raw


def _signature(says: bytes, pepper: bytes) -> bytes:
    key = hmac.digest(pepper, b"unsubscribe link", "sha256")
    return hmac.digest(key, says, "sha256")[:SIGNATURE]
