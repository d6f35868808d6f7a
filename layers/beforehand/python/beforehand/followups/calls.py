"""What the routes of follow-ups make of a call: the planner, the reader of news, and one follow-up by its id."""

from datetime import datetime
from http import HTTPStatus

from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Call
from beforehand.followups.model import Job
from beforehand.followups.news import Reader
from beforehand.followups.planning import Planner
from beforehand.followups.store import PostgresJobs
from beforehand.followups.wiring import planner_in, reader_in, rules_of
from beforehand.outreach.proposing import AHEAD


def planner_of(call: Call) -> Planner:
    """Plans in the transaction of a call, by the rules of its stage."""
    return planner_in(
        call.transaction, rules_of(call.settings), language=call.settings.company_language, at=call.now
    )


def reader_of(call: Call) -> Reader:
    """Reads news in the transaction of a call, by the rules of its stage."""
    return reader_in(
        call.transaction, rules_of(call.settings), language=call.settings.company_language, at=call.now
    )


def job_of(call: Call, job_id: str) -> Job:
    """One follow-up. Raises the refusal of one that is not there."""
    job = PostgresJobs(call.transaction).find(job_id)
    if job is None:
        raise not_found("follow-up")
    return job


def must_be_soon(call: Call, due_at: datetime, field: str) -> None:
    """Raises the refusal of a moment that is too far ahead; `field` is where it was given."""
    if due_at > call.now + AHEAD:
        problem = f"the message would be due more than {AHEAD.days} days from now; plan it later"
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "The body does not fit.", {field: problem})
