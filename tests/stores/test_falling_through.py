"""Cases that nobody takes fall through to what was said for that, once, against the real database."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pg8000.exceptions import DatabaseError

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.journal.audit_store import PostgresAudit
from beforehand.outreach import casework
from beforehand.outreach.cases import NOBODY, Answer, Case, Kind, Move, Person, Role, State
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.model import Channel, Proposal, Purpose
from beforehand.outreach.person_first import PersonFirst, low_emotion, person_first, propose_first
from beforehand.outreach.store import PostgresOutreach
from beforehand.results import Status
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect, forget
from tests.outreach.desk import Desk

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
UNTIL = NOW + timedelta(hours=4)
ASHA = Person(name="asha@example.com", role=Role.OPERATOR)
PROPOSAL = Proposal(
    customer_id="F1", purpose=Purpose.POST_EVENT, cycle="B-17", step=0, channel=Channel.EMAIL, priority=50,
    due_at=NOW + timedelta(hours=1), not_after=NOW + timedelta(days=3), language="en", subject="s", body="b",
    because="c", run_id=None,
)  # fmt: skip
WISH = low_emotion(PROPOSAL, because="felt 0.17 of 1", now=NOW)
CASE_ID, MESSAGE = WISH.case.case_id, PROPOSAL.outreach_id


def planned(transaction: Transaction, *wishes: PersonFirst) -> None:
    made = propose_first(
        wishes or (WISH,), outreach=PostgresOutreach(transaction), cases=PostgresCases(transaction), now=NOW
    )
    assert {one.status for one in made} == {Status.DONE}


def fall(transaction: Transaction, at: datetime = UNTIL, limit: int = 100) -> list[Move]:
    return casework.fall_through(
        cases=PostgresCases(transaction), desk=PostgresOutreach(transaction), audit=PostgresAudit(transaction),
        now=at, task="outreach_claim", limit=limit,
    )  # fmt: skip


def message(transaction: Transaction) -> dict[str, Any]:
    found = transaction.row(
        "select state, hold, due_at, next_at, state_because from outreach where outreach_id = :id", id=MESSAGE
    )
    assert found is not None
    return found


def case(transaction: Transaction) -> Case:
    return PostgresCases(transaction).get(CASE_ID)


def take(transaction: Transaction, at: datetime = NOW) -> Move:
    return casework.take(CASE_ID, by=ASHA, cases=PostgresCases(transaction), now=at)


def entries(transaction: Transaction) -> list[dict[str, Any]]:
    return transaction.rows("select * from journal_audit where subject_id = :id order by at", id=str(CASE_ID))


def test_a_gentle_message_goes_where_nobody_saw_to_somebody_in_four_hours(transaction: Transaction) -> None:
    planned(transaction)
    assert (message(transaction)["state"], message(transaction)["hold"]) == ("held", "person")
    assert (case(transaction).kind, case(transaction).due_at) == (Kind.LOW_EMOTION, UNTIL)
    assert fall(transaction, UNTIL - timedelta(seconds=1)) == []
    [move] = fall(transaction)
    because = "nobody took its case by 2026-01-15 13:00 UTC, so the message goes"
    assert (move.status, move.because) == (Status.DONE, because)
    assert message(transaction) == {
        "state": "scheduled", "hold": None, "due_at": UNTIL, "next_at": UNTIL, "state_because": because,
    }  # fmt: skip
    ended = case(transaction)
    assert (ended.state, ended.done_by, ended.done_at, ended.answer) == (State.DONE, NOBODY, UNTIL, Answer.SEND)
    assert fall(transaction) == []
    [entry] = entries(transaction)
    assert (entry["who"], entry["role"], entry["action"]) == ("outreach_claim", None, "case.fall_through")
    assert (entry["before"], entry["because"]) == (
        {
            "state": "open",
            "answer": None,
        },
        because,
    )


def test_a_message_that_is_due_later_goes_when_it_is_due(transaction: Transaction) -> None:
    due = NOW + timedelta(days=1)
    planned(transaction, low_emotion(replace(PROPOSAL, due_at=due), because="c", now=NOW))
    fall(transaction)
    assert (message(transaction)["due_at"], message(transaction)["next_at"]) == (due, due)


def test_a_default_may_withdraw_the_message_as_well(transaction: Transaction) -> None:
    planned(
        transaction,
        person_first(
            PROPOSAL, kind=Kind.APPROVAL, subject="Approve it", because="c", now=NOW, within=timedelta(hours=4),
            otherwise=Answer.DISMISSED,
        ),
    )  # fmt: skip
    [move] = fall(transaction)
    assert move.because == "nobody took its case by 2026-01-15 13:00 UTC, so nothing is sent"
    assert (message(transaction)["state"], message(transaction)["state_because"]) == ("cancelled", move.because)
    assert move.case.answer is Answer.DISMISSED


def test_a_case_that_somebody_has_does_not_fall_through_and_is_overdue(transaction: Transaction) -> None:
    planned(transaction)
    take(transaction)
    assert fall(transaction, UNTIL + timedelta(days=1)) == []
    assert message(transaction)["state"] == "held"
    assert case(transaction).is_overdue(UNTIL + timedelta(seconds=1))
    given = casework.give_back(CASE_ID, by=ASHA, cases=PostgresCases(transaction), now=UNTIL)
    assert given.because.endswith("its time is over, so unless somebody takes it at once, the message goes")
    assert [one.case.case_id for one in fall(transaction)] == [CASE_ID]


@pytest.mark.parametrize("state", ["cancelled", "expired", "sent", "review"])
def test_where_the_message_cannot_go_any_more_a_person_is_asked_after_all(
    transaction: Transaction, state: str
) -> None:
    """Above all, what may have been sent is not sent again because nobody looked at another case of theirs."""
    planned(transaction)
    way = {"sent": ("claimed", "sent"), "review": ("claimed", "unknown", "review")}.get(state, (state,))
    for step in way:
        transaction.run("update outreach set state = :step where outreach_id = :id", step=step, id=MESSAGE)
    [move] = fall(transaction)
    assert move.status is Status.FAILED
    assert move.because.startswith("nobody took it in time, and the message cannot go any more: ")
    assert message(transaction)["state"] == state
    left = case(transaction)
    assert (left.state, left.otherwise_because, left.told_otherwise()) == (State.OPEN, move.because, move.because)
    assert fall(transaction) == [], "it is tried once, and keeps no other from its turn"
    assert [entry["because"] for entry in entries(transaction)] == [move.because]
    assert take(transaction).status is Status.DONE


def test_only_so_many_fall_through_in_one_tick_those_that_waited_longest_first(transaction: Transaction) -> None:
    wishes = [
        low_emotion(replace(PROPOSAL, customer_id=f"F{n}"), because="c", now=NOW - timedelta(minutes=n))
        for n in range(3)
    ]
    planned(transaction, *wishes)
    seen = [one.case.customer_id for _ in range(3) for one in fall(transaction, limit=2)]
    assert seen == ["F2", "F1", "F0"]


def test_what_is_planned_already_gets_no_second_case(transaction: Transaction) -> None:
    planned(transaction)
    fall(transaction)
    [again] = propose_first(
        [WISH], outreach=PostgresOutreach(transaction), cases=PostgresCases(transaction), now=UNTIL
    )
    assert again.status is Status.SKIPPED
    assert transaction.row("select count(*) as n from outreach_cases where customer_id = 'F1'") == {"n": 1}


def test_the_gate_looks_at_a_message_that_fell_through_as_at_any_other(transaction: Transaction) -> None:
    desk = Desk(transaction)
    planned(transaction)
    assert desk.ledger.due(Channel.EMAIL, now=UNTIL, limit=10) == []
    fall(transaction)
    assert [one.outreach_id for one in desk.ledger.due(Channel.EMAIL, now=UNTIL, limit=10)] == [MESSAGE]


@pytest.mark.parametrize(
    "change",
    [
        "otherwise = 'send', otherwise_at = null",
        "otherwise = null",
        "otherwise = 'handled'",
        "otherwise_at = opened_at - interval '1 second'",
        "kind = 'review'",
        "outreach_id = null",
    ],
)
def test_the_database_refuses_a_default_that_makes_no_sense(transaction: Transaction, change: str) -> None:
    planned(transaction)
    with pytest.raises(DatabaseError) as refused:
        transaction.run(f"update outreach_cases set {change} where case_id = :id", id=CASE_ID)
    assert refused.value.args[0]["C"] == "23514"


def test_a_case_that_is_done_stays_done_whoever_comes_late(transaction: Transaction) -> None:
    planned(transaction)
    fall(transaction)
    with pytest.raises(DatabaseError, match="a case that is done stays done"):
        transaction.run("update outreach_cases set state = 'open' where case_id = :id", id=CASE_ID)


def test_a_look_where_nothing_falls_through_reads_an_index_alone(transaction: Transaction) -> None:
    transaction.run("set local enable_seqscan = off")
    transaction.run("set local enable_sort = off")  # of an empty table any index will do, and a sort costs nothing
    plan = transaction.rows(
        """explain select case_id from outreach_cases
           where state = 'open' and otherwise is not null and otherwise_because is null and otherwise_at <= now()
           order by otherwise_at, case_id limit 200 for update skip locked"""
    )
    assert "outreach_cases_otherwise" in str(plan)


@pytest.fixture
def kept(postgres: Postgres, database: PostgresDatabase) -> Iterator[None]:
    with database.transaction() as transaction:
        planned(transaction)
    yield
    for table in ("outreach_cases", "outreach", "journal_audit"):
        forget(postgres, table, "customer_id = 'F1'")


@contextmanager
def at_work(postgres: Postgres) -> Iterator[Transaction]:
    with PostgresDatabase(lambda: connect(postgres)).transaction() as transaction:
        yield transaction


@pytest.mark.usefixtures("kept")
def test_in_two_processes_at_once_it_is_one_effect(postgres: Postgres, database: PostgresDatabase) -> None:
    start = threading.Barrier(4)

    def tick() -> int:
        with at_work(postgres) as own:
            start.wait()
            return len(fall(own))

    with ThreadPoolExecutor(4) as processes:
        fallen = [one.result() for one in [processes.submit(tick) for _ in range(4)]]
    assert sum(fallen) == 1
    with database.transaction() as transaction:
        assert (len(entries(transaction)), message(transaction)["state"]) == (1, "scheduled")


@pytest.mark.usefixtures("kept")
def test_a_tick_that_dies_leaves_the_case_to_the_next(postgres: Postgres, database: PostgresDatabase) -> None:
    dying = connect(postgres)
    dying.run("begin")
    assert len(fall(Transaction(dying))) == 1
    dying.close()
    with database.transaction() as transaction:
        transaction.run("set local lock_timeout = '5s'")
        assert case(transaction).state is State.OPEN
    with at_work(postgres) as waited:
        # Until the server has seen that the other is gone.
        waited.run("select from outreach_cases where case_id = :id for update", id=CASE_ID)
    with database.transaction() as transaction:
        assert [one.status for one in fall(transaction)] == [Status.DONE]
        assert (len(entries(transaction)), case(transaction).answer) == (1, Answer.SEND)


@pytest.mark.usefixtures("kept")
def test_a_case_that_somebody_is_just_taking_is_left_to_them(postgres: Postgres) -> None:
    with at_work(postgres) as person:
        assert take(person, UNTIL).status is Status.DONE
        with at_work(postgres) as tick:
            assert fall(tick) == []
    with at_work(postgres) as later:
        assert fall(later) == []
        assert message(later)["state"] == "held"


@pytest.mark.usefixtures("kept")
def test_whoever_comes_while_it_falls_through_waits_and_is_told(postgres: Postgres) -> None:
    def late() -> Move:
        with at_work(postgres) as own:
            return take(own, UNTIL)

    with ThreadPoolExecutor(1) as another, at_work(postgres) as tick:
        assert len(fall(tick)) == 1
        asking = another.submit(late)
        tick.run("commit")
        move = asking.result(10)
        tick.run("begin")
    assert (move.status, move.because) == (
        Status.FAILED, "nobody took it by 2026-01-15 13:00 UTC, so the message goes",
    )  # fmt: skip
