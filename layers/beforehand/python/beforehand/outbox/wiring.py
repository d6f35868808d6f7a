"""Puts the database's side together: what a database function calls after its commit, and `outbox_sweep`."""

from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger

from beforehand.adapters.postgres import PostgresDatabase, database
from beforehand.clock import now, within
from beforehand.events.outbox import OutboxSwept, SweepDue
from beforehand.outbox import copying
from beforehand.outbox.store import PostgresOutbox
from beforehand.outbox.table import DynamoCommands
from beforehand.results import Result, Status
from beforehand.settings import from_environment
from beforehand.settings.outbox import OutboxSweepSettings

HANDS_OVER_SECONDS = 0.5
"""When no further copy is begun for a caller who waits; one that is under way takes a second and a half at most."""

COPIES_SECONDS = 20
"""When a sweep begins no further copy; the next one begins a minute later."""


def hand_over(source: PostgresDatabase, commands_table: str) -> Result:
    """Copies what was just committed, so that it is carried out at once rather than within a minute.

    For callers who have an answer to give: it never raises, and asks the table for two seconds at most. What is not
    copied now, `outbox_sweep` copies.
    """
    table = DynamoCommands(commands_table, hurried=True)
    time_left = within(HANDS_OVER_SECONDS)
    try:
        copied = copying.hand_over(outboxes(source), table, now=now(), time_left=time_left)
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
        outboxes(database(OutboxSweepSettings)),
        DynamoCommands(settings.commands_table),
        now=now(),
        time_left=within(COPIES_SECONDS),
    )


def outboxes(source: PostgresDatabase) -> copying.Transactions:
    """The outbox in one transaction after another."""

    @contextmanager
    def outbox() -> Iterator[PostgresOutbox]:
        with source.transaction() as transaction:
            yield PostgresOutbox(transaction)

    return outbox
