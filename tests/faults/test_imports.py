"""Imports on the real database, while things go wrong."""

import os
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from beforehand.adapters.postgres import PostgresDatabase
from beforehand.customers.service import import_file
from beforehand.customers.store import PostgresImport
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect
from tests.customers.files import sheet

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
ROWS = 20_000


def lines(kill_at: int | None = None, poison: int | None = None) -> Iterator[str]:
    """A file of customers; at `kill_at` its reader is killed, at `poison` stands a row that cannot be read."""
    yield "customer_id,nps\n"
    for number in range(ROWS):
        if number == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        yield f"K{number:06},{99 if number == poison else 7}\n"


def count(server: Postgres) -> int:
    connection = connect(server)
    found = connection.run("select count(*) from customers where customer_id like 'K%'")
    connection.close()
    return int(found[0][0])


def take(server: Postgres, source: Iterator[str]) -> int:
    """Imports as the function does; returns how many rows were refused."""
    with PostgresDatabase(lambda: connect(server)).transaction() as transaction:
        opened = sheet(source, "customers")
        answer = import_file("imports/customers/x.csv", "customers", opened, PostgresImport(transaction), now=NOW)
    return answer.refused_rows


def clean(server: Postgres) -> None:
    with PostgresDatabase(lambda: connect(server)).transaction() as transaction:
        transaction.run("delete from customers where customer_id like 'K%'")


@pytest.mark.fault(35)
@pytest.mark.parametrize("kill_at", [0, ROWS // 2, ROWS - 1])
def test_an_import_that_is_killed_leaves_nothing_and_is_whole_the_next_time(
    postgres: Postgres, kill_at: int
) -> None:
    child = os.fork()
    if child == 0:
        take(postgres, lines(kill_at=kill_at))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert count(postgres) == 0
    take(postgres, lines())
    assert count(postgres) == ROWS
    clean(postgres)


@pytest.mark.fault(19)
def test_two_imports_in_opposite_order_both_end(postgres: Postgres) -> None:
    forward = list(lines())
    backward = [forward[0], *reversed(forward[1:])]
    refused: list[int] = []
    both = [
        threading.Thread(target=lambda s=s: refused.append(take(postgres, iter(s)))) for s in (forward, backward)
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert refused == [0, 0]
    assert count(postgres) == ROWS
    clean(postgres)


@pytest.mark.fault(22)
def test_one_poison_row_is_refused_and_the_rest_goes_in(postgres: Postgres) -> None:
    assert take(postgres, lines(poison=4_321)) == 1
    assert count(postgres) == ROWS - 1
    clean(postgres)
