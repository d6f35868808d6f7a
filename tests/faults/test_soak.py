"""Delivery while workers, connections and the database are killed at random, and the provider does as it likes."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from beforehand.adapters.postgres import PostgresDatabase
from beforehand_cli.local.node import ensure_tools
from beforehand_cli.local.postgres import Postgres, throwaway
from beforehand_cli.local.state import StateDirectory
from tests.conftest import ROOT, connect, prepare
from tests.faults.books import check, open_channels
from tests.faults.desk import Desk
from tests.faults.sender import Ses
from tests.faults.soak import SPEED, Soak
from tests.outreach.provider_server import ProviderServer

DRAIN_SECONDS = 30


@pytest.fixture
def own_server() -> Iterator[Postgres]:
    """A database that may be killed."""
    with throwaway(ensure_tools(StateDirectory.of(ROOT)).postgres()) as server:
        prepare(server)
        yield server


@pytest.fixture
def own_desk(desk: Desk, own_server: Postgres, provider: ProviderServer) -> Desk:
    database = PostgresDatabase(lambda: connect(own_server))
    open_channels(database)
    ses = Ses(provider.address, patience=1)
    return replace(desk, database=database, provider=ses, speed=SPEED, epoch=desk.clock())


def soak(desk: Desk, server: Postgres, provider: ProviderServer, *, seconds: float, seed: int, least: int) -> str:
    """A run, and what must be true at its end; its figures."""
    run = Soak(desk, server, provider, random.Random(seed))
    run.run(seconds=seconds, feed=100)
    drained = run.drain()
    ends = check(desk, run.ids, provider.taken())
    figures = f"seed {seed}: {run.figures(seconds, drained, ends)}"
    assert drained <= DRAIN_SECONDS, figures
    assert ends.total() >= least, figures
    assert run.done["server kills"] >= 1, figures
    return figures


def test_thirty_seconds_in_which_everything_fails_contact_nobody_twice_and_forget_nobody(
    own_desk: Desk, own_server: Postgres, provider: ProviderServer, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = soak(own_desk, own_server, provider, seconds=30, seed=1, least=100)
    with capsys.disabled():
        print(f"\n{figures}")


@pytest.mark.soak
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("seed", range(5))
def test_ten_minutes_in_which_everything_fails_contact_nobody_twice_and_forget_nobody(
    own_desk: Desk, own_server: Postgres, provider: ProviderServer, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    figures = soak(own_desk, own_server, provider, seconds=600, seed=seed, least=10_000)
    with capsys.disabled():
        print(f"\n{figures}")
