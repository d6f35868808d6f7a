"""What people do with cases: take one, end it, and let the message that waited for them go or stay.

Where nobody does, a case that has an `otherwise` ends with that, by the same hand.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from beforehand.journal.audit import Audited, audited
from beforehand.outreach import cases as rules
from beforehand.outreach.cases import Answer, Case, Kind, Move, Person
from beforehand.outreach.model import State as Standing
from beforehand.results import Result, Status

MOST_FALLING = 200
"""How many cases fall through in one tick; the others do in the next, a minute later."""


class Cases(Protocol):
    """Where cases are kept."""

    def hold(self, case_id: UUID) -> Case:
        """One case, which nobody else can move meanwhile. Raises NotFoundError."""

    def keep(self, case: Case) -> None:
        """Writes down how far a held case is now."""


class Falling(Protocol):
    """Where cases are kept, as far as those that nobody took are concerned."""

    def falling(self, *, now: datetime, limit: int) -> list[Case]:
        """Cases that nobody has taken by their moment, which nobody else can move meanwhile."""

    def keep(self, case: Case) -> None:
        """Writes down how far a held case is now."""


class Desk(Protocol):
    """The ledger of outreach, as far as a message that waits for a person is concerned."""

    def release(self, outreach_id: UUID, *, now: datetime, because: str, waits: Collection[Standing]) -> Result:
        """Lets an outreach go that is in one of these states. FAILED where it is in another, or too old."""

    def withdraw(self, outreach_id: UUID, *, now: datetime, because: str) -> Result:
        """Cancels a held outreach. SKIPPED where it is held no more."""

    def confirm(self, outreach_id: UUID, *, because: str, now: datetime) -> Result:
        """Says of an outreach whose answer was lost that it arrived. SKIPPED where that is known already."""


class Audit(Protocol):
    """Where it is entered what was done in nobody's name."""

    def record(self, entry: Audited) -> UUID:
        """Adds an entry."""


def take(case_id: UUID, *, by: Person, cases: Cases, now: datetime) -> Move:
    """One person takes a case. Of two who ask at once one has it, and the other is told who.

    Raises NotFoundError.
    """
    move = rules.take(cases.hold(case_id), by=by, at=now)
    return _settled(move, cases)


def give_back(case_id: UUID, *, by: Person, cases: Cases, now: datetime) -> Move:
    """Whoever has a case gives it back. Raises NotFoundError."""
    move = rules.give_back(cases.hold(case_id), by=by, at=now)
    return _settled(move, cases)


def finish(case_id: UUID, *, by: Person, answer: Answer, cases: Cases, desk: Desk, now: datetime) -> Move:
    """Ends a case; a message that was held for it goes or is withdrawn, as the answer says. Raises NotFoundError.

    Where the answer is that the message may go and it cannot go any more, the case stays with who has it.
    """
    case = cases.hold(case_id)
    move = rules.finish(case, by=by, answer=answer, at=now)
    word = "let it go" if answer is Answer.SEND else "withdrew it"
    return _settled(_carried_out(case, move, desk, now=now, because=f"a person {word}"), cases)


def fall_through(
    *, cases: Falling, desk: Desk, audit: Audit, now: datetime, task: str, limit: int = MOST_FALLING
) -> list[Move]:
    """Ends the cases that nobody has taken by their moment, as was said for that; `limit` at most.

    A message that goes is looked at by the gate as any other. Where it cannot go any more, the case stays open for
    a person, and says why. Taken again, or by two at once, each case ends once.
    """
    found = cases.falling(now=now, limit=limit)
    return [_fallen(case, cases, desk, audit, now, task) for case in found]


def _fallen(case: Case, cases: Falling, desk: Desk, audit: Audit, now: datetime, task: str) -> Move:
    fallen = rules.fall_through(case, at=now)
    if fallen.status is not Status.DONE:
        return fallen
    move = _carried_out(case, fallen, desk, now=now, because=fallen.because)
    if move.status is Status.FAILED:
        because = f"nobody took it in time, and {move.because}; it waits for a person"
        move = Move(case=replace(case, otherwise_because=because), status=Status.FAILED, because=because)
    cases.keep(move.case)
    audit.record(
        audited(
            at=now, who=task, role=None, action="case.fall_through", subject=case.case_id,
            before={"state": case.state, "answer": None},
            after={"state": move.case.state, "answer": move.case.answer, "done_by": move.case.done_by},
            because=move.because, customer_id=case.customer_id,
        )
    )  # fmt: skip
    return move


def _carried_out(case: Case, move: Move, desk: Desk, *, now: datetime, because: str) -> Move:
    """Does to the message what the end of a case says; where it cannot go any more, the case stays as it is."""
    if move.status is not Status.DONE:
        return move
    if move.case.answer is not Answer.SEND:
        _without_sending(move.case, desk, now, because)
        return move
    # Only whoever reviews a message can say that it is to be sent again.
    waits = Standing.REVIEW if case.kind is Kind.REVIEW else Standing.HELD
    sent = desk.release(case.outreach_id, now=now, because=because, waits=(waits,)) if case.outreach_id else None
    if sent is not None and sent.status is Status.DONE:
        return move
    told = sent.because if sent else "no message was written that could be sent"
    return Move(case=case, status=Status.FAILED, because=told)


def _without_sending(case: Case, desk: Desk, now: datetime, because: str) -> None:
    """What an answer makes of a message that is not to go.

    Of one whose answer was lost, only a person can say that it arrived; left alone, it stays what nobody knows.
    """
    if case.outreach_id is None:
        return
    if case.kind is not Kind.REVIEW:
        desk.withdraw(case.outreach_id, now=now, because=because)
    elif case.answer is Answer.HANDLED:
        desk.confirm(case.outreach_id, because=f"{case.taken_by} says that it arrived", now=now)


def _settled(move: Move, cases: Cases) -> Move:
    if move.status is Status.DONE:
        cases.keep(move.case)
    return move
