"""Identifiers made here, never by the database: uuid7 sorts by when it was made; uuid5 follows from content."""

import secrets
from datetime import datetime
from uuid import UUID, uuid5

NAMESPACE = UUID("6d0f8a52-9f0e-5c0e-8f0a-0b1d5b1f6c11")


def uuid7(at: datetime) -> UUID:
    """A new id whose first 48 bits are the milliseconds of `at` (RFC 9562, version 7)."""
    milliseconds = int(at.timestamp() * 1000)
    random = secrets.randbits(74)
    value = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & ((1 << 62) - 1)
    return UUID(int=value)


def from_content(*parts: object) -> UUID:
    """The same id for the same parts, whoever makes it and however often."""
    return uuid5(NAMESPACE, "\x1f".join(map(str, parts)))
