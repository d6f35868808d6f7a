"""Cases: what a person must do, and the only moves there are: open, taken by one person, done with an answer."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from beforehand.ids import from_content
from beforehand.results import Status


class Kind(StrEnum):
    """What a case asks of a person."""

    ESCALATION = "escalation"
    REVIEW = "review"
    APPROVAL = "approval"
    LOW_EMOTION = "low_emotion"


class Role(StrEnum):
    """Who may take a case: an admin may take what an operator may."""

    OPERATOR = "operator"
    ADMIN = "admin"


class State(StrEnum):
    """How far a case is."""

    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"


class Answer(StrEnum):
    """How a person ends a case. It is one of three words, so that no case ever holds what a customer said."""

    HANDLED = "handled"
    """They saw to it themselves: a message that was held for them is withdrawn. Under review: it arrived."""
    SEND = "send"
    """The message may go. Under review: it did not arrive, and is to be sent again."""
    DISMISSED = "dismissed"
    """Nothing is to be done: a message that was held is withdrawn. Under review: it stays what nobody knows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewCase:
    """A wish that a person does something. `priority` is 0–100; `subject` and `because` hold no name."""

    kind: Kind
    customer_id: str
    cycle: str
    outreach_id: UUID | None
    run_id: UUID | None
    role: Role
    subject: str
    because: str
    priority: int
    due_at: datetime

    @property
    def case_id(self) -> UUID:
        """The id of the case this becomes: a rerun that wishes it again makes the same one."""
        return from_content("case", self.kind, self.customer_id, self.cycle)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A case as it stands. `taken_by` and `done_by` name people of the company, as they sign in."""

    case_id: UUID
    kind: Kind
    customer_id: str
    cycle: str
    outreach_id: UUID | None
    run_id: UUID | None
    role: Role
    subject: str
    because: str
    priority: int
    state: State
    opened_at: datetime
    due_at: datetime
    taken_by: str | None = None
    taken_at: datetime | None = None
    done_by: str | None = None
    done_at: datetime | None = None
    answer: Answer | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody of the company who works on cases, by the name they sign in with."""

    name: str
    role: Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """What became of a move: DONE, SKIPPED where it was made before, FAILED where it may not be made."""

    case: Case
    status: Status
    because: str


def take(case: Case, *, by: Person, at: datetime) -> Move:
    """One person takes an open case. Whoever comes second is told who has it."""
    if case.state is State.DONE:
        return Move(case=case, status=Status.FAILED, because=f"{case.done_by} has done it: {case.answer}")
    if case.state is State.TAKEN and case.taken_by == by.name:
        return Move(case=case, status=Status.SKIPPED, because="you have it already")
    if case.state is State.TAKEN:
        return Move(case=case, status=Status.FAILED, because=f"{case.taken_by} has it")
    if not _may(by, case):
        return Move(case=case, status=Status.FAILED, because=f"it needs the role {case.role}")
    taken = replace(case, state=State.TAKEN, taken_by=by.name, taken_at=at)
    return Move(case=taken, status=Status.DONE, because=f"{by.name} takes it, {_in_time(case, at)}")


def finish(case: Case, *, by: Person, answer: Answer, at: datetime) -> Move:
    """Whoever has a case ends it with an answer; an admin may end one that another has."""
    if case.state is State.DONE:
        same = (case.done_by, case.answer) == (by.name, answer)
        status = Status.SKIPPED if same else Status.FAILED
        return Move(case=case, status=status, because=f"{case.done_by} has done it: {case.answer}")
    if case.state is State.OPEN:
        return Move(case=case, status=Status.FAILED, because="nobody has taken it; take it first")
    if case.taken_by != by.name and by.role is not Role.ADMIN:
        return Move(case=case, status=Status.FAILED, because=f"{case.taken_by} has it")
    done = replace(case, state=State.DONE, done_by=by.name, done_at=at, answer=answer)
    return Move(case=done, status=Status.DONE, because=f"{by.name} answers {answer}, {_in_time(case, at)}")


def _may(person: Person, case: Case) -> bool:
    return person.role is Role.ADMIN or case.role is Role.OPERATOR


def _in_time(case: Case, at: datetime) -> str:
    minutes = round((at - case.due_at).total_seconds() / 60)
    return "in time" if minutes <= 0 else f"{minutes} minutes late"
