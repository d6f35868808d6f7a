"""Outreach in PostgreSQL. The database holds the promise that a proposal becomes one outreach only."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

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

    def _propose(self, proposal: Proposal, now: datetime) -> Result:
        added = self._transaction.run(
            """insert into outreach (outreach_id, customer_id, purpose, cycle, step, channel, priority, due_at,
                                     not_after, language, subject, body, because, run_id, proposed_at)
               values (:outreach_id, :customer_id, :purpose, :cycle, :step, :channel, :priority, :due_at,
                       :not_after, :language, :subject, :body, :because, :run_id, :now)
               on conflict do nothing""",
            outreach_id=proposal.outreach_id, now=now, **asdict(proposal),
        )  # fmt: skip
        if added:
            return Result(id=proposal.customer_id, status=Status.DONE, because=proposal.because)
        because = f"a {proposal.purpose} for {proposal.cycle} is planned already"
        return Result(id=proposal.customer_id, status=Status.SKIPPED, because=because)
