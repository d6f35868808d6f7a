"""The routes of cases: what people must do, and who does it."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
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
from beforehand.outreach.cases import Case, Kind, Move, Person, Role, State, moves
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.proposal_documents import CUSTOMER_ID
from beforehand.outreach.store import PostgresOutreach
from beforehand.results import Status

BY_DUE = TypeAdapter(tuple[datetime, UUID])
routes = Routes()


class CasePath(Asked):
    """Which case."""

    case_id: UUID


class CasesAsked(PageAsked):
    """Which cases; without a state, all that are not done. Filters are all to hold."""

    state: State | None = None
    kind: Kind | None = None
    role: Role | None = Field(default=None, description="Whose work it is.")
    customer_id: Annotated[str, Field(pattern=CUSTOMER_ID)] | None = None
    mine: Literal["true", "false"] = Field(default="false", description="Only those that you have taken.")
    overdue: Literal["true", "false"] = Field(default="false", description="Only those that are due already.")
    may_take: Literal["true", "false"] = Field(
        default="false", description="Only those that nobody has and you may take."
    )


class ShownCase(Answer):
    """One case as it stands.

    `otherwise` is its answer where nobody takes it by `otherwise_at`, and `else_because` says that in a sentence;
    or why it could not be done then, so that it waits for a person after all. `you_may` is what you may do now.
    """

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
    overdue: bool
    taken_by: str | None
    taken_at: datetime | None
    done_by: str | None
    done_at: datetime | None
    answer: Word | None
    otherwise: Word | None
    otherwise_at: datetime | None
    else_because: str | None
    you_may: tuple[Literal["take", "done", "give_back"], ...]


class CaseCount(Answer):
    """How many cases of one kind are not done; `overdue` is among both `open` and `taken`."""

    kind: Kind
    open: int
    taken: int
    overdue: int
    next_otherwise_at: datetime | None = Field(
        description="When the next of them ends by itself, if nobody takes it."
    )


class CaseCounts(Answer):
    """How many cases are not done: of every kind, and of all."""

    open: int
    taken: int
    overdue: int
    kinds: tuple[CaseCount, ...]


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
        state=query.state,
        kind=query.kind,
        role=query.role,
        customer_id=query.customer_id,
        taken_by=call.caller.user if query.mine == "true" else None,
        due_before=call.now if query.overdue == "true" else None,
        open_for=str(call.caller.role) if query.may_take == "true" else None,
        after=after(query, BY_DUE),
        limit=query.limit + 1,
    )
    return page(found, query, lambda case: _shown(call, case), lambda case: (case.due_at, case.case_id))


@routes.add("GET /v1/cases/statistics")
def count_cases(call: Call) -> CaseCounts:
    """Count the cases that are not done, by kind: open, taken, overdue."""
    found = {row["kind"]: CaseCount(**row) for row in PostgresCases(call.transaction).counts(now=call.now)}
    none = {"open": 0, "taken": 0, "overdue": 0, "next_otherwise_at": None}
    kinds = tuple(found.get(kind.value) or CaseCount(kind=kind, **none) for kind in Kind)
    return CaseCounts(
        open=sum(one.open for one in kinds),
        taken=sum(one.taken for one in kinds),
        overdue=sum(one.overdue for one in kinds),
        kinds=kinds,
    )


@routes.add("GET /v1/cases/{case_id}")
def show_case(call: Call, path: CasePath) -> ShownCase:
    """Show one case; `GET /v1/why/{subject}` with its outreach shows the message to operators."""
    try:
        return _shown(call, PostgresCases(call.transaction).get(path.case_id))
    except NotFoundError:
        raise not_found("case") from None


@routes.add("POST /v1/cases/{case_id}/take", refuses=(HTTPStatus.CONFLICT,))
def take_case(call: Call, path: CasePath) -> MovedCase:
    """Take a case, so that nobody else does."""
    return _moved(call, "case.take", partial(casework.take, path.case_id))


@routes.add("POST /v1/cases/{case_id}/give_back", refuses=(HTTPStatus.CONFLICT,))
def give_case_back(call: Call, path: CasePath) -> MovedCase:
    """Give a case back, so that somebody else may take it."""
    return _moved(call, "case.give_back", partial(casework.give_back, path.case_id))


@routes.add("POST /v1/cases/{case_id}/done", refuses=(HTTPStatus.CONFLICT,))
def finish_case(call: Call, path: CasePath, body: CaseEnd) -> MovedCase:
    """End a case; a message that waited for it goes or is withdrawn, as the answer says."""
    desk = PostgresOutreach(call.transaction)
    return _moved(call, "case.finish", partial(casework.finish, path.case_id, answer=body.answer, desk=desk))


def _person(call: Call) -> Person:
    role = Role.ADMIN if call.caller.role is UserRole.ADMIN else Role.OPERATOR
    return Person(name=call.caller.user, role=role)


def _moved(call: Call, action: str, make: Callable[..., Move]) -> MovedCase:
    """Makes a move as the caller; it is audited where it was made now and not before. Raises the refusal of one."""
    try:
        move = make(by=_person(call), cases=PostgresCases(call.transaction), now=call.now)
    except NotFoundError:
        raise not_found("case") from None
    case = move.case
    if move.status is Status.FAILED:
        raise refuse(HTTPStatus.CONFLICT, f"The case stays as it is: {move.because}.")
    if move.status is Status.DONE:
        after = {"state": case.state, "answer": case.answer}
        before = {"state": State.OPEN if action == "case.take" else State.TAKEN, "answer": None}
        call.audit(
            action, case.case_id, before=before, after=after, because=move.because, customer_id=case.customer_id
        )
    return MovedCase(case=_shown(call, case), because=move.because)


def _shown(call: Call, case: Case) -> ShownCase:
    known = asdict(case)
    known.pop("otherwise_because")
    works = call.caller.role in (UserRole.OPERATOR, UserRole.ADMIN)
    return ShownCase(
        **known,
        overdue=case.is_overdue(call.now),
        else_because=case.told_otherwise(),
        you_may=moves(case, by=_person(call)) if works else (),
    )
