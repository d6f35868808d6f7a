"""Delivery is killed at each of its points, whatever the provider says: nobody is contacted twice or forgotten.

Each case is a process of its own that ends by SIGKILL at the point, on the real database and table of gates, while
a provider in another process keeps its own books. Then its steps come again, and time passes until nothing is open.
"""

from collections.abc import Sequence
from itertools import product
from uuid import UUID

import pytest

from beforehand.outreach.model import State
from beforehand_cli.local.postgres import Postgres
from tests.faults.books import check, standings
from tests.faults.desk import Desk
from tests.faults.people import plan
from tests.faults.points import Point, dies_at, killed
from tests.faults.sender import Ses
from tests.outreach.provider_server import Mode, ProviderServer

DEAF = "no connection stands"
ANSWERS = (Mode.ACCEPTS, Mode.LOSES, Mode.REFUSES, Mode.THROTTLES, Mode.HANGS, DEAF)
TAKEN = (Mode.ACCEPTS, Mode.LOSES, Mode.HANGS)
DELIVERIES = (1, 2, 3)

BEFORE_THE_KEY = (Point.BEFORE_CLAIM_COMMIT, Point.BEFORE_CHUNK, Point.AFTER_CHUNK, Point.BEFORE_BEGIN)
BEFORE_THE_CALL = (Point.AFTER_BEGIN, Point.BEFORE_CALL)
IN_THE_DARK = (Point.IN_CALL, Point.BEFORE_END)
WRITTEN = (Point.AFTER_END, Point.BEFORE_RECORD_COMMIT, Point.AFTER_RECORD)


def end_of(point: Point, answer: str) -> tuple[State, bool]:
    """What a message becomes in the end, and whether it reached its customer.

    Only what surely reached nobody goes again; what may have is left to a person, whether it had or not.
    """
    if point in BEFORE_THE_CALL:
        return State.REVIEW, False
    if point in IN_THE_DARK:
        return State.REVIEW, answer in TAKEN
    if answer in (Mode.LOSES, Mode.HANGS):
        return State.REVIEW, True
    return (State.FAILED, False) if answer is Mode.REFUSES else (State.SENT, True)


def some_of(point: Point) -> list[tuple[str, int]]:
    """Each answer with one number of deliveries, another one at the next point."""
    shift = list(Point).index(point)
    return [(answer, DELIVERIES[(shift + number) % len(DELIVERIES)]) for number, answer in enumerate(ANSWERS)]


def die_at(
    point: Point, cases_of: Sequence[tuple[str, int]], desk: Desk, server: Postgres, provider: ProviderServer
) -> None:
    """One process for each answer and number of deliveries, each killed at the point; then what is left goes on."""
    cases: dict[UUID, tuple[str, int]] = {}
    assert isinstance(desk.provider, Ses)
    for answer, deliveries in cases_of:
        (one,) = plan(desk.database, f"{point.name} {answer} {deliveries}")
        cases[one] = answer, deliveries
        provider.says([Mode.ACCEPTS if answer is DEAF else Mode(answer), Mode.ACCEPTS], one)
        desk.provider.deaf[one] = int(answer is DEAF)
        desk.provider.waits_little |= {one} if answer is Mode.HANGS else set()
        killed(lambda: desk.forked(server, dies_at(point)).whole())
        desk.provider.reach = desk.reach
        desk.quiet()
        if point not in BEFORE_THE_KEY:
            desk.provider.deaf[one] = 0
        deliver_again(desk, one, times=deliveries - 1)
    desk.drain(cases, deliveries=2)
    taken = provider.taken()
    check(desk, list(cases), taken)
    reached = {line["outreach_id"] for line in taken}
    ends = {
        cases[one]: (is_now.state, str(one) in reached) for one, is_now in standings(desk.database, cases).items()
    }
    assert ends == {case: end_of(point, case[0]) for case in cases.values()}


def deliver_again(desk: Desk, one: UUID, *, times: int) -> None:
    """The steps of the one that was killed come again, to another process."""
    for _ in range(times):
        for chunk in desk.lying([one]):
            desk.send(chunk)
            desk.record(chunk)


@pytest.mark.fault(4)
@pytest.mark.parametrize("point", BEFORE_THE_KEY)
def test_who_is_killed_before_the_key_has_called_nobody_and_the_message_goes_once(
    desk: Desk, postgres: Postgres, provider: ProviderServer, point: Point
) -> None:
    die_at(point, some_of(point), desk, postgres, provider)


@pytest.mark.fault(5)
@pytest.mark.parametrize("point", BEFORE_THE_CALL)
def test_who_is_killed_between_key_and_call_leaves_it_to_a_person(
    desk: Desk, postgres: Postgres, provider: ProviderServer, point: Point
) -> None:
    die_at(point, some_of(point), desk, postgres, provider)


@pytest.mark.fault(3)
@pytest.mark.parametrize("point", IN_THE_DARK + WRITTEN)
def test_who_is_killed_after_the_call_has_called_once(
    desk: Desk, postgres: Postgres, provider: ProviderServer, point: Point
) -> None:
    die_at(point, some_of(point), desk, postgres, provider)


@pytest.mark.soak
@pytest.mark.parametrize("point", list(Point))
def test_every_answer_and_number_of_deliveries_at_every_point(
    desk: Desk, postgres: Postgres, provider: ProviderServer, point: Point
) -> None:
    die_at(point, list(product(ANSWERS, DELIVERIES)), desk, postgres, provider)
