"""The routes of follow-ups: plan one of each kind, list them, look at one, call it back, move it; their health."""

from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from beforehand.api.pages import Page, after, page
from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Call, Routes
from beforehand.followups import news
from beforehand.followups.documents import (
    BookingPath,
    Cancelled,
    EmotionHistory,
    EmotionKept,
    EmotionsAsked,
    FollowUpInFull,
    FollowUpPath,
    FollowUpsAsked,
    Health,
    JobOfBooking,
    MovedFollowUp,
    NewBookingFollowUp,
    NewCheckIn,
    NewCustom,
    NewEmotion,
    NewPostEvent,
    NewReEngagement,
    Reschedule,
    ShownEmotion,
    ShownFollowUp,
    ShownMove,
    WhatWasPlanned,
)
from beforehand.followups.emotion import read
from beforehand.followups.model import Booking, BookingState, Emotion, Job, Kind, Wish
from beforehand.followups.planning import Planner
from beforehand.followups.reading_store import PostgresFollowUps
from beforehand.followups.rules import after_event, choose, mean
from beforehand.followups.store import PostgresJobs
from beforehand.followups.wiring import planner_in, reader_in, rules_of
from beforehand.ids import from_content
from beforehand.outreach.messages.model import MessageError
from beforehand.outreach.messages.store import PostgresTemplates
from beforehand.outreach.model import Channel
from beforehand.outreach.recalling import Recall
from beforehand.results import Status

BY_DUE = TypeAdapter(tuple[datetime, str])
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
    return _planned(call, wish)


@routes.add("POST /v1/followups/re-engagement", status=HTTPStatus.CREATED, refuses=(HTTPStatus.NOT_FOUND,))
def plan_re_engagement(call: Call, body: NewReEngagement) -> WhatWasPlanned:
    """Plan to ask somebody back who has been inactive; where that is so already, in their next send window."""
    rules = rules_of(call.settings)
    days = rules.inactive if body.inactive_days is None else timedelta(days=body.inactive_days)
    wish = news.reengagement(body.customer_id, body.last_activity, days, now=call.now)
    return _planned(call, replace(wish, conversation_id=body.conversation_id, channel=_channel(body.channel)))


@routes.add("POST /v1/followups/check-in", status=HTTPStatus.CREATED, refuses=(HTTPStatus.NOT_FOUND,))
def plan_check_in(call: Call, body: NewCheckIn) -> WhatWasPlanned:
    """Plan to ask how somebody is; a person comes first where they felt bad of late."""
    due_at = body.due_at or call.now + rules_of(call.settings).answer_within
    wish = Wish(
        kind=Kind.EMOTION_BASED, customer_id=body.customer_id, key=f"asked {due_at:%Y-%m-%d}", due_at=due_at,
        event_at=call.now, conversation_id=body.conversation_id, channel=_channel(body.channel),
        because="somebody wants to know how they are",
    )  # fmt: skip
    return _planned(call, wish)


@routes.add("POST /v1/followups/custom", status=HTTPStatus.CREATED, refuses=(HTTPStatus.NOT_FOUND,))
def plan_custom(call: Call, body: NewCustom) -> WhatWasPlanned:
    """Plan a message of one's own, at a moment of one's own."""
    if body.template is not None:
        try:
            from beforehand.outreach.messages.checking import check_proposal  # noqa: PLC0415 - it loads Jinja2

            check_proposal(PostgresTemplates(call.transaction).catalogue(), body.template, body.variables)
        except MessageError as error:
            raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.", {"template": str(error)}) from None
    wish = Wish(
        kind=Kind.CUSTOM, customer_id=body.customer_id, due_at=body.due_at,
        key=body.key or f"asked {from_content('asked', call.caller.user, call.key)}",
        conversation_id=body.conversation_id, channel=_channel(body.channel), template=body.template,
        variables=body.variables, subject=body.subject or "", body=body.body or "", because="somebody asked for it",
    )  # fmt: skip
    return _planned(call, wish)


