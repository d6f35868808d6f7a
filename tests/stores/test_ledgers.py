"""The ledgers of runs, outreach and decisions against the real database."""

from datetime import UTC, datetime, timedelta

import pytest
from pg8000.exceptions import DatabaseError

from beforehand.adapters.postgres import Transaction
from beforehand.errors import NotFoundError
from beforehand.ids import from_content, uuid7
from beforehand.journal.model import Decision
from beforehand.journal.store import PostgresJournal
from beforehand.names import Schedule
from beforehand.outreach.model import Channel, Proposal, Purpose
from beforehand.outreach.store import PostgresOutreach
from beforehand.results import Status
from beforehand.schedules.model import Opened
from beforehand.schedules.store import ABANDONED_AFTER, PostgresRuns

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)


def open_run(transaction: Transaction, execution: str, *, due_at: datetime = NOW, now: datetime = NOW) -> Opened:
    runs = PostgresRuns(transaction)
    return runs.open(schedule=Schedule.CHURN_SCAN, due_at=due_at, execution=execution, options={}, now=now)


def test_a_due_time_belongs_to_one_execution(transaction: Transaction) -> None:
    first = open_run(transaction, "one")
    assert first.claimed
    assert open_run(transaction, "one") == first
    second = open_run(transaction, "two")
    assert not second.claimed
    assert "another execution has the run" in second.because
    assert second.run_id == first.run_id


def test_the_same_moment_in_another_zone_is_the_same_due_time(transaction: Transaction) -> None:
    open_run(transaction, "one")
    india = NOW.astimezone(tz=__import__("zoneinfo").ZoneInfo("Asia/Kolkata"))
    assert not open_run(transaction, "two", due_at=india).claimed


def test_totals_count_finished_runs(transaction: Transaction) -> None:
    runs = PostgresRuns(transaction)
    for minute, proposed in ((0, 3), (5, 4)):
        run = open_run(transaction, str(minute), due_at=NOW + timedelta(minutes=minute))
        runs.finish(run.run_id, statistics={"proposed": proposed}, now=NOW)
        runs.finish(run.run_id, statistics={"proposed": 100}, now=NOW)
    open_run(transaction, "unfinished", due_at=NOW + timedelta(minutes=10))
    totals = runs.totals(Schedule.CHURN_SCAN)
    assert (totals.scans, totals.proposed) == (2, 7)


def test_a_run_that_never_ended_is_marked(transaction: Transaction) -> None:
    lost = open_run(transaction, "lost")
    later = NOW + ABANDONED_AFTER + timedelta(seconds=1)
    open_run(transaction, "next", due_at=later, now=later)
    assert PostgresRuns(transaction).get(lost.run_id).state == "abandoned"


def test_an_abandoned_run_is_taken_over_by_who_asks_for_it(transaction: Transaction) -> None:
    lost = open_run(transaction, "lost")
    assert not open_run(transaction, "another", now=NOW + ABANDONED_AFTER).claimed
    later = NOW + ABANDONED_AFTER + timedelta(seconds=1)
    taken = open_run(transaction, "another", now=later)
    assert (taken.claimed, taken.run_id) == (True, lost.run_id)
    assert PostgresRuns(transaction).get(lost.run_id).state == "running"
    assert not open_run(transaction, "lost", now=later).claimed


def test_a_run_that_is_not_there_is_said_so(transaction: Transaction) -> None:
    with pytest.raises(NotFoundError, match="There is no run"):
        PostgresRuns(transaction).get(uuid7(NOW))


def proposal(**changes: object) -> Proposal:
    given = {
        "customer_id": "C1", "purpose": Purpose.CHURN_INTERVENTION, "cycle": "2026-01-15", "step": 0,
        "channel": Channel.EMAIL, "priority": 85, "due_at": NOW, "not_after": NOW + timedelta(days=7),
        "language": "en", "subject": "s", "body": "b", "because": "they are leaving", "run_id": None,
    }  # fmt: skip
    return Proposal(**{**given, **changes})


def test_a_proposal_becomes_one_outreach_however_often_it_is_made(transaction: Transaction) -> None:
    desk = PostgresOutreach(transaction)
    first, again, other = desk.propose([proposal(), proposal(body="c"), proposal(customer_id="C2")], now=NOW)
    assert (first.status, again.status, other.status) == (Status.DONE, Status.SKIPPED, Status.DONE)
    found = transaction.rows("select outreach_id, body from outreach where customer_id = 'C1'")
    assert found == [{"outreach_id": proposal().outreach_id, "body": "b"}]


def decision() -> Decision:
    return Decision(
        decided_at=NOW, capability="churn", kind="scan", action="propose", because="b", rule="r",
        customer_id="C1", run_id=from_content("run"), facts={"health": 32.5},
    )  # fmt: skip


def test_a_decision_is_entered_once(transaction: Transaction) -> None:
    PostgresJournal(transaction).record([decision(), decision()])
    assert transaction.rows("select facts ->> 'health' as health from journal_decisions") == [{"health": "32.5"}]


@pytest.mark.parametrize("change", ["delete from journal_decisions", "update journal_decisions set because = ''"])
def test_no_function_may_change_the_journal(transaction: Transaction, change: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"):
        transaction.run(change)


def test_ids_sort_by_when_they_were_made() -> None:
    early, late = uuid7(NOW), uuid7(NOW + timedelta(milliseconds=1))
    assert early < late
    assert (early.version, early.variant) == (7, "specified in RFC 4122")
