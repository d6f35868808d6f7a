"""Outreach in PostgreSQL. The database holds the promise that a proposal becomes one outreach only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from beforehand.adapters.postgres import Transaction
from beforehand.outreach.model import Proposal
from beforehand.results import Result, Status


class PostgresOutreach:
    """The ledger of outreach, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def propose(self, proposals: Sequence[Proposal], *, now: datetime) -> list[Result]:
        """Plans each proposal unless it is planned already; says what became of each, in their order."""
        return [self._propose(proposal, now) for proposal in proposals]

    def release(self, outreach_id: UUID, *, now: datetime) -> Result:
        """Lets an outreach go, from now on, that is held or whose answer was lost. FAILED where it is neither."""
        released = self._transaction.run(
            """update outreach
               set state = 'scheduled', hold = null, due_at = greatest(due_at, :now),
                   next_at = greatest(due_at, :now), state_because = 'a person let it go', state_at = :now
               where outreach_id = :outreach_id and state in ('held', 'review') and not_after > :now""",
            outreach_id=outreach_id, now=now,
        )  # fmt: skip
        if released:
            return Result(id=str(outreach_id), status=Status.DONE, because="the message may go")
        because = f"the message cannot go any more: {self._standing(outreach_id)}"
        return Result(id=str(outreach_id), status=Status.FAILED, because=because)

    def withdraw(self, outreach_id: UUID, *, now: datetime) -> Result:
        """Cancels a held outreach. SKIPPED where it is held no more."""
        withdrawn = self._transaction.run(
            """update outreach set state = 'cancelled', hold = null, next_at = null,
                                   state_because = 'a person withdrew it', state_at = :now
               where outreach_id = :outreach_id and state = 'held'""",
            outreach_id=outreach_id, now=now,
        )  # fmt: skip
        if withdrawn:
            return Result(id=str(outreach_id), status=Status.DONE, because="the message is withdrawn")
        return Result(id=str(outreach_id), status=Status.SKIPPED, because=f"it {self._standing(outreach_id)}")

    def confirm(self, outreach_id: UUID, *, because: str, now: datetime) -> Result:
        """Says of an outreach whose answer was lost that it arrived. SKIPPED where that is known already."""
        confirmed = self._transaction.run(
            """update outreach set state = 'sent', state_because = :because, state_at = :now
               where outreach_id = :outreach_id and state = 'review'""",
            outreach_id=outreach_id, because=because, now=now,
        )  # fmt: skip
        status = Status.DONE if confirmed else Status.SKIPPED
        return Result(id=str(outreach_id), status=status, because=because)

    def _standing(self, outreach_id: UUID) -> str:
        found = self._transaction.row(
            "select state, not_after from outreach where outreach_id = :outreach_id", outreach_id=outreach_id
        )
        if found is None:
            return "is not in the ledger"
        state, until = found["state"], found["not_after"]
        return (
            f"had to go before {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            if state in ("held", "review")
            else f"is {state}"
        )

    def _propose(self, proposal: Proposal, now: datetime) -> Result:
        added = self._transaction.run(
            """insert into outreach (outreach_id, customer_id, purpose, cycle, step, channel, state, priority,
                                     due_at, not_after, language, subject, body, because, run_id, proposed_at,
                                     automated, template, variables, follows_id)
               values (:outreach_id, :customer_id, :purpose, :cycle, :step, :channel, :state, :priority, :due_at,
                       :not_after, :language, :subject, :body, :because, :run_id, :now,
                       :automated, :template, cast(:variables as jsonb), :follows_id)
               on conflict do nothing""",
            outreach_id=proposal.outreach_id, now=now, state="held" if proposal.held else "scheduled",
            **{**asdict(proposal), "variables": _json(proposal.variables)},
        )  # fmt: skip
        if added:
            return Result(id=proposal.customer_id, status=Status.DONE, because=proposal.because)
        because = f"a {proposal.purpose} for {proposal.cycle} is planned already"
        return Result(id=proposal.customer_id, status=Status.SKIPPED, because=because)


def _json(variables: Mapping[str, Any] | None) -> str | None:
    return None if variables is None else json.dumps(dict(variables))
