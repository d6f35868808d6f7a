"""What the routes of follow-ups take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from beforehand.api.moments import Moment
from beforehand.api.pages import PageAsked
from beforehand.api.routes import Answer, Asked
from beforehand.followups.model import Kind, Status
from beforehand.outreach.messages.documents import NAME, Body, Subject
from beforehand.outreach.model import Channel, Hold, State

ID = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
THING = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
JOB = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$")]
Hours = Annotated[float, Field(ge=0, le=8760)]


class ForSomebody(Asked):
    """Whom a follow-up is for, in which conversation, and by which channel; without one, the first that reaches
    them."""

    customer_id: ID
    conversation_id: THING | None = None
    channel: Literal["email", "sms", "webhook"] | None = None


class NewPostEvent(ForSomebody):
    """A message some hours after an event has ended."""

    event_at: Moment = Field(description="When the event ended, or will end.")
    booking_id: THING | None = None
    delay_hours: Hours | None = Field(default=None, description="How long after it; without, as the stage says.")


class NewReEngagement(ForSomebody):
    """A message to somebody who did nothing for some days. Where that is over already, it comes at once."""

    last_activity: Moment
    inactive_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class NewCheckIn(ForSomebody):
    """A message that asks how somebody is."""

    due_at: Moment | None = Field(
        default=None, description="Without: after the hours that a person has to see to it."
    )


class NewCustom(ForSomebody):
    """A message of one's own, as a text or by a template, at a moment of one's own."""

    due_at: Moment
    key: THING | None = Field(default=None, description="What is wanted twice under one key comes once.")
    subject: Subject | None = Field(default=None, description="For an e-mail; plain text.")
    body: Body | None = Field(default=None, description="Plain text, whose paragraphs blank lines part.")
    template: Annotated[str, Field(pattern=NAME)] | None = None
    variables: Annotated[dict[str, Any], Field(max_length=60)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.body is None) == (self.template is None):
            raise ValueError("give a body or a template, one of the two")
        if self.template is not None and self.subject is not None:
            raise ValueError("a template has a subject of its own; leave subject out")
        if self.template is None and self.variables:
            raise ValueError("variables fill a template; name one, or leave variables out")
        return self


class WhatWasPlanned(Answer):
    """The id of the follow-up; null where there is none, and because says why."""

    job_id: str | None
    because: str
    scheduled_at: datetime | None
    template: str | None


class FollowUpPath(Asked):
    """Which follow-up."""

    job_id: JOB


class BookingPath(Asked):
    """Which booking."""

    booking_id: THING


class FollowUpsAsked(PageAsked):
    """Which follow-ups; filters are all to hold."""

    customer: ID | None = None
    conversation: THING | None = None
    booking: THING | None = None
    kind: Kind | None = None
    status: Status | None = None
    due_from: Moment | None = Field(default=None, description="Due at this moment or after it.")
    due_before: Moment | None = Field(default=None, description="Due before this moment.")


class ShownFollowUp(Answer):
    """One follow-up as it stands; `state`, `hold` and `state_because` are those of its message."""

    job_id: str
    outreach_id: UUID
    customer_id: str
    conversation_id: str
    kind: Kind
    booking_id: str | None
    event_at: datetime | None
    template: str
    scheduled_at: datetime
    created_at: datetime
    cancelled_at: datetime | None
    cancelled_by: str | None
    status: Status
    state: State
    hold: Hold | None
    next_at: datetime | None
    channel: Channel
    state_because: str | None


class ShownMove(Answer):
    """When a follow-up was made due at another time, by whom and why."""

    moved_at: datetime
    moved_by: str | None
    from_at: datetime
    to_at: datetime
    because: str


class FollowUpInFull(ShownFollowUp):
    """One follow-up with how it was moved, first to last."""

    moves: tuple[ShownMove, ...]


class Cancelled(Answer):
    """Whether it was called back: not where it is gone already, or was called back before."""

    cancelled: bool
    because: str


class Reschedule(Asked):
    """When it is due instead: at a moment, or as long after the new end of its event as it was to come before."""

    due_at: Moment | None = None
    event_at: Moment | None = None
    because: Annotated[str, Field(min_length=1, max_length=300)] = "a person moved it"

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.due_at is None) == (self.event_at is None):
            raise ValueError("give either due_at or event_at")
        return self


class MovedFollowUp(Answer):
    """A follow-up after a move, and what came of the move."""

    followup: ShownFollowUp
    because: str


class Health(Answer):
    """How follow-ups are doing. The lag is from when one was due to when it was sent, send windows included, in
    seconds, of what was sent in the last day."""

    status: Literal["healthy", "late"]
    scheduler_running: bool
    pending_jobs: int
    executed_today: int
    apscheduler_jobs: int = Field(description="As pending_jobs: what waits stands in one place only.")
    overdue: int
    failed_today: int
    send_lag_p50: float | None
    send_lag_p95: float | None
    send_lag_p99: float | None


class NewBookingFollowUp(Asked):
    """When the booking ends, and whose it is where that was not told before."""

    event_date: Moment
    customer_id: ID | None = None
    conversation_id: THING | None = None


class JobOfBooking(Answer):
    """The id of the follow-up; null where there is none, and because says why."""

    job_id: str | None
    because: str
