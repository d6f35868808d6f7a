"""Memory in PostgreSQL: read from what the journal and the ledgers hold, never written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from beforehand.adapters.postgres import Row, Transaction
from beforehand.churn.documents import MemoryLine, RememberedCase
from beforehand.churn.model import Remembered

MOST_REMEMBERED = 5


class PostgresMemory:
    """What was tried with each customer, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def of(self, customer_ids: Sequence[str], *, before: datetime) -> Mapping[str, tuple[Remembered, ...]]:
        """The last five interventions of each that were decided before a moment, newest first."""
        found = self._transaction.rows(
            """select m.customer_id, m.decided_at as at, m.action, m.facts ->> 'cause' as cause,
                      m.facts -> 'plan' ->> 'action' as plan, m.channel, m.state, m.case_state, m.answer
               from unnest(cast(:customer_ids as text[])) as wanted (customer_id)
               cross join lateral (
                   select * from churn_v_memory
                   where customer_id = wanted.customer_id and decided_at < :before
                   order by decided_at desc limit :most
               ) as m
               order by m.customer_id, m.decided_at desc""",
            customer_ids=list(customer_ids), before=before, most=MOST_REMEMBERED,
        )  # fmt: skip
        known: dict[str, list[Remembered]] = defaultdict(list)
        for row in found:
            known[row.pop("customer_id")].append(Remembered(**row))
        return {customer_id: tuple(theirs) for customer_id, theirs in known.items()}

    def after(self, customer_id: str | None, *, limit: int) -> list[str]:
        """The next customers, by id, of whom something is remembered."""
        found = self._transaction.rows(
            """select distinct customer_id collate "C" as customer_id from churn_v_memory
               where cast(:after as text) is null or customer_id collate "C" > cast(:after as text)
               order by customer_id limit :limit""",
            after=customer_id, limit=limit,
        )  # fmt: skip
        return [row["customer_id"] for row in found]

    def lines(self, customer_id: str) -> list[MemoryLine]:
        """All that is remembered of a customer, oldest first."""
        found = self._transaction.rows(
            """select decision_id, decided_at, run_id, action, because, rule, facts, outreach_id, channel, language,
                      state, due_at, not_after, case_id, case_state, case_due_at, case_done_at, answer
               from churn_v_memory where customer_id = :customer_id order by decided_at, decision_id""",
            customer_id=customer_id,
        )
        return [_line(customer_id, row) for row in found]


def _line(customer_id: str, row: Row) -> MemoryLine:
    facts = row["facts"]
    case = RememberedCase(
        case_id=row["case_id"],
        state=row["case_state"],
        due_at=row["case_due_at"],
        done_at=row["case_done_at"],
        answer=row["answer"],
    ) if row["case_id"] else None  # fmt: skip
    return MemoryLine(
        customer_id=customer_id,
        decision_id=row["decision_id"],
        run_id=row["run_id"],
        decided_at=row["decided_at"],
        rule=row["rule"],
        seen={name: facts.get(name) for name in ("health", "risk", "coverage", "segment", "loyalty_tier")},
        cause=facts.get("cause"),
        issue=facts.get("issue"),
        evidence=tuple(facts.get("evidence", ())),
        plan=facts.get("plan"),
        action=row["action"],
        because=row["because"],
        outreach_id=row["outreach_id"],
        channel=row["channel"] or facts.get("channel"),
        language=row["language"] or facts.get("language"),
        state=row["state"],
        due_at=row["due_at"],
        not_after=row["not_after"],
        case=case,
    )
