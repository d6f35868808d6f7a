"""What people do with cases: take one, end it, and let the message that waited for them go or stay."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from beforehand.outreach import cases as rules
from beforehand.outreach.cases import Answer, Case, Kind, Move, Person
from beforehand.results import Result, Status


class Cases(Protocol):
    """Where cases are kept."""

    def hold(self, case_id: UUID) -> Case:
        """One case, which nobody else can move meanwhile. Raises NotFoundError."""

    def keep(self, case: Case) -> None:
        """Writes down how far a held case is now."""


class Desk(Protocol):
    """The ledger of outreach, as far as a message that waits for a person is concerned."""

    def release(self, outreach_id: UUID, *, now: datetime) -> Result:
        """Lets an outreach go that is held, or whose answer was lost. FAILED where it is neither, or too old."""

    def withdraw(self, outreach_id: UUID, *, now: datetime) -> Result:
        """Cancels a held outreach. SKIPPED where it is held no more."""

    def confirm(self, outreach_id: UUID, *, because: str, now: datetime) -> Result:
        """Says of an outreach whose answer was lost that it arrived. SKIPPED where that is known already."""


def take(case_id: UUID, *, by: Person, cases: Cases, now: datetime) -> Move:
    """One person takes a case. Of two who ask at once one has it, and the other is told who.

    Raises NotFoundError.
    """
    move = rules.take(cases.hold(case_id), by=by, at=now)
    return _settled(move, cases)


def finish(case_id: UUID, *, by: Person, answer: Answer, cases: Cases, desk: Desk, now: datetime) -> Move:
    """Ends a case; a message that was held for it goes or is withdrawn, as the answer says. Raises NotFoundError.

    Where the answer is that the message may go and it cannot go any more, the case stays with who has it.
    """
    case = cases.hold(case_id)
    move = rules.finish(case, by=by, answer=answer, at=now)
    if move.status is Status.DONE and answer is Answer.SEND:
        sent = desk.release(case.outreach_id, now=now) if case.outreach_id else None
        if sent is None or sent.status is not Status.DONE:
            because = sent.because if sent else "no message was written that could be sent"
            return Move(case=case, status=Status.FAILED, because=because)
    elif move.status is Status.DONE and case.outreach_id:
        _without_sending(case, case.outreach_id, answer, desk, now)
    return _settled(move, cases)


def _without_sending(case: Case, outreach_id: UUID, answer: Answer, desk: Desk, now: datetime) -> None:
    """What an answer makes of a message that is not to go.

    Of one whose answer was lost, only a person can say that it arrived; left alone, it stays what nobody knows.
    """
    if case.kind is not Kind.REVIEW:
        desk.withdraw(outreach_id, now=now)
    elif answer is Answer.HANDLED:
        desk.confirm(outreach_id, because=f"{case.taken_by} says that it arrived", now=now)


def _settled(move: Move, cases: Cases) -> Move:
    if move.status is Status.DONE:
        cases.keep(move.case)
    return move
