"""One POST to a system on the internet: its name is resolved once, and only the addresses then checked are called.

The phases are kept apart on purpose. Until the connection stands, with TLS, nothing was sent; from the first byte
of the request on, only an answer tells what became of it. Redirects are not followed, a body is not read.
"""

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from beforehand.adapters.public_addresses import is_public
from beforehand.errors import BeforehandError

Resolve = Callable[[str, int], list[str]]
_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_CHARACTERS = re.compile(r"[!-\[\]-~]{1,2048}")
"""Printable ASCII without spaces and without the backslash, which readers of URLs disagree about."""
MOST_ADDRESSES = 3
"""Of a name, so many are tried; each may take the time that a connection may take."""
LOOPBACK = ("127.0.0.1", "localhost")


class UnsafeUrlError(BeforehandError):
    """A URL that may not be called."""


class NotSentError(BeforehandError):
    """The connection did not come about; nothing was sent."""


class AnswerLostError(BeforehandError):
    """The request left, and no answer came that can be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A URL that may be called."""

    host: str
    port: int
    path: str
    secure: bool = True

    @classmethod
    def of(cls, url: str, *, hosts: frozenset[str] = frozenset(), loopback: bool = False) -> Self:
        """Reads a URL: https, one of the `hosts` by name. With `loopback`, http to this machine, and nothing else.

        Raises UnsafeUrlError saying what is wrong.
        """
        parts = _parts(url)
        host, port = parts.hostname or "", parts.port
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if loopback:
            if parts.scheme != "http" or host not in LOOPBACK:
                raise UnsafeUrlError("on this machine the URL begins with http://127.0.0.1 or http://localhost")
            return cls(host=host, port=port or 80, path=path, secure=False)
        if parts.scheme != "https":
            raise UnsafeUrlError("the URL does not begin with https://")
        if not _NAME.fullmatch(host):
            raise UnsafeUrlError("the URL names no host of the internet by its full name, in ASCII")
        if host not in hosts:
            raise UnsafeUrlError("the URL's host is not among those that may be called")
        return cls(host=host, port=port or 443, path=path)


def _parts(url: str) -> SplitResult:
    if not _CHARACTERS.fullmatch(url):
        raise UnsafeUrlError("the URL has characters that no URL has, or too many")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnsafeUrlError("the URL cannot be read") from None
    if parts.username is not None or parts.password is not None:
        raise UnsafeUrlError("the URL has a user or a password in it; the signature is proof enough")
    if "#" in url:
        raise UnsafeUrlError("the URL has a fragment (#…)")
    if port == 0:
        raise UnsafeUrlError("the URL's port is none")
    return parts


@dataclass(frozen=True, kw_only=True, slots=True)
class Seconds:
    """How long to wait: for the connection, for the answer to begin, and for all of it."""

    connect: float = 3
    read: float = 10
    total: float = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A status and the headers, by their names in small letters."""

    status: int
    headers: Mapping[str, str]


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, as the system's resolver has them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    *,
    seconds: Seconds | None = None,
    resolved_by: Resolve = resolve,
    context: ssl.SSLContext | None = None,
) -> Reply:
    """Posts once.

    Raises NotSentError if no connection came about, AnswerLostError if one did and no answer can be read.
    """
    waits = seconds or Seconds()
    connection = http.client.HTTPConnection(target.host, target.port, timeout=waits.read)
    connection.sock = _connect(target, waits, resolved_by, context)
    # Each read has its time; the whole has one, too, against an answer that drips.
    too_long = threading.Timer(waits.total, _hang_up, args=(connection.sock,))
    too_long.daemon = True
    too_long.start()
    try:
        connection.request("POST", target.path, body=body, headers={**headers, "Connection": "close"})
        answer = connection.getresponse()
        return Reply(status=answer.status, headers={name.lower(): value for name, value in answer.getheaders()})
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise AnswerLostError(f"the answer was lost ({type(error).__name__})") from None
    finally:
        too_long.cancel()
        connection.close()


def _connect(target: Target, waits: Seconds, resolved_by: Resolve, context: ssl.SSLContext | None) -> socket.socket:
    plain = _reached(_addresses(target, resolved_by), target.port, waits.connect)
    try:
        secure = _secured(plain, target, context)
        secure.settimeout(waits.read)
    except OSError as error:
        plain.close()
        raise NotSentError(f"TLS was not agreed on ({type(error).__name__})") from None
    return secure


def _secured(plain: socket.socket, target: Target, context: ssl.SSLContext | None) -> socket.socket:
    if not target.secure:
        return plain
    trusting = context or ssl.create_default_context()
    return trusting.wrap_socket(plain, server_hostname=target.host)


def _reached(addresses: list[str], port: int, seconds: float) -> socket.socket:
    """A connection to the first address that takes one: not every network has IPv6."""
    failed = "nobody"
    for address in addresses[:MOST_ADDRESSES]:
        try:
            return socket.create_connection((address, port), timeout=seconds)
        except OSError as error:
            failed = type(error).__name__
    raise NotSentError(f"it was not reached ({failed})")


def _addresses(target: Target, resolved_by: Resolve) -> list[str]:
    """The addresses that may be called; a name with any address that is not public has none."""
    if not target.secure:
        return ["127.0.0.1"]
    try:
        addresses = resolved_by(target.host, target.port)
    except OSError:
        raise NotSentError("its name was not resolved") from None
    if not addresses or not all(map(is_public, addresses)):
        raise NotSentError("its name leads to an address that is not public")
    return addresses


def _hang_up(connected: socket.socket) -> None:
    try:
        # The plain socket's own: TLS's would take away what another thread is reading from.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
    except OSError:
        return
