"""The few messages of PostgreSQL's protocol that come before a session: startup, TLS, password, error."""

import struct
from dataclasses import dataclass

from beforehand_cli.local.errors import LocalError

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102
VERSION_3 = 3
LONGEST_STARTUP = 10_000  # PostgreSQL's own limit, in bytes
LONGEST_PASSWORD = 65_536
ASK_FOR_PASSWORD = struct.pack("!cii", b"R", 8, 3)
ASK_FOR_TLS = struct.pack("!ii", 8, SSL_REQUEST)


class ProtocolError(LocalError):
    """The client does not speak PostgreSQL's protocol: {why}."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Startup:
    """A client's first message: who it is and which database it wants, and the bytes it came in."""

    user: str
    database: str
    raw: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A fatal answer with its SQLSTATE."""

    code: str
    message: str

    def encode(self) -> bytes:
        """The ErrorResponse message."""
        fields = {"S": "FATAL", "V": "FATAL", "C": self.code, "M": self.message}
        body = b"".join(f"{name}{value}\0".encode() for name, value in fields.items()) + b"\0"
        return b"E" + struct.pack("!i", len(body) + 4) + body


def length_of(head: bytes, *, longest: int, shortest: int = 4) -> int:
    """How many bytes follow a four-byte length.

    Raises:
        ProtocolError: fewer than `shortest` or more than `longest`.
    """
    length = int(struct.unpack("!i", head)[0]) - 4
    if not shortest <= length <= longest:
        raise ProtocolError(why=f"a message of {length + 4} bytes")
    return length


def code_of(body: bytes) -> int:
    """The request code or protocol version at the start of a startup packet."""
    return int(struct.unpack_from("!i", body)[0])


def parse_startup(head: bytes, body: bytes) -> Startup:
    """The startup message in a packet.

    Raises:
        ProtocolError: another protocol version, or no user.
    """
    if code_of(body) >> 16 != VERSION_3:
        raise ProtocolError(why=f"version {code_of(body) >> 16}.{code_of(body) & 0xFFFF}")
    texts = body[4:].split(b"\0")
    values = dict(zip(texts[0::2], texts[1::2], strict=False))
    user = values.get(b"user", b"").decode("utf-8", errors="replace")
    if not user:
        raise ProtocolError(why="a startup without a user")
    database = values.get(b"database", b"").decode("utf-8", errors="replace") or user
    return Startup(user=user, database=database, raw=head + body)
