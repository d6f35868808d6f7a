"""The journal in PostgreSQL: entries are added, never changed."""

import json
from collections.abc import Iterable

from beforehand.adapters.postgres import Transaction
from beforehand.ids import from_content
from beforehand.journal.model import Decision


class PostgresJournal:
    """The journal of decisions, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def record(self, decisions: Iterable[Decision]) -> None:
        """Adds decisions. The same decision of the same run is entered once, however often the step repeats."""
        for decision in decisions:
            self._record(decision)

    def _record(self, decision: Decision) -> None:
        self._transaction.run(
            """insert into journal_decisions (decision_id, decided_at, capability, kind, customer_id, outreach_id,
                                              run_id, action, because, rule, facts)
               values (:decision_id, :decided_at, :capability, :kind, :customer_id, :outreach_id,
                       :run_id, :action, :because, :rule, cast(:facts as jsonb))
               on conflict do nothing""",
            decision_id=from_content("decision", decision.capability, decision.kind, decision.customer_id,
                                     decision.outreach_id, decision.run_id or decision.decided_at.isoformat()),
            decided_at=decision.decided_at, capability=decision.capability, kind=decision.kind,
            customer_id=decision.customer_id, outreach_id=decision.outreach_id, run_id=decision.run_id,
            action=decision.action, because=decision.because, rule=decision.rule,
            facts=json.dumps(decision.facts),
        )  # fmt: skip
