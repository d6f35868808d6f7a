"""What `rehearsal_run` takes and answers, and where it leaves its files."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from beforehand.events import Count, Event
from beforehand.names import Prefix

MOST_DAYS = 31


class RehearsalRequested(Event):
    """The next days are to be run on today's data.

    `policy` are fields of a contact policy that are held against the one in force; what it leaves out stays as it
    is. `prices` are read before those that are shipped. `purposes` are those that the report is about; none: all.
    `live` are the channels that are taken to be live, set up and not stopped, however they are run now.
    """

    rehearsal_id: UUID
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 7
    from_at: AwareDatetime | None = None
    policy: Mapping[str, Any] | None = None
    prices: Mapping[str, Any] | None = None
    purposes: tuple[str, ...] = ()
    live: tuple[str, ...] = ()


class Rehearsed(Event):
    """The report lies in the files bucket. Nothing was sent, and nothing else was kept."""

    rehearsal_id: UUID
    messages: Count
    sent: Count
    seconds: float


def report_file(rehearsal_id: UUID) -> str:
    """Where the report of a rehearsal lies."""
    return f"{Prefix.REHEARSALS}{rehearsal_id}/report.json"


def progress_file(rehearsal_id: UUID) -> str:
    """Where a rehearsal says how far it is."""
    return f"{Prefix.REHEARSALS}{rehearsal_id}/progress.json"