@routes.add("POST /bookings/{booking_id}/schedule-followup", refuses=(HTTPStatus.NOT_FOUND,))
def schedule_booking(call: Call, path: BookingPath, body: NewBookingFollowUp) -> JobOfBooking:
    """Plan the message after a booking, which need not have taken place yet."""
    reader = reader_in(
        call.transaction, rules_of(call.settings), language=call.settings.company_language, at=call.now
    )
    before = reader.moments.booking(path.booking_id)
    customer_id = body.customer_id or (before.customer_id if before else None)
    if customer_id is None or (before is not None and before.customer_id != customer_id):
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Nobody told whose booking this is.",
            {"customer_id": "name the customer of this booking"},
        )  # fmt: skip
    booking = Booking(
        booking_id=path.booking_id, customer_id=customer_id,
        conversation_id=body.conversation_id or (before.conversation_id if before else None),
        ends_at=body.event_date, state=before.state if before else BookingState.BOOKED, told_at=call.now,
    )  # fmt: skip
    reader.moments.book(booking)
    return JobOfBooking(job_id=_planned(call, reader.wish(booking)).job_id)


@routes.add("GET /v1/followups")
def list_followups(call: Call, query: FollowUpsAsked) -> Page[ShownFollowUp]:
    """List follow-ups by due time, latest first."""
    found = PostgresFollowUps(call.transaction).page(
        {"customer_id": query.customer, "conversation_id": query.conversation, "booking_id": query.booking,
         "kind": query.kind, "status": query.status},
        due_from=query.due_from, due_before=query.due_before, after=after(query, BY_DUE), limit=query.limit + 1,
    )  # fmt: skip
    return page(found, query, lambda row: ShownFollowUp(**row), lambda row: (row["scheduled_at"], row["job_id"]))


@routes.add("GET /v1/followups/{job_id}")
def show_followup(call: Call, path: FollowUpPath) -> FollowUpInFull:
    """Show one follow-up with how it was moved."""
    store = PostgresFollowUps(call.transaction)
    found = store.find(path.job_id)
    if found is None:
        raise not_found("follow-up")
    return FollowUpInFull(**found, moves=tuple(ShownMove(**row) for row in store.moves(path.job_id)))


@routes.add("POST /v1/followups/{job_id}/cancel")
def cancel_followup(call: Call, path: FollowUpPath) -> Cancelled:
    """Call a follow-up back; says false where it has gone already, or was called back before."""
    job = _job(call, path.job_id)
    planner = planner_in(
        call.transaction, rules_of(call.settings), language=call.settings.company_language, at=call.now
    )
    done = planner.call_back(job, because="a person called it back", by=call.caller.user)
    _audit(call, job, done, "followup.cancel", {"status": "cancelled"})
    return Cancelled(cancelled=done.status is Status.DONE, because=done.because)


@routes.add("POST /v1/followups/{job_id}/reschedule", refuses=(HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND))
def reschedule_followup(call: Call, path: FollowUpPath, body: Reschedule) -> MovedFollowUp:
    """Make a follow-up due at another time, in place; when it was due before is kept."""
    job, rules = _job(call, path.job_id), rules_of(call.settings)
    due_at = body.due_at
    if due_at is None:
        assert body.event_at is not None
        hours = job.facts.get("delay_hours")
        delay = rules.delay if hours is None else timedelta(hours=hours)
        due_at = after_event(body.event_at, delay, now=call.now)
    planner = _planner(call)
    done = planner.move(job, due_at=due_at, event_at=body.event_at, because=body.because, by=call.caller.user)
    if done.status is Status.FAILED:
        raise refuse(HTTPStatus.CONFLICT, f"The follow-up stays as it is: {done.because}.")
    _audit(call, job, done, "followup.reschedule", {"scheduled_at": max(due_at, call.now)})
    found = PostgresFollowUps(call.transaction).find(job.job_id)
    assert found is not None
    return MovedFollowUp(followup=ShownFollowUp(**found), because=done.because)


