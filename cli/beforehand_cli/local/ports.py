"""Ports for the local services: the usual one, or the next free one, remembered ever after."""

import socket

from beforehand_cli.local.errors import LocalError

AWS_PORT = 4566
DATABASE_PORT = 15432
# From here on Linux hands ports to outgoing connections; one of those may sit on any of them.
EPHEMERAL_FROM = 32768


class NoFreePortError(LocalError):
    """No port from {first} to {last} is free on 127.0.0.1."""


def is_free(port: int) -> bool:
    """Whether nobody listens on `port` of 127.0.0.1, so that we may."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose(preferred: int, *, remembered: int | None = None, tries: int = 200) -> int:
    """A free port: the remembered one, the preferred one, or one of the next `tries`, all below 32768.

    Raises:
        NoFreePortError: none of them is free.
    """
    last = min(preferred + tries, EPHEMERAL_FROM) - 1
    candidates = [port for port in (remembered,) if port is not None] + list(range(preferred, last + 1))
    for port in candidates:
        if is_free(port):
            return port
    raise NoFreePortError(first=preferred, last=last)
