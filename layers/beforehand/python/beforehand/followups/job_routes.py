"""The routes of follow-ups that are planned: list them, look at one, call it back, move it; and their health."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from beforehand.api.pages import Page, after, page
from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Call, Routes
from beforehand.followups.calls import job_of, must_be_soon, planner_of
from beforehand.followups.documents import (
    Cancelled,
    FollowUpInFull,
    FollowUpPath,
    FollowUpsAsked,
    Health,
    MovedFollowUp,
    Reschedule,
    ShownFollowUp,
    ShownMove,
)
from beforehand.followups.model import Job, Kind
from beforehand.followups.reading_store import PostgresFollowUps
from beforehand.followups.rules import after_event
from beforehand.followups.wiring import rules_of
from beforehand.outreach.recalling import Recall
from beforehand.results import Status

BY_DUE = TypeAdapter(tuple[datetime, str])
routes = Routes()


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
    job = job_of(call, path.job_id)
    done = planner_of(call).call_back(job, because="a person called it back", by=call.caller.user)
    _audit(call, job, done, "followup.cancel", {"status": "cancelled"})
    return Cancelled(cancelled=done.status is Status.DONE, because=done.because)


@routes.add("POST /v1/followups/{job_id}/reschedule", refuses=(HTTPStatus.CONFLICT,))
def reschedule_followup(call: Call, path: FollowUpPath, body: Reschedule) -> MovedFollowUp:
    """Make a follow-up due at another time, in place; when it was due before is kept."""
    job = job_of(call, path.job_id)
    due_at = _due(call, job, body)
    done = planner_of(call).move(
        job, due_at=due_at, event_at=body.event_at, because=body.because, by=call.caller.user
    )
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


def _due(call: Call, job: Job, body: Reschedule) -> datetime:
    """When it is to be due. Raises the refusal of an event for what follows none, and of what is too far ahead."""
    if body.due_at is not None:
        must_be_soon(call, body.due_at, "due_at")
        return body.due_at
    assert body.event_at is not None
    if job.kind is not Kind.POST_EVENT:
        problem = f"only what follows an event moves with it, and this is {job.kind}; give due_at"
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "The body does not fit.", {"event_at": problem})
    hours = job.facts.get("delay_hours")
    delay = rules_of(call.settings).delay if hours is None else timedelta(hours=hours)
    due_at = after_event(body.event_at, delay, now=call.now)
    must_be_soon(call, due_at, "event_at")
    return due_at


def _audit(call: Call, job: Job, done: Recall, action: str, changed: dict[str, Any]) -> None:
    if done.status is Status.DONE:
        before = {"status": "pending", "scheduled_at": job.scheduled_at}
        call.audit(action, job.job_id, customer_id=job.customer_id, because=done.because, before=before,
                   after={**before, **changed})  # fmt: skip
