"""Follow-ups on a real PostgreSQL: each occasion once, whoever asks; moved and called back as what they follow."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.errors import NotFoundError
from beforehand.events.followups import News, NewsArrived
from beforehand.followups import news
from beforehand.followups.inactive_store import PostgresInactive
from beforehand.followups.model import STATUS, Job, Kind, Rules, Wish
from beforehand.followups.news import Reader
from beforehand.followups.planning import Planner
from beforehand.followups.reading_store import PostgresFollowUps
from beforehand.followups.rules import after_event, jitter, mean
from beforehand.followups.store import PostgresJobs
from beforehand.followups.wiring import planner_in, reader_in
from beforehand.outreach.model import State
from beforehand.results import Status
from beforehand_cli.local.postgres import Postgres
from beforehand_cli.local.processes import wait_until
from tests.conftest import connect, forget

NOW = datetime(2025, 11, 16, 12, tzinfo=UTC)
EVENT = datetime(2025, 11, 15, 18, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def customer(transaction: Transaction, customer_id: str = "user_456", **fields: Any) -> None:
    known = {"email": "a@people.example", "phone": None, "zone": None, "marketing_consent": True,
             "last_active_on": None, "language": None, **fields}  # fmt: skip
    transaction.run(
        """insert into customers (customer_id, email, phone, zone, marketing_consent, last_active_on, language,
                                  updated_at)
           values (:id, :email, :phone, :zone, :marketing_consent, :last_active_on, :language, now())""",
        id=customer_id, **known,
    )  # fmt: skip


def reader(transaction: Transaction, now: datetime = NOW, rules: Rules | None = None) -> Reader:
    return reader_in(transaction, rules or Rules(), language="en", at=now)


def planner(transaction: Transaction, now: datetime = NOW, rules: Rules | None = None) -> Planner:
    return planner_in(transaction, rules or Rules(), language="en", at=now)


def after(event_at: datetime, key: str = "event", delay: timedelta = DAY, **fields: Any) -> Wish:
    due_at = after_event(event_at, delay, now=NOW)
    wish = Wish(
        kind=Kind.POST_EVENT, customer_id="user_456", key=key, event_at=event_at, due_at=due_at, because="a test"
    )
    return replace(wish, **fields)


def told(kind: str, *, at: datetime = NOW, id: str = "e1", **detail: Any) -> NewsArrived:
    return NewsArrived(id=id, time=at, **{"detail-type": kind}, detail=News(**detail))


def outreach(transaction: Transaction, job_id: str) -> dict[str, Any]:
    row = transaction.row(
        """select o.* from outreach as o join followups_jobs as j on j.outreach_id = o.outreach_id
           where job_id = :id""",
        id=job_id,
    )
    assert row is not None
    return row


def end(transaction: Transaction, job_id: str, *states: str) -> None:
    for state in states:
        transaction.run(
            """update outreach set state = :state, hold = null where outreach_id = (
                   select outreach_id from followups_jobs where job_id = :id)""",
            state=state, id=job_id,
        )  # fmt: skip


def test_a_follow_up_is_called_as_its_kind_its_customer_and_its_second(transaction: Transaction) -> None:
    customer(transaction)
    [planned] = planner(transaction).plan([after(EVENT)])
    assert planned.job_id == f"followup_user_456_{int((EVENT + DAY).timestamp())}"
    row = outreach(transaction, planned.job_id)
    assert (row["state"], row["purpose"], row["template"], row["due_at"]) == (
        "scheduled", "post_event", "post_event_neutral_emotion", EVENT + DAY,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("prefers", "phone", "goes_by"),
    [(None, "+919876543210", "email"), ("sms", "+919876543210", "sms"), ("sms", None, "email")],
)
def test_a_follow_up_goes_by_the_channel_that_they_prefer_where_that_reaches_them(
    transaction: Transaction, prefers: str | None, phone: str | None, goes_by: str
) -> None:
    customer(transaction, phone=phone)
    transaction.run("update customers set preferred_channel = :prefers", prefers=prefers)
    [planned] = planner(transaction).plan([after(EVENT)])
    assert outreach(transaction, planned.job_id)["channel"] == goes_by


@pytest.mark.parametrize("apart", [timedelta(0), HOUR, DAY, -DAY])
@pytest.mark.parametrize("delay", [DAY, timedelta(hours=36), timedelta(hours=48), timedelta(0)])
def test_events_within_a_day_are_followed_up_once_whatever_the_delay(
    transaction: Transaction, apart: timedelta, delay: timedelta
) -> None:
    customer(transaction)
    first, second = planner(transaction).plan([after(EVENT, "a", delay), after(EVENT + apart, "b", delay)])
    assert first.job_id is not None
    assert (second.job_id, second.because) == (
        None, "an event of theirs within the tolerance is followed up already",
    )  # fmt: skip


def test_events_further_apart_than_the_tolerance_are_both_followed_up(transaction: Transaction) -> None:
    customer(transaction)
    late = EVENT + DAY + timedelta(seconds=1)
    assert all(one.job_id for one in planner(transaction).plan([after(EVENT, "a"), after(late, "b")]))
    wide = planner(transaction, rules=Rules(tolerance=timedelta(days=2)))
    assert [one.job_id for one in wide.plan([after(late + DAY, "c")])] == [None]


def test_another_customer_and_another_kind_are_not_in_the_way(transaction: Transaction) -> None:
    customer(transaction)
    customer(transaction, "user_457")
    wishes = [after(EVENT), after(EVENT, customer_id="user_457"), after(EVENT, kind=Kind.EMOTION_BASED)]
    assert all(one.job_id for one in planner(transaction).plan(wishes))


def test_two_that_are_due_in_the_same_second_have_names_of_their_own(transaction: Transaction) -> None:
    customer(transaction)
    wishes = [
        Wish(kind=Kind.CUSTOM, customer_id="user_456", key=key, due_at=NOW + HOUR, body="b", because="a test")
        for key in "abc"
    ]
    names = [one.job_id for one in planner(transaction).plan(wishes)]
    second = int((NOW + HOUR).timestamp())
    assert names == [f"custom_user_456_{second}", f"custom_user_456_{second}_2", f"custom_user_456_{second}_3"]
    [again] = planner(transaction).plan(wishes[:1])
    assert again.job_id is None


def test_one_that_was_called_back_or_never_went_leaves_its_place(transaction: Transaction) -> None:
    customer(transaction)
    for states in (["cancelled"], ["skipped"], ["expired"], ["claimed", "failed"]):
        [planned] = planner(transaction).plan([after(EVENT)])
        assert planned.job_id is not None
        assert [one.job_id for one in planner(transaction).plan([after(EVENT)])] == [None]
        end(transaction, planned.job_id, *states)
    [planned] = planner(transaction).plan([after(EVENT)])
    assert planned.job_id is not None
    end(transaction, planned.job_id, "claimed", "sent")
    assert [one.job_id for one in planner(transaction).plan([after(EVENT)])] == [None]


def test_what_was_missed_goes_now_and_nothing_is_left_waiting_for_ever(transaction: Transaction) -> None:
    customer(transaction)
    [planned] = planner(transaction).plan([after(EVENT - timedelta(days=3))])
    assert planned.job_id is not None
    assert outreach(transaction, planned.job_id)["due_at"] == NOW


@pytest.mark.parametrize(
    ("scores", "template"),
    [
        ([], "post_event_neutral_emotion"),
        ([0.0, 0.0, 0.5], "post_event_low_emotion"),
        ([0.4], "post_event_neutral_emotion"),
        ([0.7, 0.7, 0.7], "post_event_high_emotion"),
        ([0.3, 0.8, 0.1], "post_event_neutral_emotion"),
        ([0.1, 0.6, 0.5], "post_event_neutral_emotion"),
        ([0.7], "post_event_high_emotion"),
        ([0.0, 0.9, 0.9, 0.9, 0.9, 0.9], "post_event_high_emotion"),
    ],
)
def test_the_template_follows_the_mean_of_the_last_five_and_the_worst_counts(
    transaction: Transaction, scores: list[float], template: str
) -> None:
    customer(transaction)
    feels(transaction, *scores)
    [planned] = planner(transaction).plan([after(EVENT, conversation_id="conv_1")])
    assert planned.job_id is not None
    row = outreach(transaction, planned.job_id)
    assert row["template"] == template
    cases = transaction.rows("select kind, role, due_at, otherwise from outreach_cases")
    low = template == "post_event_low_emotion"
    assert row["state"] == ("held" if low else "scheduled")
    assert [tuple(one.values()) for one in cases] == (
        [("low_emotion", "operator", NOW + 4 * HOUR, "send")] if low else []
    )


def feels(transaction: Transaction, *scores: float) -> None:
    """Oldest first."""
    for number, score in enumerate(scores):
        transaction.run(
            """insert into followups_emotions (emotion_id, customer_id, conversation_id, score, read_by, at)
               values (gen_random_uuid(), 'user_456', 'conv_1', :score, 'given', :at)""",
            score=score, at=NOW - DAY + timedelta(minutes=number),
        )  # fmt: skip


@given(st.lists(st.floats(0, 1), max_size=12))
def test_the_mean_is_of_five_at_most_and_lies_within_them(scores: list[float]) -> None:
    felt = mean(tuple(scores))
    assert (felt is None) == (not scores)
    if felt is not None:
        assert min(scores[:5]) - 1e-9 <= felt <= max(scores[:5]) + 1e-9


def test_an_event_that_moves_moves_its_follow_up_and_its_history_is_kept(transaction: Transaction) -> None:
    customer(transaction)
    read = reader(transaction).read
    assert read(told("BookingCompleted", booking_id="BK1", customer_id="user_456", ends_at=EVENT)).planned == 1
    assert read(told("BookingCompleted", booking_id="BK1", customer_id="user_456", ends_at=EVENT)).planned == 0
    [job] = PostgresJobs(transaction).of_booking("BK1")
    moved = reader(transaction, NOW + HOUR).read(
        told("BookingMoved", at=NOW + HOUR, booking_id="BK1", ends_at=EVENT + 5 * DAY)
    )
    assert moved.moved == 1
    assert outreach(transaction, job.job_id)["due_at"] == EVENT + 6 * DAY
    [history] = PostgresFollowUps(transaction).moves(job.job_id)
    assert (history["from_at"], history["to_at"]) == (EVENT + DAY, EVENT + 6 * DAY)
    late = told("BookingMoved", at=NOW - DAY, booking_id="BK1", ends_at=EVENT)
    assert reader(transaction).read(late).known


def test_an_event_that_moves_to_where_one_came_to_nothing_takes_its_place(transaction: Transaction) -> None:
    customer(transaction)
    first, second = planner(transaction).plan([after(EVENT, "a"), after(EVENT + 5 * DAY, "b")])
    end(transaction, str(first.job_id), "skipped")
    job = PostgresJobs(transaction).find(str(second.job_id))
    assert job is not None
    moved = planner(transaction).move(job, due_at=NOW + DAY, event_at=EVENT + HOUR, because="a test", by=None)
    assert (moved.status, outreach(transaction, job.job_id)["due_at"]) == (Status.DONE, NOW + DAY)


def test_of_two_events_that_move_together_one_is_followed_up_and_nothing_goes_before_it(
    transaction: Transaction,
) -> None:
    customer(transaction)
    for name, ends_at in (("BK1", EVENT + 9 * DAY), ("BK2", EVENT)):
        [planned] = planner(transaction).plan([after(ends_at, f"booking {name}", booking_id=name)])
        assert planned.job_id is not None
    [job] = PostgresJobs(transaction).of_booking("BK2")
    news = told("BookingMoved", booking_id="BK2", customer_id="user_456", ends_at=EVENT + 9 * DAY + HOUR)
    done = reader(transaction).read(news)
    assert (done.moved, done.cancelled) == (0, 1)
    assert outreach(transaction, job.job_id)["state"] == "cancelled"


def test_an_event_that_is_cancelled_cancels_its_follow_up(transaction: Transaction) -> None:
    customer(transaction)
    read = reader(transaction).read
    read(told("BookingCompleted", booking_id="BK1", customer_id="user_456", ends_at=EVENT))
    [job] = PostgresJobs(transaction).of_booking("BK1")
    assert read(told("BookingCancelled", booking_id="BK1")).cancelled == 1
    assert outreach(transaction, job.job_id)["state"] == "cancelled"
    row = PostgresFollowUps(transaction).find(job.job_id)
    assert row is not None
    assert (row["status"], row["cancelled_at"]) == ("cancelled", NOW)
    assert read(told("BookingCancelled", booking_id="BK1")).cancelled == 0


def test_whoever_books_is_not_asked_to_come_back(transaction: Transaction) -> None:
    customer(transaction)
    wish = news.reengagement("user_456", NOW - timedelta(days=40), Rules().inactive, now=NOW)
    [planned] = planner(transaction).plan([wish])
    assert planned.job_id is not None
    booked = told("BookingMoved", booking_id="BK2", customer_id="user_456", ends_at=NOW + 9 * DAY)
    assert reader(transaction).read(booked).cancelled == 1
    assert outreach(transaction, planned.job_id)["state"] == "cancelled"


def test_an_emotion_rewrites_what_waits_and_a_bad_one_calls_a_person(transaction: Transaction) -> None:
    customer(transaction)
    [planned] = planner(transaction).plan([after(EVENT, conversation_id="conv_1")])
    assert planned.job_id is not None
    read = reader(transaction).read
    good = told("EmotionRecorded", id="e1", customer_id="user_456", conversation_id="conv_1", score=0.9)
    assert (read(good).rewritten, read(good).known) == (1, True)
    assert outreach(transaction, planned.job_id)["template"] == "post_event_high_emotion"
    bad = told("EmotionRecorded", id="e2", customer_id="user_456", conversation_id="conv_1", score=0.0)
    feels(transaction, 0.0, 0.0, 0.0)
    done = read(bad)
    assert (done.planned, done.rewritten) == (1, 1)
    assert outreach(transaction, planned.job_id)["template"] == "post_event_low_emotion"
    assert transaction.rows("select kind from outreach_cases") == [{"kind": "low_emotion"}]
    [check_in] = [job for job in PostgresJobs(transaction).waiting("user_456", Kind.EMOTION_BASED)]
    assert check_in.template == "emotion_check_in"


def test_the_long_inactive_are_asked_back_once_in_their_next_window_and_spread(transaction: Transaction) -> None:
    for number in range(30):
        customer(
            transaction, f"gone_{number}", last_active_on=(NOW - timedelta(days=31)).date(), zone="Asia/Kolkata"
        )
    customer(transaction, "here", last_active_on=(NOW - timedelta(days=3)).date())
    customer(transaction, "says_no", last_active_on=(NOW - timedelta(days=99)).date(), marketing_consent=False)
    night = NOW.replace(hour=17)
    store, rules = PostgresInactive(transaction), Rules()
    last = (night - rules.inactive).date()
    people = store.since(last, limit=100, zone=UTC)
    assert len(people) == 30
    planned = planner(transaction, night).plan(list(news.inactive_wishes(people, rules.inactive, now=night)))
    due = [outreach(transaction, str(one.job_id))["due_at"] for one in planned]
    opens = datetime(2025, 11, 17, 3, 30, tzinfo=UTC)  # nine in the morning in Kolkata
    assert all(opens <= moment <= opens + HOUR for moment in due)
    assert len(set(due)) > 25
    assert store.since(last, limit=100, zone=UTC) == []
    assert (store.count(last, zone=UTC), store.planned_since(NOW - DAY)) == (31, 30)


def test_who_came_back_by_themselves_is_found(transaction: Transaction) -> None:
    customer(transaction, last_active_on=(NOW - timedelta(days=40)).date())
    wish = news.reengagement("user_456", NOW - timedelta(days=40), Rules().inactive, now=NOW)
    [planned] = planner(transaction).plan([wish])
    store = PostgresInactive(transaction)
    assert store.came_back(zone=UTC) == []
    transaction.run("update customers set last_active_on = :on", on=NOW.date())
    assert [job.job_id for job in store.came_back(zone=UTC)] == [planned.job_id]


def test_old_follow_ups_go_and_what_was_decided_stays(transaction: Transaction) -> None:
    customer(transaction)
    wishes = [after(EVENT + number * 3 * DAY, str(number)) for number in range(2)]
    old, waits = (str(one.job_id) for one in planner(transaction).plan(wishes))
    end(transaction, old, "claimed", "sent")
    store = PostgresInactive(transaction)
    assert store.tidy(EVENT, limit=10) == 0
    assert store.tidy(EVENT + 99 * DAY, limit=10) == 1
    assert PostgresJobs(transaction).find(old) is None
    assert PostgresJobs(transaction).find(waits) is not None
    facts = transaction.rows(
        "select facts ->> 'job_id' as id from journal_decisions where capability = 'followups'"
    )
    assert {row["id"] for row in facts} == {old, waits}
    assert transaction.row("select count(*) as n from outreach where customer_id = 'user_456'") == {"n": 2}


def test_each_customer_waits_their_own_time_within_an_hour() -> None:
    wishes = [replace(after(EVENT), customer_id=f"C{number}") for number in range(500)]
    waits = [jitter(wish) for wish in wishes]
    assert all(timedelta(0) <= one < HOUR for one in waits)
    assert waits == [jitter(wish) for wish in wishes]
    assert 1500 < sum(one.total_seconds() for one in waits) / 500 < 2100


def test_the_words_of_the_view_are_those_of_the_model(transaction: Transaction) -> None:
    customer(transaction)
    ways: dict[State, list[str]] = {
        State.SCHEDULED: [], State.HELD: ["held"], State.CLAIMED: ["claimed"],
        State.UNKNOWN: ["claimed", "unknown"],
        State.SENT: ["claimed", "sent"], State.DELIVERED: ["claimed", "sent", "delivered"],
        State.CANCELLED: ["cancelled"], State.SKIPPED: ["skipped"], State.EXPIRED: ["expired"],
        State.FAILED: ["claimed", "failed"], State.REVIEW: ["claimed", "unknown", "review"],
    }  # fmt: skip
    assert set(ways) == set(State) == set(STATUS)
    for number, (state, moves) in enumerate(ways.items()):
        [planned] = planner(transaction).plan([after(EVENT + number * 3 * DAY, str(number))])
        end(transaction, str(planned.job_id), *moves)
        row = PostgresFollowUps(transaction).find(str(planned.job_id))
        assert row is not None
        assert (row["state"], row["status"]) == (state, STATUS[state])


MONITORING = (
    "SELECT COUNT(*) FROM scheduled_followups WHERE status = 'pending'",
    "SELECT COUNT(*) FROM scheduled_followups WHERE DATE(executed_at) = CURRENT_DATE",
    "SELECT COUNT(*) FROM scheduled_followups WHERE status = 'failed'",
    "SELECT AVG(EXTRACT(EPOCH FROM (executed_at - scheduled_at))) FROM scheduled_followups"
    " WHERE executed_at IS NOT NULL",
    "SELECT COUNT(*) FROM scheduled_followups;",
)


@pytest.mark.parametrize("query", MONITORING)
def test_monitoring_that_reads_the_table_of_follow_ups_goes_on(transaction: Transaction, query: str) -> None:
    customer(transaction)
    planner(transaction).plan([after(EVENT)])
    [row] = transaction.rows(query)
    assert next(iter(row.values())) in (None, 0, 1)


@pytest.fixture
def shared(database: PostgresDatabase, postgres: Postgres) -> Iterator[PostgresDatabase]:
    with database.transaction() as transaction:
        customer(transaction, "many_at_once")
    yield database
    forget(postgres, "followups_jobs", "customer_id = 'many_at_once'")
    forget(postgres, "outreach", "customer_id = 'many_at_once'")
    forget(postgres, "journal_decisions", "customer_id = 'many_at_once'")
    forget(postgres, "customers", "customer_id = 'many_at_once'")


def test_of_many_who_ask_at_once_one_is_told_the_name(shared: PostgresDatabase, postgres: Postgres) -> None:
    start, names = threading.Barrier(8), []

    def ask(number: int) -> None:
        wish = after(EVENT + number * HOUR, str(number), customer_id="many_at_once")
        mine = PostgresDatabase(lambda: connect(postgres))
        start.wait()
        with mine.transaction() as transaction:
            [planned] = planner(transaction).plan([wish])
        names.append(planned.job_id)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([name for name in names if name is not None]) == 1


def test_of_two_that_move_to_one_place_at_once_the_second_is_told(
    shared: PostgresDatabase, postgres: Postgres
) -> None:
    with shared.transaction() as transaction:
        wishes = [after(EVENT + days * DAY, str(days), customer_id="many_at_once") for days in (5, 9)]
        jobs = [planner(transaction).jobs.find(one.job_id or "") for one in planner(transaction).plan(wishes)]
    to, answers = EVENT + 20 * DAY, []

    def move(job: Job | None, transaction: Transaction) -> None:
        assert job is not None
        answers.append(
            planner(transaction).move(job, due_at=to + DAY, event_at=to, because="a test", by=None).status
        )

    def second() -> None:
        with PostgresDatabase(lambda: connect(postgres)).transaction() as transaction:
            move(jobs[1], transaction)

    def waits() -> bool:
        with beside.transaction() as looking:
            return bool(looking.rows("select from pg_stat_activity where wait_event_type = 'Lock'"))

    thread, beside = threading.Thread(target=second), PostgresDatabase(lambda: connect(postgres))
    with shared.transaction() as transaction:
        move(jobs[0], transaction)
        thread.start()
        assert wait_until(waits, seconds=20)
    thread.join()
    assert answers == [Status.DONE, Status.FAILED]


def test_news_of_somebody_who_is_not_there_wait_and_leave_nothing(transaction: Transaction) -> None:
    for one in (
        told("BookingCompleted", booking_id="BK1", customer_id="nobody", ends_at=EVENT),
        told("EmotionRecorded", customer_id="nobody", score=0.1),
    ):
        with pytest.raises(NotFoundError, match="import them"):
            reader(transaction).read(one)
    for table in ("followups_bookings", "followups_emotions", "followups_jobs"):
        assert transaction.row(f"select count(*) as n from {table} where customer_id = 'nobody'") == {"n": 0}


@pytest.mark.parametrize("ends_at", [datetime(9999, 12, 31, 23, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)])
def test_a_booking_of_no_time_that_can_be_reckoned_with_is_refused_by_its_field(ends_at: datetime) -> None:
    with pytest.raises(ValidationError, match=r"ends_at\n.*between the years 1970 and 9000"):
        told("BookingCompleted", booking_id="BK1", customer_id="user_456", ends_at=ends_at)


def test_news_that_come_again_undo_nothing_that_a_person_did(transaction: Transaction) -> None:
    customer(transaction)
    over = told("BookingCompleted", booking_id="BK1", customer_id="user_456", ends_at=EVENT)
    reader(transaction).read(over)
    [job] = PostgresJobs(transaction).of_booking("BK1")
    planner(transaction).call_back(job, because="a person called it back", by="asha")
    again = reader(transaction).read(over)
    assert (again.known, again.planned) == (True, 0)
    moved = told("BookingMoved", booking_id="BK1", ends_at=EVENT + 9 * DAY)
    assert not reader(transaction).read(moved).known, "two things may happen in one second"
