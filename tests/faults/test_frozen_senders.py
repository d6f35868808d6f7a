"""A sender freezes, others take it for dead and decide, and then it wakes."""

from datetime import timedelta
from time import monotonic

import pytest

from beforehand.outreach.delivery import sending
from beforehand.outreach.delivery.model import SETTLE
from beforehand.outreach.model import State
from beforehand_cli.local.postgres import Postgres
from beforehand_cli.local.processes import wait_until
from tests.faults.books import check, standings
from tests.faults.desk import Desk
from tests.faults.people import plan
from tests.faults.points import Point, frozen, stops_at
from tests.outreach.provider_server import ProviderServer

GIVEN_UP = timedelta(minutes=4)
SETTLED = GIVEN_UP + SETTLE


def let_pass(desk: Desk, time: timedelta) -> None:
    """Time passes in ticks, as it does while nobody hears of the sender."""
    while time > timedelta(0):
        desk.ahead += (step := min(time, GIVEN_UP))
        time -= step
        desk.whole()


@pytest.mark.fault(8)
@pytest.mark.parametrize(
    ("freezes", "wakes_after", "others_find", "becomes", "calls"),
    [
        pytest.param(Point.BEFORE_BEGIN, GIVEN_UP, State.SCHEDULED, State.SENT, 1, id="before the key"),
        pytest.param(Point.AFTER_BEGIN, GIVEN_UP, State.UNKNOWN, State.SENT, 1, id="after the key, for a while"),
        pytest.param(Point.AFTER_BEGIN, SETTLED, State.REVIEW, State.REVIEW, 0, id="after the key, for long"),
        pytest.param(Point.BEFORE_CALL, GIVEN_UP, State.UNKNOWN, State.SENT, 1, id="before the call, for a while"),
        pytest.param(Point.BEFORE_CALL, SETTLED, State.REVIEW, State.REVIEW, 1, id="before the call, for long"),
    ],
)
def test_a_sender_that_wakes_after_others_have_decided_contacts_nobody_a_second_time(
    desk: Desk,
    postgres: Postgres,
    provider: ProviderServer,
    freezes: Point,
    wakes_after: timedelta,
    others_find: State,
    becomes: State,
    calls: int,
) -> None:
    (one,) = plan(desk.database, f"{freezes.name} {wakes_after}")
    (chunk,), _ = desk.tick()

    def send() -> None:
        if freezes is not Point.BEFORE_BEGIN:
            sending.PATIENCE = 0.5
        desk.forked(postgres, stops_at(freezes)).send(chunk)

    with frozen(send) as wake:
        began = monotonic()
        let_pass(desk, wakes_after)
        assert standings(desk.database, [one])[one].state is others_find
        assert provider.calls() == []
        assert wait_until(lambda: monotonic() > began + 0.6, seconds=5)
        wake()
        desk.record(chunk)
    desk.drain([one])
    check(desk, [one], provider.taken())
    assert (standings(desk.database, [one])[one].state, len(provider.calls())) == (becomes, calls)


def test_whoever_is_not_frozen_is_patient_enough_to_send(desk: Desk, provider: ProviderServer) -> None:
    (one,) = plan(desk.database, "not frozen")
    desk.whole()
    assert standings(desk.database, [one])[one].state is State.SENT
    assert len(provider.calls()) == 1