@routes.add("GET /v1/followup-health")
def show_health(call: Call) -> Health:
    """Show how follow-ups are doing: what waits, what went today, what is late, and by how much."""
    midnight = call.now.astimezone(ZoneInfo(call.settings.company_zone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    found = PostgresFollowUps(call.transaction).health(now=call.now, today=midnight)
    late = found["overdue"] > 0
    return Health(
        status="late" if late else "healthy", scheduler_running=not late, apscheduler_jobs=found["pending_jobs"],
        **found,
    )  # fmt: skip


@routes.add("GET /api/scheduler/health")
def scheduler_health(call: Call) -> Health:
    """Show how follow-ups are doing, where monitoring of other schedulers looks for it."""
    return show_health(call)


@routes.add("POST /v1/emotions", status=HTTPStatus.CREATED, refuses=(HTTPStatus.NOT_FOUND,))
def record_emotion(call: Call, body: NewEmotion) -> EmotionKept:
    """Record how a customer felt; what waits for them is written as it fits, and a person is asked where they felt
    bad."""
    score = read(body.text, body.language) if body.text is not None else body.score
    assert score is not None
    reader = reader_in(
        call.transaction, rules_of(call.settings), language=call.settings.company_language, at=call.now
    )
    emotion = Emotion(
        emotion_id=news.emotion_id(call.caller.user, call.key), customer_id=body.customer_id,
        conversation_id=body.conversation_id, score=score, read_by="given" if body.text is None else "lexicon",
        at=body.at or call.now,
    )  # fmt: skip
    done = reader.feel(emotion)
    call.audit("emotion.record", emotion.emotion_id, customer_id=body.customer_id, because=done.because,
               after={"score": score})  # fmt: skip
    return EmotionKept(score=score, planned=done.planned, rewritten=done.rewritten, because=done.because)


@routes.add("GET /v1/emotions")
def list_emotions(call: Call, query: EmotionsAsked) -> EmotionHistory:
    """List how a customer felt of late, the mean of the last five, and the template that it leads to."""
    found = PostgresFollowUps(call.transaction).emotions(query.customer, query.conversation, query.limit)
    wish = Wish(kind=Kind.POST_EVENT, customer_id=query.customer, key="", due_at=call.now, because="",
                conversation_id=query.conversation)  # fmt: skip
    [known] = PostgresJobs(call.transaction).known([wish])
    if known is None:
        raise not_found("customer")
    return EmotionHistory(
        items=tuple(ShownEmotion(**row) for row in found),
        mean=mean(known.scores),
        template=choose(Kind.POST_EVENT, known, rules_of(call.settings)).template,
    )


def _planner(call: Call) -> Planner:
    rules, language = rules_of(call.settings), call.settings.company_language
    return planner_in(call.transaction, rules, language=language, at=call.now)


def _reader(call: Call) -> news.Reader:
    rules, language = rules_of(call.settings), call.settings.company_language
    return reader_in(call.transaction, rules, language=language, at=call.now)


def _planned(call: Call, wish: Wish) -> WhatWasPlanned:
    """Plans one, enters who asked for it. Raises the refusal of a customer that is not there."""
    planner = planner_in(
        call.transaction, rules_of(call.settings), language=call.settings.company_language, at=call.now
    )
    [planned] = planner.plan([wish])
    if planned.job_id is None:
        if planned.because.startswith("there is no such customer"):
            raise not_found("customer")
        return WhatWasPlanned(job_id=None, because=planned.because, scheduled_at=None, template=None)
    job = _job(call, planned.job_id)
    call.audit(
        "followup.plan", job.job_id, customer_id=job.customer_id, because=planned.because,
        after={"scheduled_at": job.scheduled_at, "template": job.template, "kind": job.kind},
    )  # fmt: skip
    return WhatWasPlanned(
        job_id=job.job_id, because=planned.because, scheduled_at=job.scheduled_at, template=job.template
    )


def _job(call: Call, job_id: str) -> Job:
    job = PostgresJobs(call.transaction).find(job_id)
    if job is None:
        raise not_found("follow-up")
    return job


def _audit(call: Call, job: Job, done: Recall, action: str, changed: dict[str, Any]) -> None:
    if done.status is Status.DONE:
        before = {"status": "pending", "scheduled_at": job.scheduled_at}
        call.audit(action, job.job_id, customer_id=job.customer_id, because=done.because, before=before,
                   after={**before, **changed})  # fmt: skip


def _channel(given: str | None) -> Channel | None:
    return None if given is None else Channel(given)
