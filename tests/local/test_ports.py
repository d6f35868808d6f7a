"""Which port a service gets."""

import socket
from collections.abc import Iterator

import pytest

from beforehand_cli.local import ports

PREFERRED = 21466


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", PREFERRED)):
        yield PREFERRED


def test_the_preferred_one_when_it_is_free() -> None:
    assert ports.choose(PREFERRED) == PREFERRED


def test_the_next_free_one_when_it_is_taken(taken: int) -> None:
    assert not ports.is_free(taken)
    assert taken < ports.choose(taken) < ports.EPHEMERAL_FROM


def test_the_remembered_one_before_the_preferred_one() -> None:
    assert ports.choose(PREFERRED, remembered=PREFERRED + 7) == PREFERRED + 7


def test_another_when_the_remembered_one_is_taken(taken: int) -> None:
    assert ports.choose(PREFERRED - 10, remembered=taken) == PREFERRED - 10


def test_says_so_when_none_is_free(taken: int) -> None:
    with pytest.raises(ports.NoFreePortError, match=f"No port from {taken} to {taken}"):
        ports.choose(taken, tries=1)


def test_never_one_that_outgoing_connections_use() -> None:
    with pytest.raises(ports.NoFreePortError):
        ports.choose(ports.EPHEMERAL_FROM)
