"""The outbox on the real database: committed with the change that wants it, or not at all."""

from datetime import UTC, datetime, timedelta

import pytest

from beforehand.adapters.postgres import PostgresDatabase, Row, Transaction
from beforehand.outbox.model import Added, Command, InvalidCommandError, Outcome, State
from beforehand.outbox.scans import start_scan
from beforehand.outbox.store import PostgresOutbox

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
COMMAND = start_scan(NOW)


def add(transaction: Transaction, command: Command = COMMAND, *, now: datetime = NOW) -> Added:
    return PostgresOutbox(transaction).add(command, now=now)


def copy(transaction: Transaction) -> None:
    outbox = PostgresOutbox(transaction)
    outbox.copied(outbox.pending(limit=10), now=NOW)


def learn(transaction: Transaction, ended: State | None, *, attempts: int = 1, round: int = 1) -> None:
    outcome = Outcome(command_id=COMMAND.command_id, ended=ended, attempts=attempts, because="so it went")
    PostgresOutbox(transaction).learned(outcome, round=round, now=NOW)


def seen(transaction: Transaction) -> Row:
    (row,) = transaction.rows("select * from outbox_v_commands")
    return row


def test_a_command_waits_to_be_copied(transaction: Transaction) -> None:
    added = add(transaction)
    assert (added.added, added.state, added.command_id) == (True, State.PENDING, COMMAND.command_id)
    row = seen(transaction)
    assert (row["kind"], row["payload"], row["state"]) == ("start_scan", COMMAND.payload, "pending")
    (filed,) = PostgresOutbox(transaction).pending(limit=10)
    assert (filed.command_id, filed.key, filed.round) == (COMMAND.command_id, COMMAND.key, 1)


def test_a_command_that_is_not_committed_was_never_there(database: PostgresDatabase) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as transaction:
        add(transaction)
        raise ZeroDivisionError
    with database.transaction() as transaction:
        assert COMMAND.command_id not in [f.command_id for f in PostgresOutbox(transaction).pending(limit=100)]


def test_asked_for_twice_it_is_one_and_the_second_is_told_how_far_it_is(transaction: Transaction) -> None:
    add(transaction)
    again = add(transaction)
    assert (again.added, again.state) == (False, State.PENDING)
    assert again.because == "it was asked for already: it is pending, it was added"
    otherwise = add(transaction, start_scan(NOW, risk_threshold=0.9))
    assert "with other options than these" in otherwise.because
    assert seen(transaction)["payload"] == COMMAND.payload


def test_a_scan_of_the_future_is_refused_where_it_is_added(transaction: Transaction) -> None:
    with pytest.raises(InvalidCommandError, match="lies in the future; what comes due, comes due then"):
        add(transaction, start_scan(NOW + timedelta(hours=1)))
    assert transaction.rows("select * from outbox_v_commands") == []


def test_the_oldest_is_copied_first(transaction: Transaction) -> None:
    for minute in (5, 1, 3):
        add(transaction, start_scan(NOW + timedelta(minutes=minute)), now=NOW + timedelta(minutes=minute))
    keys = [filed.key for filed in PostgresOutbox(transaction).pending(limit=2)]
    assert keys == ["2026-01-15T09:01:00+00:00", "2026-01-15T09:03:00+00:00"]


def test_who_hands_over_its_own_finds_the_newest(transaction: Transaction) -> None:
    for minute in (5, 1, 3):
        add(transaction, start_scan(NOW - timedelta(minutes=minute)), now=NOW + timedelta(minutes=minute))
    keys = [filed.key for filed in PostgresOutbox(transaction).newest(limit=2)]
    assert keys == ["2026-01-15T08:55:00+00:00", "2026-01-15T08:57:00+00:00"]


def test_what_is_refused_is_dead_in_its_round_and_can_be_asked_for_again(transaction: Transaction) -> None:
    add(transaction)
    outbox = PostgresOutbox(transaction)
    (filed,) = outbox.pending(limit=10)
    outbox.refused(filed, because="it is too long", now=NOW)
    row = seen(transaction)
    assert (row["state"], row["because"], row["ended_at"]) == ("dead", "it is too long", NOW)
    assert add(transaction).added
    outbox.refused(filed, because="it is too long", now=NOW)
    assert seen(transaction)["state"] == "pending", "what is said of an earlier round is left out of account"


def test_what_is_copied_is_under_way_until_its_end_is_learned(transaction: Transaction) -> None:
    add(transaction)
    copy(transaction)
    outbox = PostgresOutbox(transaction)
    assert outbox.pending(limit=10) == []
    assert [filed.command_id for filed in outbox.under_way(after=None, limit=10)] == [COMMAND.command_id]
    assert outbox.under_way(after=COMMAND.command_id, limit=10) == []
    learn(transaction, None, attempts=2)
    assert (seen(transaction)["state"], seen(transaction)["attempts"]) == ("copied", 2)
    assert seen(transaction)["ended_at"] is None
    learn(transaction, State.DONE, attempts=3)
    row = seen(transaction)
    assert (row["state"], row["attempts"], row["because"], row["ended_at"]) == ("done", 3, "so it went", NOW)
    assert outbox.under_way(after=None, limit=10) == []


def test_what_is_done_stays_done(transaction: Transaction) -> None:
    add(transaction)
    copy(transaction)
    learn(transaction, State.DONE)
    learn(transaction, State.DEAD)
    assert add(transaction).state == State.DONE
    assert seen(transaction)["state"] == "done"


def test_one_that_died_begins_again_when_it_is_asked_for_again(transaction: Transaction) -> None:
    add(transaction)
    copy(transaction)
    learn(transaction, State.DEAD)
    again = add(transaction, start_scan(NOW, risk_threshold=0.9))
    assert (again.added, again.state) == (True, State.PENDING)
    assert again.because == "it was added again after it had died"
    row = seen(transaction)
    assert (row["round"], row["attempts"], row["ended_at"]) == (2, 0, None)
    assert row["payload"]["risk_threshold"] == 0.9
    copy(transaction)
    learn(transaction, State.DEAD, round=1)
    assert seen(transaction)["state"] == "copied", "what is learned of an earlier round is left out of account"
