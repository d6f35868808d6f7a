"""Who is asked back and who is called back, on a real PostgreSQL: one silence once, and nobody kept waiting."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from beforehand.adapters.postgres import Transaction
from beforehand.followups import news
from beforehand.followups.inactive_store import PostgresInactive
from beforehand.followups.model import Rules
from beforehand.outreach.model import Purpose
from beforehand.outreach.store import PostgresOutreach
from tests.followups.test_planning import DAY, NOW, customer, end, outreach, planner, reader, told
from tests.outreach.desk import proposal

KOLKATA = ZoneInfo("Asia/Kolkata")
RULES = Rules()


def left(days: int) -> date:
    return (NOW - timedelta(days=days)).date()


def asked_back(transaction: Transaction, customer_id: str, last_activity: datetime, now: datetime = NOW) -> str:
    wish = news.reengagement(customer_id, last_activity, RULES.inactive, now=now)
    [planned] = planner(transaction, now).plan([wish])
    assert planned.job_id is not None
    return planned.job_id


def found(transaction: Transaction, *, limit: int = 100, zone: ZoneInfo | None = None) -> list[str]:
    store = PostgresInactive(transaction)
    people = store.since(left(30), limit=limit, zone=zone or UTC)
    return [customer_id for customer_id, _ in people]


def test_whoever_was_asked_long_ago_takes_no_room_of_those_who_were_not(transaction: Transaction) -> None:
    customer(transaction, "asked", last_active_on=left(150))
    customer(transaction, "not_asked", last_active_on=left(160))
    store = PostgresInactive(transaction)
    [(_, silent)] = store.since(left(30), limit=1, zone=UTC)
    name = asked_back(transaction, "asked", silent, NOW - 100 * DAY)
    end(transaction, name, "claimed", "sent")
    assert store.tidy(NOW - RULES.kept, limit=10) == 1
    assert found(transaction, limit=1) == ["not_asked"]


@pytest.mark.parametrize("hours", [-20, 20, 14 * 24])
def test_a_silence_that_a_person_has_asked_about_by_another_hour_is_asked_about(
    transaction: Transaction, hours: int
) -> None:
    """What is told by hand is another moment, in another zone, or of something that no import tells of."""
    customer(transaction, last_active_on=left(50))
    midnight = datetime.combine(left(50), datetime.min.time(), KOLKATA)
    name = asked_back(transaction, "user_456", midnight + timedelta(hours=hours))
    assert found(transaction, zone=KOLKATA) == []
    end(transaction, name, "claimed", "sent")
    assert found(transaction, zone=KOLKATA) == []


def test_a_silence_that_began_since_is_another(transaction: Transaction) -> None:
    customer(transaction, last_active_on=left(50))
    end(transaction, asked_back(transaction, "user_456", NOW - 90 * DAY, NOW - 55 * DAY), "claimed", "sent")
    other = proposal("user_456", purpose=Purpose.RE_ENGAGEMENT, cycle="spring")
    PostgresOutreach(transaction).propose([other], now=NOW)
    assert found(transaction) == ["user_456"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/Los_Angeles"])
def test_who_does_something_on_the_very_next_day_has_come_back(transaction: Transaction, zone: str) -> None:
    customer(transaction, last_active_on=left(40))
    last = datetime.combine(left(40), datetime.min.time(), ZoneInfo(zone))
    name = asked_back(transaction, "user_456", last)
    store = PostgresInactive(transaction)
    assert store.came_back(zone=ZoneInfo(zone)) == []
    transaction.run("update customers set last_active_on = last_active_on + 1")
    assert [job.job_id for job in store.came_back(zone=ZoneInfo(zone))] == [name]


def test_whose_booking_ended_last_night_where_the_company_is_was_there_that_day(transaction: Transaction) -> None:
    customer(transaction)
    night = datetime(2025, 10, 1, 23, 30, tzinfo=ZoneInfo("America/Los_Angeles"))
    reader(transaction).read(told("BookingCompleted", booking_id="B", customer_id="user_456", ends_at=night))
    store = PostgresInactive(transaction)
    people = store.since(left(30), limit=9, zone=ZoneInfo("America/Los_Angeles"))
    assert people == [("user_456", datetime(2025, 10, 1, tzinfo=ZoneInfo("America/Los_Angeles")))]
    assert outreach(transaction, f"followup_user_456_{int(NOW.timestamp())}")["state"] == "scheduled"
