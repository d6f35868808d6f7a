"""Puts `outbox_relay` together; it reaches AWS and no database."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from beforehand.adapters.sqs import SqsQueue
from beforehand.adapters.step_functions import StepFunctions
from beforehand.clock import now, within
from beforehand.events import Event
from beforehand.events.outbox import CommandsArrived, CommandsRelayed, StartScan
from beforehand.outbox import relaying
from beforehand.outbox.model import UnreachableError
from beforehand.outbox.scans import execution_of
from beforehand.outbox.table import DynamoCommands
from beforehand.settings import from_environment
from beforehand.settings.outbox import OutboxRelaySettings

MOST_AT_ONCE = 100
"""How many commands one sweep tries; the next one begins a minute later."""

WORKS_SECONDS = 20
"""When no further command is begun: one that meets nothing but silence takes 34 seconds, and still ends in time."""


def relay(arrived: CommandsArrived) -> CommandsRelayed:
    """Carries out what the stream tells of; called without records, whatever is due.

    A batch of the stream never fails. A sweep does, by UnreachableError, when commands could not be tried.
    """
    settings = from_environment(OutboxRelaySettings)
    commands = DynamoCommands(settings.commands_table)
    moment, time_left = now(), within(WORKS_SECONDS)
    if arrived.Records:
        told = (record.dynamodb.Keys.command_id.S for record in arrived.Records)
        return carry_out(told, commands, settings, now=moment, time_left=time_left)
    due = commands.due(now=moment, limit=MOST_AT_ONCE)
    relayed = carry_out(due, commands, settings, now=moment, time_left=time_left)
    if relayed.left:
        raise UnreachableError(f"{relayed.left} of the commands that are due could not be tried; they stay due")
    return relayed


def carry_out(
    command_ids: Iterable[str],
    commands: DynamoCommands,
    settings: OutboxRelaySettings,
    *,
    now: datetime,
    time_left: Callable[[], bool],
) -> CommandsRelayed:
    """One attempt at each command, while time is left."""
    return relaying.relay(
        command_ids,
        commands=commands,
        carriers={"start_scan": partial(start_scan, StepFunctions(), settings.scan_machine)},
        dead_letters=SqsQueue(settings.dead_letters),
        time_left=time_left,
        now=now,
    )


def start_scan(states: StepFunctions, machine: str, asked: Event) -> str:
    """Starts the scan of a due time, unless it was started before."""
    assert isinstance(asked, StartScan)
    execution = execution_of(asked)
    started = states.start(machine, name=execution.name, input=execution.input)
    how = "started" if started else "started before, perhaps with other options than these"
    return f"{execution.name} was {how}"
