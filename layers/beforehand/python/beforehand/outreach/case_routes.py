"""The routes of cases: what people must do, and who does it."""

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from beforehand.api.access import Role as UserRole
from beforehand.api.pages import Page, PageAsked, after, page
from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Answer, Asked, Call, Routes
from beforehand.errors import NotFoundError
from beforehand.outreach import casework
from beforehand.outreach.cases import Answer as Word
from beforehand.outreach.cases import Case, Kind, Move, Person, Role, State
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.store import PostgresOutreach
from beforehand.results import Status

BY_DUE = TypeAdapter(tuple[datetime, UUID])
routes = Routes()


class CasePath(Asked):
    """Which case."""

    case_id: UUID


class CasesAsked(PageAsked):
    """Which cases; without a state, all that are not done."""

    state: State | None = None


class ShownCase(Answer):
    """One case as it stands."""

    case_id: UUID
    kind: Kind
    customer_id: str
    cycle: str
    outreach_id: UUID | None
    run_id: UUID | None
    role: Literal["operator", "admin"]
    subject: str
    because: str
    priority: int
    state: State
    opened_at: datetime
    due_at: datetime
    taken_by: str | None
    taken_at: datetime | None
    done_by: str | None
    done_at: datetime | None
    answer: Word | None


class MovedCase(Answer):
    """A case after a move, and what came of the move."""

    case: ShownCase
    because: str


class CaseEnd(Asked):
    """How a case ends."""

    answer: Annotated[
        Word,
        Field(description="handled: they saw to it; send: the message may go; dismissed: nothing is to be done."),
    ]


@routes.add("GET /v1/cases")
def list_cases(call: Call, query: CasesAsked) -> Page[ShownCase]:
    """List cases, those first that are due first."""
    found = PostgresCases(call.transaction).page(
        state=query.state, after=after(query, BY_DUE), limit=query.limit + 1
    )
    return page(found, query, _shown, lambda case: (case.due_at, case.case_id))


@routes.add("POST /v1/cases/{case_id}/take", refuses=(HTTPStatus.CONFLICT,))
def take_case(call: Call, path: CasePath) -> MovedCase:
    """Take a case, so that nobody else does."""
    try:
        move = casework.take(
            path.case_id,
            by=_person(call),
            cases=PostgresCases(call.transaction),
            now=call.now,
        )
    except NotFoundError:
        raise not_found("case") from None
    return _moved(call, "case.take", move)


@routes.add("POST /v1/cases/{case_id}/done", refuses=(HTTPStatus.CONFLICT,))
def finish_case(call: Call, path: CasePath, body: CaseEnd) -> MovedCase:
    """End a case; a message that waited for it goes or is withdrawn, as the answer says."""
    try:
        move = casework.finish(
            path.case_id,
            by=_person(call),
            answer=body.answer,
            cases=PostgresCases(call.transaction),
            desk=PostgresOutreach(call.transaction),
            now=call.now,
        )
    except NotFoundError:
        raise not_found("case") from None
    return _moved(call, "case.finish", move)


def _person(call: Call) -> Person:
    role = Role.ADMIN if call.caller.role is UserRole.ADMIN else Role.OPERATOR
    return Person(name=call.caller.user, role=role)


def _moved(call: Call, action: str, move: Move) -> MovedCase:
    """The answer of a move, which is audited where it was made now and not before. Raises the refusal of one."""
    case = move.case
    if move.status is Status.FAILED:
        raise refuse(HTTPStatus.CONFLICT, f"The case stays as it is: {move.because}.")
    if move.status is Status.DONE:
        after = {"state": case.state, "answer": case.answer}
        before = {"state": State.OPEN if action == "case.take" else State.TAKEN, "answer": None}
        call.audit(
            action, case.case_id, before=before, after=after, because=move.because, customer_id=case.customer_id
        )
    return MovedCase(case=_shown(case), because=move.because)


def _shown(case: Case) -> ShownCase:
    return ShownCase(**asdict(case))
