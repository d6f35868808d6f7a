"""Puts `inbox_apply` together: the isolated half, which applies reports and keeps the senders' marks true."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from beforehand.adapters.postgres import PostgresDatabase, database, is_away
from beforehand.clock import now, within
from beforehand.events.inbox import InboxApplied, ReportsArrived
from beforehand.outreach.inbox.applying import Applied, LedgerAwayError, apply_all, must_be_told
from beforehand.outreach.inbox.documents import Report
from beforehand.outreach.inbox.settling import Settling
from beforehand.outreach.inbox.table import DynamoInbox
from beforehand.outreach.suppression.marks import DynamoMarks
from beforehand.outreach.suppression.pepper import pepper
from beforehand.outreach.suppression.store import PostgresSuppressions
from beforehand.outreach.suppression.suppressing import Ledgers, Swept, sweep
from beforehand.settings import from_environment
from beforehand.settings.inbox import InboxApplySettings

MOST_AT_ONCE = 200
"""How many reports one sweep tries; the next one begins a minute later."""
WORKS_SECONDS = 40
"""When no further report is begun."""


def apply(arrived: ReportsArrived) -> InboxApplied:
    """Applies what the stream tells of; called without records, whatever is due, and sweeps the senders' marks.

    A batch of the stream never fails. A sweep does, when reports were given up or could not be tried.
    """
    settings = from_environment(InboxApplySettings)
    inbox, marks = DynamoInbox(settings.inbox_table), DynamoMarks(settings.gates_table)
    source, time_left, moment = database(InboxApplySettings), within(WORKS_SECONDS), now()
    settle = partial(apply_one, source, Settling(marks=marks, pepper=pepper(settings.files_bucket)))
    told = [record.dynamodb.Keys.event_id.S for record in arrived.Records]
    keys = told or inbox.due(now=moment, limit=MOST_AT_ONCE)
    counts = apply_all(keys, inbox=inbox, apply=settle, time_left=time_left, now=moment)
    swept = Swept(cleared=0, waiting=0, restored=0)
    if not told:
        swept = sweep(ledgers(source), marks, now=moment, time_left=time_left, is_waiting=inbox.has)
        must_be_told(counts)
    return InboxApplied(
        **{one.value: counts[one] for one in Applied},
        marks_cleared=swept.cleared, marks_waiting=swept.waiting, marks_restored=swept.restored,
    )  # fmt: skip


def apply_one(source: PostgresDatabase, settling: Settling, report: Report, received_at: datetime) -> str:
    """Applies a report in a transaction of its own. Raises LedgerAwayError while there is no database."""
    try:
        with source.transaction() as transaction:
            return settling.apply(report, received_at, transaction=transaction, now=now())
    except Exception as error:
        if is_away(error):
            raise LedgerAwayError(f"the database was not there ({type(error).__name__})") from None
        raise


def ledgers(source: PostgresDatabase) -> Ledgers:
    """The suppressions in one transaction after another."""

    @contextmanager
    def ledger() -> Iterator[PostgresSuppressions]:
        with source.transaction() as transaction:
            yield PostgresSuppressions(transaction)

    return ledger
