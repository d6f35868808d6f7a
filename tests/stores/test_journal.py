"""The audit trail, the last decisions and the timeline against the real database."""

from datetime import UTC, datetime

import pytest
from pg8000.exceptions import DatabaseError

from beforehand.adapters.postgres import Transaction
from beforehand.journal.audit import audited
from beforehand.journal.audit_store import PostgresAudit
from beforehand.journal.timeline import Kind, tell
from beforehand.journal.timeline_store import PARTS, PostgresTimeline
from beforehand.outreach.ledger_store import PostgresLedger
from tests.api.story import OPEN_AT, PROPOSAL, held_by_the_gate, move, planned, sent_and_delivered

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ENTRY = audited(
    at=NOW, who="retention_sweep", role=None, action="channel.enable", subject="email", before={"mode": "dry_run"},
    after={"mode": "live"}, because="a person enabled it",
)  # fmt: skip


@pytest.mark.parametrize("change", ["delete from journal_audit", "update journal_audit set because = ''"])
def test_no_function_may_change_the_trail(transaction: Transaction, change: str) -> None:
    PostgresAudit(transaction).record(ENTRY)
    with pytest.raises(DatabaseError, match="permission denied"):
        transaction.run(change)


def test_what_a_task_did_is_entered_with_its_name_and_no_role(transaction: Transaction) -> None:
    audit_id = PostgresAudit(transaction).record(ENTRY)
    [row] = transaction.rows("select * from journal_v_audit where audit_id = :id", id=audit_id)
    assert (row["who"], row["role"], row["subject_kind"], row["subject_id"]) == (
        "retention_sweep", None, "channel", "email",
    )  # fmt: skip
    assert (row["before"], row["after"]) == ({"mode": "dry_run"}, {"mode": "live"})


def test_a_timeline_reads_only_views_and_every_kind_has_its_part() -> None:
    assert set(PARTS) == set(Kind)


def test_each_entry_can_be_told_and_no_two_have_the_same_place(transaction: Transaction) -> None:
    planned(transaction)
    held_by_the_gate(transaction)
    sent_and_delivered(transaction)
    found = PostgresTimeline(transaction).page("C1", kind=None, after=None, limit=100)
    assert len({(one.at, one.kind, one.id) for one in found}) == len(found) == 7
    assert all(tell(one).title for one in found)


def test_whoever_was_deleted_keeps_a_timeline_of_what_may_be_kept(transaction: Transaction) -> None:
    timeline = PostgresTimeline(transaction)
    assert not timeline.knows("C1")
    planned(transaction)
    assert timeline.knows("C1")
    assert not timeline.knows("C2")


def test_a_move_that_is_not_legal_is_refused_by_the_database_too(transaction: Transaction) -> None:
    planned(transaction)
    move(transaction, "claimed", OPEN_AT, "b", attempt=1)
    with pytest.raises(DatabaseError, match="an outreach that is claimed cannot become cancelled"):
        PostgresLedger(transaction).cancel(PROPOSAL.outreach_id, because="b", now=NOW)
