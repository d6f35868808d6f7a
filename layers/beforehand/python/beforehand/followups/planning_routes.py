"""The routes that plan follow-ups, one for each kind, and one for bookings."""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Call, Routes
from beforehand.followups import news
from beforehand.followups.calls import job_of, must_be_soon, planner_of, reader_of
from beforehand.followups.documents import (
    BookingPath,
    JobOfBooking,
    NewBookingFollowUp,
    NewCheckIn,
    NewCustom,
    NewPostEvent,
    NewReEngagement,
    WhatWasPlanned,
)
from beforehand.followups.model import Booking, BookingState, Kind, Wish
from beforehand.followups.rules import after_event, channel_of
from beforehand.followups.store import PostgresJobs
from beforehand.followups.wiring import rules_of
from beforehand.ids import from_content
from beforehand.outreach.messages.model import MessageError
from beforehand.outreach.messages.routes import company_of
from beforehand.outreach.messages.store import PostgresTemplates
from beforehand.outreach.model import Channel

routes = Routes()


@routes.add("POST /v1/followups/post-event", status=HTTPStatus.CREATED, refuses=(HTTPStatus.NOT_FOUND,))
def plan_post_event(call: Call, body: NewPostEvent) -> WhatWasPlanned:
    """Plan a message some hours after an event; none where an event of theirs that close is followed up already."""
    rules = rules_of(call.settings)
    delay = rules.delay if body.delay_hours is None else timedelta(hours=body.delay_hours)
    key = f"booking {body.booking_id}" if body.booking_id else f"event {body.event_at.isoformat()}"
    wish = Wish(
        kind=Kind.POST_EVENT, customer_id=body.customer_id, key=key, event_at=body.event_at,
        due_at=after_event(body.event_at, delay, now=call.now), conversation_id=body.conversation_id,
        booking_id=body.booking_id, channel=_channel(body.channel),
        because=f"{delay.total_seconds() / 3600:g} hours after their event",
        facts={"delay_hours": delay.total_seconds() / 3600},
    )  # fmt: skip
    return _planned(call, wish, "event_at")


@routes.add("POST /v1/followups/re-engagement", status=HTTPStatus.CREATED, refuses=(HTTPStatus.NOT_FOUND,))
def plan_re_engagement(call: Call, body: NewReEngagement) -> WhatWasPlanned:
    """Plan to ask somebody back who has been inactive; where that is so already, in their next send window."""
    rules = rules_of(call.settings)
    days = rules.inactive if body.inactive_days is None else timedelta(days=body.inactive_days)
    wish = news.reengagement(body.customer_id, body.last_activity, days, now=call.now)
    wish = replace(wish, conversation_id=body.conversation_id, channel=_channel(body.channel))
    return _planned(call, wish, "last_activity")


@routes.add("POST /v1/followups/check-in", status=HTTPStatus.CREATED, refuses=(HTTPStatus.NOT_FOUND,))
def plan_check_in(call: Call, body: NewCheckIn) -> WhatWasPlanned:
    """Plan to ask how somebody is; a person comes first where they felt bad of late."""
    due_at = body.due_at or call.now + rules_of(call.settings).answer_within
    wish = Wish(
        kind=Kind.EMOTION_BASED, customer_id=body.customer_id, key=f"asked {due_at:%Y-%m-%d}", due_at=due_at,
        event_at=due_at, conversation_id=body.conversation_id, channel=_channel(body.channel),
        because="somebody wants to know how they are",
    )  # fmt: skip
    return _planned(call, wish, "due_at")


@routes.add("POST /v1/followups/custom", status=HTTPStatus.CREATED, refuses=(HTTPStatus.NOT_FOUND,))
def plan_custom(call: Call, body: NewCustom) -> WhatWasPlanned:
    """Plan a message of one's own, at a moment of one's own."""
    wish = Wish(
        kind=Kind.CUSTOM, customer_id=body.customer_id, due_at=body.due_at,
        key=body.key or f"asked {from_content('asked', call.caller.user, call.key)}",
        conversation_id=body.conversation_id, channel=_channel(body.channel), template=body.template,
        variables=body.variables, subject=body.subject or "", body=body.body or "", because="somebody asked for it",
    )  # fmt: skip
    _must_be_sayable(call, wish)
    return _planned(call, wish, "due_at")


@routes.add("POST /bookings/{booking_id}/schedule-followup", refuses=(HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND))
def schedule_booking(call: Call, path: BookingPath, body: NewBookingFollowUp) -> JobOfBooking:
    """Plan the message after a booking, which need not have taken place yet."""
    reader = reader_of(call)
    before = reader.moments.booking(path.booking_id)
    customer_id = body.customer_id or (before.customer_id if before else None)
    if customer_id is None:
        problem = {"customer_id": "nobody told of this booking before; name its customer"}
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "The body does not fit.", problem)
    if before is not None and before.customer_id != customer_id:
        problem = {"customer_id": "the booking is another customer's; leave customer_id out, or mend it"}
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "The body does not fit.", problem)
    if before is not None and before.state is BookingState.CANCELLED:
        raise refuse(HTTPStatus.CONFLICT, "The booking is cancelled, so nothing is said after it.")
    booking = Booking(
        booking_id=path.booking_id, customer_id=customer_id,
        conversation_id=body.conversation_id or (before.conversation_id if before else None),
        ends_at=body.event_date, state=before.state if before else BookingState.BOOKED, told_at=call.now,
    )  # fmt: skip
    planned = _planned(call, reader.wish(booking), "event_date")
    if planned.job_id is not None:
        reader.moments.book(booking)
    return JobOfBooking(job_id=planned.job_id, because=planned.because)


def _planned(call: Call, wish: Wish, field: str) -> WhatWasPlanned:
    """Plans one, enters who asked for it. Raises the refusals of a customer that is not there, and of a moment too
    far ahead; `field` is what the caller gave of it."""
    must_be_soon(call, wish.due_at, field)
    if PostgresJobs(call.transaction).known([wish]) == [None]:
        raise not_found("customer")
    [planned] = planner_of(call).plan([wish])
    if planned.job_id is None:
        return WhatWasPlanned(job_id=None, because=planned.because, scheduled_at=None, template=None)
    job = job_of(call, planned.job_id)
    call.audit(
        "followup.plan", job.job_id, customer_id=job.customer_id, because=planned.because,
        after={"scheduled_at": job.scheduled_at, "template": job.template, "kind": job.kind},
    )  # fmt: skip
    return WhatWasPlanned(
        job_id=job.job_id, because=planned.because, scheduled_at=job.scheduled_at, template=job.template
    )


def _must_be_sayable(call: Call, wish: Wish) -> None:
    """Raises the refusal of a message that could never leave: now, when somebody hears of it, and not when due."""
    from beforehand.outreach.messages.checking import check_proposal  # noqa: PLC0415 - it loads Jinja2
    from beforehand.outreach.messages.previewing import lay_out  # noqa: PLC0415 - it loads Jinja2

    [known] = PostgresJobs(call.transaction).known([wish])
    channel = channel_of(wish, known) if known else None
    company = company_of(call)
    try:
        if wish.template is not None:
            check_proposal(PostgresTemplates(call.transaction).catalogue(), wish.template, wish.variables)
        elif known is not None and channel is not None:
            language = known.language or company.language
            lay_out(subject=wish.subject, body=wish.body, language=language, channel=channel, company=company)
    except MessageError as error:
        field = "body" if wish.template is None else "template"
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.", {field: str(error)}) from None


def _channel(given: str | None) -> Channel | None:
    return None if given is None else Channel(given)
