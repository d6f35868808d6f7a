"""Puts the database's side together: what a database function calls after its commit, and `outbox_sweep`."""

from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger

from beforehand.adapters.postgres import PostgresDatabase, database
from beforehand.clock import now
from beforehand.events.outbox import OutboxSwept, SweepDue
from beforehand.outbox import copying
from beforehand.outbox.store import PostgresOutbox
from beforehand.outbox.table import DynamoCommands
from beforehand.results import Result, Status
from beforehand.settings import from_environment
from beforehand.settings.outbox import OutboxSweepSettings

MOST_AT_ONCE = 20


def hand_over(source: PostgresDatabase, commands_table: str) -> Result:
    """Copies what was just committed, so that it is carried out at once rather than within a minute.

    For callers who have an answer to give: it never raises. What is not copied now, `outbox_sweep` copies.
    """
    table = DynamoCommands(commands_table, hurried=True)
    try:
        copied = copying.copy(outboxes(source), table, now=now(), most=MOST_AT_ONCE)
    except Exception as error:
        # Whatever it was, the command is committed and the caller's answer is true; the sweep will say it aloud.
        name = type(error).__name__
        Logger().warning("not handed over yet", extra={"error": name})
        return Result(id=commands_table, status=Status.FAILED, because=f"not handed over yet ({name})")
    return Result(id=commands_table, status=Status.DONE, because=f"{copied} handed over")


def sweep(_due: SweepDue) -> OutboxSwept:
    """Copies what was not handed over, and brings back how commands ended."""
    settings = from_environment(OutboxSweepSettings)
    return copying.sweep(
        outboxes(database(OutboxSweepSettings)), DynamoCommands(settings.commands_table), now=now()
    )


def outboxes(source: PostgresDatabase) -> copying.Transactions:
    """The outbox in one transaction after another."""

    @contextmanager
    def outbox() -> Iterator[PostgresOutbox]:
        with source.transaction() as transaction:
            yield PostgresOutbox(transaction)

    return outbox
