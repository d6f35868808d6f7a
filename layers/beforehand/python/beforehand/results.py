"""What became of each thing that was tried: a status and the sentence that explains it."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How one item of a run ended."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One item's end; `because` is a sentence for people and never holds a name, a number or a message."""

    id: str
    status: Status
    because: str
