"""The journal in PostgreSQL: entries are added, never changed."""

import json
from collections.abc import Iterable
from typing import Any

from beforehand.adapters.postgres import Transaction
from beforehand.ids import from_content
from beforehand.journal.model import Decision


class PostgresJournal:
    """The journal of decisions, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def record(self, decisions: Iterable[Decision]) -> None:
        """Adds decisions. The same decision of the same run is entered once, however often the step repeats."""
        entries = [_entry(decision) for decision in decisions]
        if entries:
            self._transaction.run(
                """insert into journal_decisions (decision_id, decided_at, capability, kind, customer_id,
                                                  outreach_id, run_id, action, because, rule, facts)
                   select decision_id, decided_at, capability, kind, customer_id, outreach_id, run_id, action,
                          because, rule, facts
                   from rows from (jsonb_to_recordset(cast(:entries as jsonb)) as (
                       decision_id uuid, decided_at timestamptz, capability text, kind text, customer_id text,
                       outreach_id uuid, run_id uuid, action text, because text, rule text, facts jsonb))
                       with ordinality
                   order by ordinality
                   on conflict do nothing""",
                entries=json.dumps(entries),
            )


def _entry(decision: Decision) -> dict[str, Any]:
    """A decision as JSON, with the id that follows from what it is about."""
    name = from_content(
        "decision", decision.capability, decision.kind, decision.customer_id, decision.outreach_id,
        decision.run_id or decision.decided_at.isoformat(),
    )  # fmt: skip
    return {
        "decision_id": str(name),
        "decided_at": decision.decided_at.isoformat(),
        "capability": decision.capability,
        "kind": decision.kind,
        "customer_id": decision.customer_id,
        "outreach_id": decision.outreach_id and str(decision.outreach_id),
        "run_id": decision.run_id and str(decision.run_id),
        "action": decision.action,
        "because": decision.because,
        "rule": decision.rule,
        "facts": decision.facts,
    }
