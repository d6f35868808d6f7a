"""What a rehearsal plays with: messages and what becomes of them, how channels are run, what planners wish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from beforehand.outreach.cases import NewCase
from beforehand.outreach.delivery.model import Due, Mode
from beforehand.outreach.model import Channel, Proposal, State
from beforehand.outreach.policy import ContactPolicy

OVER = frozenset({State.SENT, State.SKIPPED, State.EXPIRED, State.CANCELLED})
"""What a message of a rehearsal ends as."""
PERSON = "person"
"""The rule by which a message waits that a person must let go."""


@dataclass(slots=True, eq=False)
class Played:
    """One message of a rehearsal, and how far it is.

    `next_at` is when the desk looks at it next; None: it waits for a person or for its channel, or is over. `parts`
    are the parts that its provider bills. `rules` are those it was held, skipped or expired by, in their order;
    `at` is since when it is what it is. `proposed`: a planner of the rehearsal made it.
    """

    due: Due
    priority: int
    next_at: datetime | None
    at: datetime
    parts: int = 1
    proposed: bool = False
    rules: list[str] = field(default_factory=list)
    country: str | None = None
    held_on: object = None
    """The last day on which it was counted as held."""

    @property
    def state(self) -> State:
        """What it is now."""
        return self.due.state

    @property
    def is_over(self) -> bool:
        """Whether nothing becomes of it any more."""
        return self.due.state in OVER


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """How a channel is run during a rehearsal.

    `is_stopped`: by a kill switch. `is_set_up`: this deployment has a provider for it.
    """

    channel: Channel
    mode: Mode
    per_minute: int
    at_once: int
    is_set_up: bool = True
    is_stopped: bool = False

    @property
    def room(self) -> int:
        """How many messages a tick may send: all of the minute before are settled by then."""
        return min(self.per_minute, self.at_once)

    @property
    def is_looked_at(self) -> bool:
        """Whether ticks look at its messages."""
        return self.mode is not Mode.OFF and not self.is_stopped

    @property
    def sends(self) -> bool:
        """Whether its messages go."""
        return self.is_looked_at and self.mode is Mode.LIVE and self.is_set_up


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a planner would propose at a moment, and the case that it would open with it."""

    proposed_at: datetime
    proposal: Proposal
    case: NewCase | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plans:
    """What a planner makes of one turn. `left_alone` counts by reason whom it would not approach, if it knows."""

    wishes: Sequence[Wish] = ()
    left_alone: Mapping[str, int] = field(default_factory=dict)


class Planner(Protocol):
    """Whoever proposes outreach, as a rehearsal asks it. It reads and writes through the rehearsal's transaction.

    In that transaction `outreach` and `outreach_cases` are copies that end with it, which the rehearsal keeps up to
    date; and after `prepare` the database refuses every change of a table that is none such copy.
    """

    @property
    def name(self) -> str:
        """Whose proposals these are, as the report names it."""

    def prepare(self, *, begin: datetime) -> None:
        """Makes temporary tables of the same names beside the tables that it writes. Called once."""

    def turns(self, *, begin: datetime, end: datetime) -> Sequence[datetime]:
        """When it plans, in order, from `begin` on and before `end`."""

    def plan(self, *, at: datetime, until: datetime, policy: ContactPolicy) -> Plans:
        """What it would propose from one turn on and before the next one (or the end).

        May be asked again for the same turn under another policy, from the same state of the tables.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """One turn of a planner, as the report shows it."""

    planner: str
    at: datetime
    proposed: int
    already: int
    """Proposals that were in the ledger already."""
    cases: int
    left_alone: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """A message that came to an end which planners must know of."""

    outreach_id: UUID
    state: State
    at: datetime
