"""A message that a person decides about before it goes, proposed together with the case that asks them.

For planners: in one transaction,

    wishes = [low_emotion(proposal, because="felt 0.17 of 1 at the last five", now=now) for proposal in proposals]
    results = propose_first(wishes, outreach=PostgresOutreach(t), cases=PostgresCases(t), now=now)

and nothing more: the desk lets the message go, or withdraws it, when a person says so, or when nobody took the case
in time. `wish.case.case_id` and `wish.proposal.outreach_id` are known before, for a journal's entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from beforehand.outreach.cases import Answer, Kind, NewCase, Role
from beforehand.outreach.model import Proposal
from beforehand.results import Result, Status

LOW_EMOTION_WITHIN = timedelta(hours=4)
"""How long a person has to see to somebody who felt bad, before the gentle message goes."""

APPROVE_WITHIN = timedelta(days=1)
"""When an approval is due, unless somebody says otherwise."""

ROOM = timedelta(minutes=15)
"""How long before the end of a message nobody is waited for any more, so that it can still go."""


class Outreach(Protocol):
    """The desk that everything which contacts a customer goes through."""

    def propose(self, proposals: Sequence[Proposal], *, now: datetime) -> list[Result]:
        """Plans each proposal unless it is planned already, in their order."""


class Cases(Protocol):
    """Where a person is asked."""

    def open(self, cases: Sequence[NewCase], *, now: datetime) -> list[Result]:
        """Opens each case unless its occasion has one, in their order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonFirst:
    """A held message, and the case for which it is held."""

    proposal: Proposal
    case: NewCase


def person_first(
    proposal: Proposal,
    *,
    kind: Kind,
    subject: str,
    because: str,
    now: datetime,
    within: timedelta,
    role: Role = Role.OPERATOR,
    otherwise: Answer | None = Answer.SEND,
) -> PersonFirst:
    """Holds a message for a person, who is to decide `within` so long from `now`.

    Where nobody has taken the case by then, `otherwise` is done: the message goes, not before its own due time, or
    is withdrawn; with None it waits for a person until its end. A message that ends sooner waits no longer than
    fifteen minutes before its end. `subject` and `because` are for people, and hold no name. Raises ValueError for
    a kind that has no `otherwise` (review).
    """
    until = max(now, min(now + within, proposal.not_after - ROOM))
    case = NewCase(
        kind=kind,
        customer_id=proposal.customer_id,
        # Of the same message there is the same case, whatever else is planned for the same occasion.
        cycle=f"{proposal.purpose}/{proposal.cycle}/{proposal.step}",
        outreach_id=proposal.outreach_id,
        run_id=proposal.run_id,
        role=role,
        subject=subject,
        because=because,
        priority=proposal.priority,
        due_at=until,
        otherwise=otherwise,
        otherwise_at=None if otherwise is None else until,
    )
    return PersonFirst(proposal=replace(proposal, held=True), case=case)


def low_emotion(
    proposal: Proposal, *, because: str, now: datetime, within: timedelta = LOW_EMOTION_WITHIN
) -> PersonFirst:
    """Holds the gentle message to somebody who felt bad, so that an operator sees to them first.

    Where none takes the case in four hours (`within`), the message goes, not before its own due time.
    """
    return person_first(
        proposal,
        kind=Kind.LOW_EMOTION,
        subject=f"See to {proposal.customer_id}, who felt bad",
        because=because,
        now=now,
        within=within,
    )


def approval(
    proposal: Proposal, *, now: datetime, approve_by: datetime | None = None, otherwise: Answer | None = None
) -> PersonFirst:
    """Holds a message until an admin approves it: `send` lets it go, `dismissed` withdraws it.

    `approve_by` is when that is due, else in a day; where nobody has taken it by then, `otherwise` is done. Without
    one it waits until the message's end, and is dismissed then.
    """
    due = approve_by or min(now + APPROVE_WITHIN, proposal.not_after)
    case = NewCase(
        kind=Kind.APPROVAL,
        customer_id=proposal.customer_id,
        cycle=f"{proposal.purpose}/{proposal.cycle}/{proposal.step}",
        outreach_id=proposal.outreach_id,
        run_id=proposal.run_id,
        role=Role.ADMIN,
        subject=f"Approve the {proposal.channel} to {proposal.customer_id}",
        because=proposal.because,
        priority=proposal.priority,
        due_at=due,
        otherwise=otherwise or Answer.DISMISSED,
        otherwise_at=due if otherwise else proposal.not_after,
    )
    return PersonFirst(proposal=replace(proposal, held=True), case=case)


def propose_first(
    wishes: Sequence[PersonFirst], *, outreach: Outreach, cases: Cases, now: datetime
) -> list[Result]:
    """Proposes each message and opens its case; says what became of each message, in their order.

    A message that is planned already keeps the case that it has, or had: none is opened again. Both are written in
    the transaction of the stores, so there is no message that waits for a case that is not there.
    """
    results = outreach.propose([wish.proposal for wish in wishes], now=now)
    new = [wish.case for wish, made in zip(wishes, results, strict=True) if made.status is Status.DONE]
    cases.open(new, now=now)
    return results
