"""Clocks that go wrong, clocks that are put forward and back, and hours in which nothing ran."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import pytest

from beforehand import clock
from beforehand.outreach.delivery.documents import Chunk, chunk_file
from beforehand.outreach.delivery.model import LEASE
from beforehand.outreach.delivery.send_wiring import seconds_for
from beforehand.outreach.gate.model import Action, Facts, Person, Planned
from beforehand.outreach.model import Channel, Purpose, State
from beforehand_cli.local.postgres import Postgres
from tests.faults.books import check, standings
from tests.faults.desk import Desk
from tests.faults.people import facts_of, noon_on_a_wednesday, plan, plan_many, shipped_gate
from tests.faults.points import Point, dies_at, killed
from tests.outreach.provider_server import ProviderServer

AWAKE, ASLEEP = "Europe/Lisbon", "Pacific/Honolulu"
"""At noon in UTC on a Wednesday, one is in its send window and the other is not."""


@pytest.mark.fault(11)
@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_host_whose_clock_is_wrong_neither_sends_twice_nor_stops(
    desk: Desk, postgres: Postgres, provider: ProviderServer, minutes: int
) -> None:
    wrong = replace(desk, clock=lambda: clock.now() + timedelta(minutes=minutes))
    ids = plan(desk.database, f"{minutes} minutes wrong", count=3)
    wrong.whole()
    assert {is_now.state for is_now in standings(desk.database, ids).values()} == {State.SENT}
    (late,) = plan(desk.database, f"{minutes} minutes wrong, and killed")
    killed(lambda: wrong.forked(postgres, dies_at(Point.BEFORE_BEGIN)).whole())
    desk.quiet()
    wrong.whole()
    assert standings(desk.database, [late])[late].state is State.CLAIMED, "the lease is the database's"
    wrong.drain([late])
    assert check(wrong, [*ids, late], provider.taken()) == {State.SENT: 4}


def test_how_old_a_chunk_is_is_told_by_the_store_and_not_by_the_host(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(desk.database, "how old")
    (chunk,), _ = desk.tick()
    monkeypatch.setattr(clock, "now", lambda: datetime(2036, 1, 1, tzinfo=UTC))
    _, age = desk.files.read_aged(chunk_file(chunk), Chunk)
    assert timedelta(0) <= age < timedelta(minutes=1)


def test_a_chunk_that_comes_again_when_its_lease_is_over_calls_nobody(desk: Desk, provider: ProviderServer) -> None:
    """It may be night by now; whatever nobody has begun goes back to the gate, at once."""
    assert seconds_for(timedelta(0)) > 60
    assert seconds_for(LEASE) <= 0
    (one,) = plan(desk.database, "comes again")
    (chunk,), _ = desk.tick()
    desk.ahead += timedelta(hours=8)
    sent = desk.send(chunk)
    assert sent is not None
    assert (sent.void, provider.calls()) == (1, [])
    desk.record(chunk)
    assert standings(desk.database, [one])[one].state is State.SCHEDULED
    desk.drain([one])
    assert check(desk, [one], provider.taken()) == {State.SENT: 1}


def changes(zone: str, *, since: int, until: int) -> Iterator[datetime]:
    """The moments (UTC) at which a zone's clocks are put forward or back, to the hour."""
    there = ZoneInfo(zone)
    moment, end = datetime(since, 1, 1, tzinfo=UTC), datetime(until, 1, 1, tzinfo=UTC)
    before = moment.astimezone(there).utcoffset()
    while moment < end:
        after = (moment + timedelta(days=1)).astimezone(there).utcoffset()
        if after != before:
            yield next(
                hour
                for hour in (moment + timedelta(hours=n) for n in range(25))
                if hour.astimezone(there).utcoffset() != before
            )
        moment, before = moment + timedelta(days=1), after


@pytest.mark.fault(12)
def test_on_the_days_on_which_clocks_change_messages_go_in_the_hours_of_the_day_and_none_is_left_out() -> None:
    asked = 0
    for zone in sorted(available_timezones()):
        if "/" not in zone or zone.startswith(("Etc/", "posix/", "right/", "SystemV/")):
            continue
        there = ZoneInfo(zone)
        person = Person(
            customer_id="C1", zone=zone, country=None, consent=True, reachable=frozenset({Channel.EMAIL})
        )
        for change in changes(zone, since=2026, until=2029):
            for shift in (timedelta(hours=-1), timedelta(0), timedelta(hours=1)):
                due = change + shift
                planned = Planned(
                    outreach_id=PLANNED, purpose=Purpose.FOLLOW_UP, channel=Channel.EMAIL, due_at=due,
                    not_after=due + timedelta(days=4),
                )  # fmt: skip
                verdict = shipped_gate(due)(person, planned, ())
                goes = due if verdict.action is Action.SEND else verdict.until
                assert goes is not None, f"{zone} {due}: {verdict}"
                asked += 1
                local = goes.astimezone(there)
                assert 9 <= local.hour < 20, f"{zone} {due}: {local}"
                assert goes - due < timedelta(days=1), f"{zone} {due}: {goes}"
                assert shipped_gate(goes)(person, planned, ()).action is Action.SEND
                if goes > due:
                    assert shipped_gate(goes - timedelta(seconds=1))(person, planned, ()).action is Action.HOLD
    assert asked > 1_000


PLANNED = UUID(int=1)


def half_asleep(customer_ids: Sequence[str]) -> Mapping[str, Facts]:
    """Of every two people, one where it is noon and one where it is night."""
    return {
        one: replace(facts, person=replace(facts.person, country=None, zone=AWAKE if int(one[-1]) % 2 else ASLEEP))
        for one, facts in facts_of(customer_ids).items()
    }


@pytest.mark.fault(14)
def test_after_a_day_without_ticks_nothing_goes_outside_its_window_or_all_at_once(
    desk: Desk, provider: ProviderServer
) -> None:
    desk.ahead = noon_on_a_wednesday(desk.database)
    with desk.database.transaction() as t:
        t.run("update outreach_channels set per_minute = 15 where channel = 'email'")
    desk.decide_at, desk.facts_of = shipped_gate, half_asleep
    day = timedelta(days=1)
    too_late = plan_many(desk.database, "too late", count=9_960, late=day - desk.ahead, days=0.5)
    still = plan_many(desk.database, "still good", count=40, late=day - desk.ahead, days=3)
    for _ in range(3):
        desk.whole()
        desk.ahead += timedelta(minutes=1)
        assert len(provider.taken()) <= 20
    everything = [*too_late, *still]
    ends = check(desk, everything, provider.taken())
    assert ends == {State.EXPIRED: 9_960, State.SENT: 20, State.HELD: 20}
    desk.ahead += timedelta(hours=8)
    for _ in range(3):
        desk.whole()
        desk.ahead += timedelta(minutes=1)
    assert check(desk, everything, provider.taken()) == {State.EXPIRED: 9_960, State.SENT: 40}
    with desk.database.transaction() as t:
        claims = t.rows("select customer_id, claimed_at from outreach_attempts join outreach using (outreach_id)")
    for row in claims:
        zone = AWAKE if int(row["customer_id"][-1]) % 2 else ASLEEP
        assert 9 <= row["claimed_at"].astimezone(ZoneInfo(zone)).hour < 20
    by_minute = [sum(row["claimed_at"] == at for row in claims) for at in {row["claimed_at"] for row in claims}]
    assert max(by_minute) <= 15
