"""Writes down how attempts ended, and lets no message be without an end that somebody sees."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from beforehand.events.outreach import Settled
from beforehand.outreach.cases import Kind, NewCase, Role
from beforehand.outreach.delivery.model import Move, Question, Told
from beforehand.outreach.delivery.settling import settle
from beforehand.outreach.model import State
from beforehand.outreach.suppression.model import MarksUnreachableError, Reason, Suppression
from beforehand.results import Result

REVIEW_WITHIN = timedelta(hours=4)

KNOWN = "the provider knows that this person wants no more of this channel"

Attempt = tuple[UUID, int]


class Ledger(Protocol):
    """The ledger of outreach, as far as recording needs it."""

    def questions(self, attempts: Iterable[Attempt]) -> list[Question]:
        """Those that are still open and still the last of their message; nobody else moves them meanwhile."""

    def move(self, moves: Sequence[Move], *, now: datetime) -> None: ...


class Cases(Protocol):
    """Where a person is asked."""

    def open(self, cases: Sequence[NewCase], *, now: datetime) -> list[Result]: ...


Suppress = Callable[[Suppression], object]
"""Tells senders that an address must not be contacted, then writes it down. Raises MarksUnreachableError."""


def record(
    attempts: Sequence[Attempt],
    told: Mapping[Attempt, Told],
    *,
    ledger: Ledger,
    cases: Cases,
    suppress: Suppress,
    now: datetime,
) -> Settled:
    """Settles attempts by what their keys tell. Repeated, or told too late, it changes nothing.

    Where a provider knows that somebody wants no more of a channel, their address is suppressed first; while that
    cannot be, the attempt stays open.
    """
    questions = ledger.questions(attempts)
    ends = {one: told.get((one.outreach_id, one.attempt)) for one in questions}
    untold = _suppress(ends, suppress, now)
    moves = [
        move
        for question, end in ends.items()
        if question not in untold and (move := settle(question, end, now=now)) is not None
    ]
    ledger.move(moves, now=now)
    asked = {question.outreach_id: question for question in questions}
    cases.open([_case(asked[move.outreach_id], move, now) for move in moves if move.state is State.REVIEW], now=now)
    counts = Counter(str(move.state) for move in moves)
    return Settled(fenced=len(attempts) - len(questions), open=len(questions) - len(moves), **counts)


def _suppress(ends: Mapping[Question, Told | None], suppress: Suppress, now: datetime) -> set[Question]:
    """Suppresses whoever wants no more; those are returned of whom senders could not be told."""
    # In the order of addresses: whoever records at the same time waits for their locks in the same order.
    wishes = sorted((end.opted_out, one.outreach_id, one) for one, end in ends.items() if end and end.opted_out)
    untold = set()
    for contact_hash, outreach_id, question in wishes:
        asked = Suppression(
            contact_hash=contact_hash, channel=question.channel, reason=Reason.OPTED_OUT, source="provider",
            because=KNOWN, since=now, outreach_id=outreach_id,
        )  # fmt: skip
        try:
            suppress(asked)
        except MarksUnreachableError:
            untold.add(question)
    return untold


def _case(question: Question, move: Move, now: datetime) -> NewCase:
    """Only a person can say whether a message whose answer was lost has arrived."""
    return NewCase(
        kind=Kind.REVIEW,
        customer_id=question.customer_id,
        cycle=f"{question.outreach_id}#{question.attempt}",
        outreach_id=question.outreach_id,
        run_id=None,
        role=Role.OPERATOR,
        subject=f"Did the {question.channel} reach {question.customer_id}?",
        because=move.because,
        priority=60,
        due_at=now + REVIEW_WITHIN,
    )
