"""Outreach in PostgreSQL. The database holds the promise that a proposal becomes one outreach only."""

import json
from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from beforehand.adapters.postgres import Transaction
from beforehand.outreach.model import Proposal, State
from beforehand.results import Result, Status

NAMES = tuple(field.name for field in fields(Proposal))


class PostgresOutreach:
    """The ledger of outreach, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def propose(self, proposals: Sequence[Proposal], *, now: datetime) -> list[Result]:
        """Plans each proposal unless it is planned already; says what became of each, in their order.

        One statement for all. Of two proposals of the same outreach, the first is the one that is planned.
        """
        if not proposals:
            return []
        names = [proposal.outreach_id for proposal in proposals]
        first: dict[UUID, Proposal] = {}
        for name, proposal in zip(names, proposals, strict=True):
            first.setdefault(name, proposal)
        added = self._transaction.rows(
            """insert into outreach (outreach_id, customer_id, purpose, cycle, step, channel, state, priority,
                                     due_at, not_after, language, subject, body, because, run_id, proposed_at,
                                     automated, template, variables, follows_id, next_at, hold, state_because)
               select outreach_id, customer_id, purpose, cycle, step, channel,
                      case when held then 'held' else 'scheduled' end, priority, due_at, not_after, language,
                      subject, body, because, run_id, :now, automated, template, variables, follows_id,
                      case when not held then due_at end, case when held then 'person' end,
                      case when held then 'a person decides first whether it goes' end
               from jsonb_to_recordset(cast(:proposals as jsonb)) as n(
                   outreach_id uuid, customer_id text, purpose text, cycle text, step integer, channel text,
                   held boolean, priority integer, due_at timestamptz, not_after timestamptz, language text,
                   subject text, body text, because text, run_id uuid, automated boolean, template text,
                   variables jsonb, follows_id uuid)
               on conflict do nothing returning outreach_id""",
            proposals=json.dumps(
                [{**_written(proposal), "outreach_id": str(name)} for name, proposal in first.items()]
            ),
            now=now,
        )  # fmt: skip
        new = {row["outreach_id"] for row in added}
        return [_result(proposal, new, name) for name, proposal in zip(names, proposals, strict=True)]

    def release(
        self,
        outreach_id: UUID,
        *,
        now: datetime,
        because: str = "a person let it go",
        waits: Collection[State] = (State.HELD, State.REVIEW),
    ) -> Result:
        """Lets an outreach go, from now on, that is held or whose answer was lost. FAILED where it is neither.

        `waits`: only where it is one of these.
        """
        released = self._transaction.run(
            """update outreach
               set state = 'scheduled', hold = null, due_at = greatest(due_at, :now),
                   next_at = greatest(due_at, :now), state_because = :because, state_at = :now
               where outreach_id = :outreach_id and state = any(cast(:waits as text[])) and not_after > :now""",
            outreach_id=outreach_id, now=now, because=because, waits=[str(one) for one in waits],
        )  # fmt: skip
        if released:
            return Result(id=str(outreach_id), status=Status.DONE, because="the message may go")
        because = f"the message cannot go any more: {self._standing(outreach_id, now)}"
        return Result(id=str(outreach_id), status=Status.FAILED, because=because)

    def withdraw(self, outreach_id: UUID, *, now: datetime, because: str = "a person withdrew it") -> Result:
        """Cancels a held outreach. SKIPPED where it is held no more."""
        withdrawn = self._transaction.run(
            """update outreach set state = 'cancelled', hold = null, next_at = null,
                                   state_because = :because, state_at = :now
               where outreach_id = :outreach_id and state = 'held'""",
            outreach_id=outreach_id, now=now, because=because,
        )  # fmt: skip
        if withdrawn:
            return Result(id=str(outreach_id), status=Status.DONE, because="the message is withdrawn")
        return Result(id=str(outreach_id), status=Status.SKIPPED, because=f"it {self._standing(outreach_id, now)}")

    def confirm(self, outreach_id: UUID, *, because: str, now: datetime) -> Result:
        """Says of an outreach whose answer was lost that it arrived. SKIPPED where that is known already."""
        confirmed = self._transaction.run(
            """update outreach set state = 'sent', state_because = :because, state_at = :now
               where outreach_id = :outreach_id and state = 'review'""",
            outreach_id=outreach_id, because=because, now=now,
        )  # fmt: skip
        status = Status.DONE if confirmed else Status.SKIPPED
        return Result(id=str(outreach_id), status=status, because=because)

    def _standing(self, outreach_id: UUID, now: datetime) -> str:
        found = self._transaction.row(
            "select state, not_after from outreach where outreach_id = :outreach_id", outreach_id=outreach_id
        )
        if found is None:
            return "is not in the ledger"
        state, until = found["state"], found["not_after"]
        if state in (State.HELD, State.REVIEW) and until <= now:
            return f"had to go before {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return "may have been sent, and another case reviews it" if state == State.REVIEW else f"is {state}"


def _written(proposal: Proposal) -> dict[str, Any]:
    """A proposal as JSON. Field by field: `asdict` copies every value, and a batch has thousands of them."""
    written = {name: getattr(proposal, name) for name in NAMES}
    written["due_at"], written["not_after"] = proposal.due_at.isoformat(), proposal.not_after.isoformat()
    written["run_id"] = None if proposal.run_id is None else str(proposal.run_id)
    written["follows_id"] = None if proposal.follows_id is None else str(proposal.follows_id)
    written["variables"] = None if proposal.variables is None else dict(proposal.variables)
    return written


def _result(proposal: Proposal, new: set[UUID], name: UUID) -> Result:
    if name in new:
        new.remove(name)
        return Result(id=proposal.customer_id, status=Status.DONE, because=proposal.because)
    because = f"a {proposal.purpose} for {proposal.cycle} is planned already"
    return Result(id=proposal.customer_id, status=Status.SKIPPED, because=because)
