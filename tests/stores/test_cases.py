"""Cases against the real database: one for each occasion, one taker, and the message that waits for them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.errors import NotFoundError
from beforehand.ids import from_content, uuid7
from beforehand.outreach import casework
from beforehand.outreach.cases import Answer, Kind, Move, NewCase, Person, Role, State
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.model import Channel, Proposal, Purpose
from beforehand.outreach.store import PostgresOutreach
from beforehand.results import Status
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect, forget

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
ASHA = Person(name="asha@example.com", role=Role.OPERATOR)
RAVI = Person(name="ravi@example.com", role=Role.OPERATOR)
HELD = Proposal(
    customer_id="C1", purpose=Purpose.CHURN_INTERVENTION, cycle="2026-01-15", step=0, channel=Channel.EMAIL,
    priority=85, due_at=NOW, not_after=NOW + timedelta(days=7), language="en", subject="s", body="b", because="c",
    run_id=None, held=True,
)  # fmt: skip
CASE = NewCase(
    kind=Kind.ESCALATION, customer_id="C1", cycle="2026-01-15", outreach_id=HELD.outreach_id,
    run_id=from_content("run"), role=Role.OPERATOR, subject="Take over C1", because="a VIP's risk is critical",
    priority=85, due_at=NOW + timedelta(hours=2),
)  # fmt: skip


def opened(transaction: Transaction, *, held: Proposal = HELD) -> UUID:
    PostgresOutreach(transaction).propose([held], now=NOW)
    PostgresCases(transaction).open([CASE], now=NOW)
    return CASE.case_id


def take(transaction: Transaction, by: Person = ASHA) -> Move:
    return casework.take(CASE.case_id, by=by, cases=PostgresCases(transaction), now=NOW)


def finish(transaction: Transaction, answer: Answer, by: Person = ASHA, now: datetime = NOW) -> Move:
    return casework.finish(
        CASE.case_id, by=by, answer=answer, cases=PostgresCases(transaction), desk=PostgresOutreach(transaction),
        now=now,
    )  # fmt: skip


def state_of_message(transaction: Transaction) -> object:
    row = transaction.row("select state from outreach where outreach_id = :id", id=HELD.outreach_id)
    return row and row["state"]


def test_an_occasion_has_one_case_however_often_it_is_opened(transaction: Transaction) -> None:
    cases = PostgresCases(transaction)
    first, again = cases.open([CASE, replace(CASE, priority=1)], now=NOW)
    assert (first.status, again.status) == (Status.DONE, Status.SKIPPED)
    assert again.because == "the escalation of 2026-01-15 has its case already"
    kept = cases.get(CASE.case_id)
    assert (kept.priority, kept.state, kept.due_at, kept.opened_at) == (85, State.OPEN, CASE.due_at, NOW)


def test_a_case_that_is_not_there_is_said_so(transaction: Transaction) -> None:
    with pytest.raises(NotFoundError, match="There is no case"):
        PostgresCases(transaction).get(uuid7(NOW))


def test_of_two_who_take_it_at_once_one_wins_and_the_other_is_told_who(
    postgres: Postgres, database: PostgresDatabase
) -> None:
    with database.transaction() as transaction:
        opened(transaction)
    start = Barrier(2)

    def attempt(by: Person) -> Move:
        own = PostgresDatabase(lambda: connect(postgres))
        with own.transaction() as transaction:
            start.wait()
            return casework.take(CASE.case_id, by=by, cases=PostgresCases(transaction), now=NOW)

    try:
        with ThreadPoolExecutor(2) as people:
            moves = list(people.map(attempt, (ASHA, RAVI)))
        (won,) = [move for move in moves if move.status is Status.DONE]
        (lost,) = [move for move in moves if move.status is Status.FAILED]
        assert lost.because == f"{won.case.taken_by} has it"
        with database.transaction() as transaction:
            assert PostgresCases(transaction).get(CASE.case_id).taken_by == won.case.taken_by
    finally:
        for table in ("outreach_cases", "outreach"):
            forget(postgres, table, "customer_id = 'C1'")


@pytest.mark.parametrize(
    ("answer", "state"),
    [(Answer.HANDLED, "cancelled"), (Answer.DISMISSED, "cancelled"), (Answer.SEND, "scheduled")],
)
def test_the_answer_says_what_becomes_of_the_message(transaction: Transaction, answer: Answer, state: str) -> None:
    opened(transaction)
    assert state_of_message(transaction) == "held"
    assert take(transaction).status is Status.DONE
    assert finish(transaction, answer).status is Status.DONE
    assert state_of_message(transaction) == state
    assert PostgresCases(transaction).get(CASE.case_id).answer is answer


def test_a_message_that_is_too_old_does_not_go_and_the_case_stays(transaction: Transaction) -> None:
    opened(transaction)
    take(transaction)
    move = finish(transaction, Answer.SEND, now=HELD.not_after)
    assert (move.status, move.case.state) == (Status.FAILED, State.TAKEN)
    assert move.because == "the message cannot go any more: had to go before 2026-01-22 09:00 UTC"
    assert PostgresCases(transaction).get(CASE.case_id).state is State.TAKEN
    assert finish(transaction, Answer.HANDLED, now=HELD.not_after).status is Status.DONE


def test_what_went_already_is_never_sent_again(transaction: Transaction) -> None:
    opened(transaction, held=replace(HELD, held=False))
    take(transaction)
    for state in ("claimed", "sent"):
        transaction.run("update outreach set state = :state", state=state)
    assert finish(transaction, Answer.SEND).because == "the message cannot go any more: is sent"
    assert finish(transaction, Answer.HANDLED).status is Status.DONE
    assert state_of_message(transaction) == "sent"


def test_the_same_answer_twice_is_one_answer(transaction: Transaction) -> None:
    opened(transaction)
    take(transaction)
    assert [finish(transaction, Answer.HANDLED).status for _ in range(2)] == [Status.DONE, Status.SKIPPED]
    assert take(transaction, RAVI).because == "asha@example.com has done it: handled"


def test_what_is_done_is_never_overdue(transaction: Transaction) -> None:
    opened(transaction)
    late, cases = NOW + timedelta(days=9), PostgresCases(transaction)
    assert len(cases.page(state=None, after=None, limit=9, due_before=late)) == 1
    take(transaction)
    finish(transaction, Answer.HANDLED)
    [case] = cases.page(state=State.DONE, after=None, limit=9)
    assert not case.is_overdue(late)
    assert cases.page(state=State.DONE, after=None, limit=9, due_before=late) == []


def test_cases_are_read_page_by_page_in_the_order_in_which_they_are_due(transaction: Transaction) -> None:
    cases = PostgresCases(transaction)
    due = [CASE.due_at + timedelta(hours=hours) for hours in (3, 1, 1, 2)]
    cases.open([replace(CASE, customer_id=f"C{n}", due_at=at) for n, at in enumerate(due)], now=NOW)
    seen, after = [], None
    while page := cases.page(state=None, after=after, limit=3):
        seen += page
        after = (page[-1].due_at, page[-1].case_id)
    assert [case.due_at for case in seen] == sorted(due)
    cases.keep(replace(seen[0], state=State.DONE, done_by="a", done_at=NOW, answer=Answer.HANDLED))
    assert len(cases.page(state=None, after=None, limit=10)) == 3
    assert [case.case_id for case in cases.page(state=State.DONE, after=None, limit=10)] == [seen[0].case_id]
