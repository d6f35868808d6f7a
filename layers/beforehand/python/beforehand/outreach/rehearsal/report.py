"""The report of a rehearsal, as it lies in the files bucket and as a screen shows it. It names nobody but by id."""

from datetime import date, datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from beforehand.outreach.model import Channel, Purpose

ASSUMED = (
    "nobody buys, answers, opts out or imports anything, so scores and facts stay as they are",
    "everything sent arrives at once, and no provider refuses anything",
    "of messages by template, one of each kind is tried, and the others fare as it does",
    "no person lets a message go, takes or ends a case, or changes a channel or the policy",
    "a text message that nobody has written yet is billed as one part",
)
"""What every rehearsal takes for granted."""


class Document(BaseModel):
    """Base of the report's parts; a newer release may add fields that an older one leaves out of account."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)


class Progress(Document):
    """How far a rehearsal is: the moment that its clock shows, and the share of the time that is over (0–1)."""

    rehearsal_id: UUID
    at: AwareDatetime
    share: float
    round: int = 1
    rounds: int = 1


class ExampleLine(Document):
    """One message that shows what is meant."""

    customer_id: str
    purpose: Purpose
    channel: Channel
    at: datetime
    because: str
    until: datetime | None = None


class DayLine(Document):
    """One day in the company's zone; `waiting` is how many messages are open when it ends."""

    day: date
    planned: int = 0
    sent: int = 0
    held: int = 0
    skipped: int = 0
    expired: int = 0
    waiting: int = 0


class PurposeLine(Document):
    """What became of the messages for one purpose; `waiting` lay in the ledger, `planned` were proposed."""

    purpose: Purpose
    waiting: int = 0
    planned: int = 0
    sent: int = 0
    held: int = 0
    skipped: int = 0
    expired: int = 0
    open: int = 0


class ReasonLine(Document):
    """How many messages were held, skipped or expired by one rule, with the first of them."""

    what: str
    rule: str
    messages: int
    examples: tuple[ExampleLine, ...] = ()


class HourLine(Document):
    """How many messages went by a channel in one hour (UTC); `capacity` is what its rate would allow."""

    hour: datetime
    sent: int


class ChannelLine(Document):
    """How one channel is run and what it bears. Waits are whole minutes for want of room alone."""

    channel: Channel
    mode: str
    sends: bool
    stopped: bool
    set_up: bool
    per_minute: int
    at_once: int
    capacity: int
    """Messages that it takes in an hour."""
    sent: int
    busiest: HourLine | None
    hours: tuple[HourLine, ...]
    full_hours: int
    """Hours in which it took all that it could."""
    wait_median: int
    wait_p99: int
    wait_longest: int


class CostRow(Document):
    """What a channel to a country costs; without a price `cost` is None."""

    channel: Channel
    country: str | None
    messages: int
    parts: int
    part_price: float | None
    cost: float | None
    currency: str | None
    source: str | None
    seen_on: date | None


class PlannerTurn(Document):
    """What a planner proposed in one turn, and whom it left alone by reason."""

    planner: str
    at: datetime
    proposed: int
    already: int
    cases: int
    left_alone: dict[str, int]


class Play(Document):
    """The figures of one run of the coming days under one policy."""

    policy_version: str
    began_with: int
    planned: int
    sent: int
    held: int
    """Messages that were held at least once."""
    skipped: int
    expired: int
    open: int
    """Messages of which nothing has become at the end."""
    customers: int
    """How many customers were contacted."""
    days: tuple[DayLine, ...]
    purposes: tuple[PurposeLine, ...]
    reasons: tuple[ReasonLine, ...]
    channels: tuple[ChannelLine, ...]
    costs: tuple[CostRow, ...]
    totals: dict[str, float]
    """What it costs, by currency, as far as prices are known."""
    unpriced: int
    planners: tuple[PlannerTurn, ...]
    sent_first: tuple[ExampleLine, ...]
    ticks: int


class Change(Document):
    """One figure under the policy in force and under the other."""

    name: str
    before: int
    after: int


class Turned(Document):
    """One customer with whom it would go otherwise: what became of their message then and now."""

    customer_id: str
    purpose: Purpose
    channel: Channel
    before: str
    before_because: str
    after: str
    after_because: str


class Difference(Document):
    """What another policy would do: customers and messages, more and fewer, and where."""

    sentence: str
    customers_more: int
    """Contacted under the other policy only."""
    customers_fewer: int
    """Contacted under the policy in force only."""
    messages: Change
    costs: dict[str, tuple[float, float]]
    purposes: tuple[Change, ...]
    channels: tuple[Change, ...]
    reasons: tuple[Change, ...]
    examples: tuple[Turned, ...]


class Report(Document):
    """Everything that a screen shows of a rehearsal."""

    rehearsal_id: UUID
    begin: AwareDatetime
    end: AwareDatetime
    zone: str
    purposes: tuple[Purpose, ...]
    assumed: tuple[str, ...] = ASSUMED
    as_live: tuple[Channel, ...] = ()
    """Channels that were taken to be live."""
    play: Play
    other: Play | None = None
    difference: Difference | None = None
    seconds: float
    """How long it took."""
