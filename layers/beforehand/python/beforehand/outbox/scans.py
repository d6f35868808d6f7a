"""What starts a scan that somebody asked for: one execution for a due time, whoever asks and however often."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from beforehand.events.outbox import StartScan
from beforehand.names import Schedule
from beforehand.outbox.model import Command
from beforehand.schedules.model import run_id_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """The name and the input of an execution; a state machine runs a name once."""

    name: str
    input: str


def execution_of(asked: StartScan) -> Execution:
    """The execution of a scan."""
    due_at = asked.due_at.astimezone(UTC)
    given = {
        "due_at": due_at.isoformat(),
        "risk_threshold": asked.risk_threshold,
        "max_interventions": asked.max_interventions,
    }
    return Execution(
        name=f"asked-for-{run_id_of(Schedule.CHURN_SCAN, due_at)}",
        input=json.dumps({name: value for name, value in given.items() if value is not None}),
    )


def start_scan(
    due_at: datetime, *, risk_threshold: float | None = None, max_interventions: int | None = None
) -> Command:
    """The command to scan as of a due time. Raises InvalidCommandError for an option out of its range."""
    moment = due_at.astimezone(UTC).isoformat()
    given = {"due_at": moment, "risk_threshold": risk_threshold, "max_interventions": max_interventions}
    payload = {name: value for name, value in given.items() if value is not None}
    return Command(kind="start_scan", key=moment, payload=payload)
