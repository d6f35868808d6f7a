"""What the functions of `outbox` take and answer, and what each kind of command says."""

from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from beforehand.events import Count, Event


class StartScan(Event):
    """The payload of `start_scan`. Options that are not given come from the settings of the scan."""

    # What is misspelt would be left out of account, and a scan that was asked for otherwise would run.
    model_config = ConfigDict(extra="forbid")

    due_at: AwareDatetime
    risk_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    max_interventions: Annotated[int, Field(ge=1, le=1000)] | None = None


class StreamKey(Event):
    """A text key as DynamoDB writes it."""

    S: str


class StreamKeys(Event):
    """The key of a row of the table of commands."""

    command_id: StreamKey


class StreamChange(Event):
    """Which row was changed; what is in it is read from the table, where it is the newest."""

    Keys: StreamKeys


class StreamRecord(Event):
    """One change of the table of commands, as its stream tells it."""

    dynamodb: StreamChange


class CommandsArrived(Event):
    """Records of the stream; none of them: look for whatever is due."""

    Records: tuple[StreamRecord, ...] = ()


class CommandsRelayed(Event):
    """How many commands were done, how many wait for another attempt, are dead, or could not even be tried.

    `skipped` were somebody else's, or had ended; for those that come `later` there was no time.
    """

    done: Count
    waiting: Count
    dead: Count
    left: Count
    skipped: Count
    later: Count


class CommandDied(Event):
    """The dead letter of a command: what was wanted, and why it was not done."""

    command_id: str
    kind: str
    key: str
    attempts: Count
    because: str


class SweepDue(Event):
    """The outbox is to be swept."""


class OutboxSwept(Event):
    """How many commands were copied, how many have ended since, and how many are still under way."""

    copied: Count
    done: Count
    dead: Count
    under_way: Count
