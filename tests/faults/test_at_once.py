"""Functions of delivery that come at the same time, on connections of their own: one works, nobody doubles it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime

import pytest

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.outreach.delivery.model import LEASE, Claimed, Ended, Mode, Move
from beforehand.outreach.delivery.store import PostgresDelivery
from beforehand.outreach.model import Channel, State
from beforehand.outreach.store import PostgresOutreach
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect, forget
from tests.faults.world import NOW, proposal

MESSAGES = [proposal(f"at-once-{number}", Channel.EMAIL) for number in range(3)]
ONE = MESSAGES[0].outreach_id


@pytest.fixture
def planned(postgres: Postgres, database: PostgresDatabase) -> Iterator[None]:
    with database.transaction() as transaction:
        PostgresOutreach(transaction).propose(MESSAGES, now=NOW)
    yield
    ours = ", ".join(f"'{one.outreach_id}'" for one in MESSAGES)
    for table in ("outreach_attempts", "outreach"):
        forget(postgres, table, f"outreach_id in ({ours})")


@contextmanager
def at_work(postgres: Postgres) -> Iterator[Transaction]:
    """A transaction of another function, which ends with the block."""
    with PostgresDatabase(lambda: connect(postgres)).transaction() as transaction:
        yield transaction


def due(transaction: Transaction) -> set[str]:
    found = PostgresDelivery(transaction).due(Channel.EMAIL, now=NOW, limit=100)
    return {one.customer_id for one in found} & {one.customer_id for one in MESSAGES}


def claim(transaction: Transaction, *, now: datetime = NOW) -> None:
    one = Claimed(
        outreach_id=ONE, attempt=1, channel=Channel.EMAIL, policy_version="1", because="it goes", chunk="c",
        subject="s", body="b",
    )  # fmt: skip
    PostgresDelivery(transaction).claim([one], now=now, until=now + LEASE)


@pytest.mark.usefixtures("planned")
def test_while_a_tick_works_another_does_nothing(postgres: Postgres) -> None:
    with at_work(postgres) as one:
        assert PostgresDelivery(one).begin() is not None
        with at_work(postgres) as other:
            assert PostgresDelivery(other).begin() is None
    with at_work(postgres) as later:
        assert PostgresDelivery(later).begin() is not None


@pytest.mark.usefixtures("planned")
def test_what_a_person_is_deciding_about_is_left_to_them_and_keeps_nobody(postgres: Postgres) -> None:
    with at_work(postgres) as person:
        person.run("select from outreach where outreach_id = :one for update", one=ONE)
        with at_work(postgres) as tick:
            tick.run("set local lock_timeout = '5s'")
            assert due(tick) == {one.customer_id for one in MESSAGES[1:]}


@pytest.mark.usefixtures("planned")
def test_of_two_recorders_the_second_finds_nothing_left_to_record(postgres: Postgres) -> None:
    with at_work(postgres) as tick:
        claim(tick)
    sent = Move(outreach_id=ONE, fence=1, state=State.SENT, ended=Ended.ACCEPTED, because="taken")
    with ThreadPoolExecutor(1) as another, at_work(postgres) as first:
        assert [one.state for one in PostgresDelivery(first).questions([(ONE, 1)])] == [State.CLAIMED]
        PostgresDelivery(first).move([sent], now=NOW)
        with at_work(postgres) as second:
            asking = another.submit(PostgresDelivery(second).questions, [(ONE, 1)])
            assert not wait([asking], 0.5).done
            first.run("commit")
            assert asking.result(10) == []
            first.run("begin")


@pytest.mark.usefixtures("planned")
def test_a_channel_takes_no_more_than_its_room(postgres: Postgres) -> None:
    with at_work(postgres) as tick:
        room = {one.channel: one for one in PostgresDelivery(tick).channels(NOW)}[Channel.EMAIL]
        assert room.mode is not Mode.LIVE
        claim(tick)
        less = {one.channel: one for one in PostgresDelivery(tick).channels(NOW)}[Channel.EMAIL]
        assert less.room == room.room - 1
