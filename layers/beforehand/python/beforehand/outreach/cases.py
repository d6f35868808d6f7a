"""Cases: what a person must do, and the only moves there are: open, taken by one person, done with an answer.

A case that nobody takes falls through to what was said for that when it was opened, if anything was.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal
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


NOBODY = "nobody in time"
"""Who ended a case that nobody took by its moment."""

GOES = {Answer.SEND: "the message goes", Answer.DISMISSED: "nothing is sent"}
"""What a case may fall through to, in words. Nobody cannot have handled it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewCase:
    """A wish that a person does something. `priority` is 0–100; `subject` and `because` hold no name.

    Where nobody has taken it by `otherwise_at`, it ends by itself with the answer `otherwise`: `send` or
    `dismissed`. A review has none, since only a person can say whether a message arrived. Raises ValueError for
    what cannot be.
    """

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
    otherwise: Answer | None = None
    otherwise_at: datetime | None = None

    def __post_init__(self) -> None:
        if (self.otherwise is None) != (self.otherwise_at is None):
            raise ValueError("what becomes of a case and when that is go together; give otherwise and otherwise_at")
        if self.otherwise is None:
            return
        if self.otherwise not in GOES:
            raise ValueError(f"a case cannot fall through to {self.otherwise}; name send or dismissed")
        if self.kind is Kind.REVIEW:
            raise ValueError("a review waits for a person: leave otherwise out")
        if self.otherwise is Answer.SEND and self.outreach_id is None:
            raise ValueError("there is no message that could be sent; name outreach_id, or let it be dismissed")

    @property
    def case_id(self) -> UUID:
        """The id of the case this becomes: a rerun that wishes it again makes the same one."""
        return from_content("case", self.kind, self.customer_id, self.cycle)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A case as it stands. `taken_by` and `done_by` name people of the company, as they sign in.

    `otherwise_because`: why it could not fall through when its time came. It waits for a person after all.
    """

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
    otherwise: Answer | None = None
    otherwise_at: datetime | None = None
    otherwise_because: str | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Whether somebody should have done it by now."""
        return self.state is not State.DONE and self.due_at < now

    def told_otherwise(self) -> str | None:
        """What becomes of it while nobody has it, in words; None where a person has it, or it is done."""
        if self.state is not State.OPEN or self.otherwise is None or self.otherwise_at is None:
            return None
        return self.otherwise_because or f"if nobody takes it by {_utc(self.otherwise_at)}, {GOES[self.otherwise]}"


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
        return Move(case=case, status=Status.FAILED, because=_over(case))
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
        return Move(case=case, status=status, because=_over(case))
    if case.state is State.OPEN:
        return Move(case=case, status=Status.FAILED, because="nobody has taken it; take it first")
    if case.taken_by != by.name and by.role is not Role.ADMIN:
        return Move(case=case, status=Status.FAILED, because=f"{case.taken_by} has it")
    done = replace(case, state=State.DONE, done_by=by.name, done_at=at, answer=answer)
    return Move(case=done, status=Status.DONE, because=f"{by.name} answers {answer}, {_in_time(case, at)}")


def give_back(case: Case, *, by: Person, at: datetime) -> Move:
    """Whoever has a case gives it back, so that another may take it; an admin may give back another's."""
    if case.state is State.DONE:
        return Move(case=case, status=Status.FAILED, because=_over(case))
    if case.state is State.OPEN:
        return Move(case=case, status=Status.SKIPPED, because="nobody has it")
    if case.taken_by != by.name and by.role is not Role.ADMIN:
        return Move(case=case, status=Status.FAILED, because=f"{case.taken_by} has it")
    given = replace(case, state=State.OPEN, taken_by=None, taken_at=None)
    because = f"{by.name} gives it back, {_in_time(case, at)}"
    if given.otherwise is not None and given.otherwise_at is not None and given.otherwise_at <= at:
        because = given.otherwise_because or (
            f"{because}; its time is over, so unless somebody takes it at once, {GOES[given.otherwise]}"
        )
    return Move(case=given, status=Status.DONE, because=because)


def fall_through(case: Case, *, at: datetime) -> Move:
    """Ends a case that nobody has taken by its moment, as was said for that. SKIPPED where that is not so."""
    if case.state is State.DONE:
        return Move(case=case, status=Status.SKIPPED, because=_over(case))
    if case.state is State.TAKEN:
        return Move(case=case, status=Status.SKIPPED, because=f"{case.taken_by} has it")
    if case.otherwise is None or case.otherwise_at is None or case.otherwise_because is not None:
        return Move(case=case, status=Status.SKIPPED, because="it waits for a person")
    if case.otherwise_at > at:
        because = f"it waits for a person until {_utc(case.otherwise_at)}"
        return Move(case=case, status=Status.SKIPPED, because=because)
    done = replace(case, state=State.DONE, done_by=NOBODY, done_at=at, answer=case.otherwise)
    because = f"nobody took its case by {_utc(case.otherwise_at)}, so {GOES[case.otherwise]}"
    return Move(case=done, status=Status.DONE, because=because)


def moves(case: Case, *, by: Person) -> tuple[Literal["take", "done", "give_back"], ...]:
    """What somebody may do with a case now: `take`, or `done` and `give_back`."""
    if case.state is State.OPEN and _may(by, case):
        return ("take",)
    if case.state is State.TAKEN and (case.taken_by == by.name or by.role is Role.ADMIN):
        return ("done", "give_back")
    return ()


def _over(case: Case) -> str:
    if case.done_by == NOBODY and case.answer in GOES and case.otherwise_at is not None:
        return f"nobody took it by {_utc(case.otherwise_at)}, so {GOES[case.answer]}"
    return f"{case.done_by} has done it: {case.answer}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _may(person: Person, case: Case) -> bool:
    return person.role is Role.ADMIN or case.role is Role.OPERATOR


def _in_time(case: Case, at: datetime) -> str:
    minutes = round((at - case.due_at).total_seconds() / 60)
    return "in time" if minutes <= 0 else f"{minutes} minutes late"
