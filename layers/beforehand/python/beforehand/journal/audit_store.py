"""The audit trail in PostgreSQL: entries are added with the change that they tell of, and never changed."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction
from beforehand.ids import uuid7
from beforehand.journal.audit import Audited

FILTERS = ("who", "action", "subject_kind", "subject_id", "customer_id")


class PostgresAudit:
    """The audit trail, inside the transaction of the change."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def record(self, entry: Audited) -> UUID:
        """Adds an entry."""
        audit_id = uuid7(entry.at)
        self._transaction.run(
            """insert into journal_audit (audit_id, at, who, role, action, subject_kind, subject_id, customer_id,
                                          before, after, because, request_id)
               values (:audit_id, :at, :who, :role, :action, :subject_kind, :subject_id, :customer_id,
                       cast(:before as jsonb), cast(:after as jsonb), :because, :request_id)""",
            audit_id=audit_id, at=entry.at, who=entry.who, role=entry.role, action=entry.action,
            subject_kind=entry.subject_kind, subject_id=entry.subject_id, customer_id=entry.customer_id,
            before=json.dumps(entry.before), after=json.dumps(entry.after), because=entry.because,
            request_id=entry.request_id,
        )  # fmt: skip
        return audit_id

    def page(
        self,
        filters: Mapping[str, str | None],
        *,
        since: datetime | None,
        until: datetime | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Row]:
        """Entries, newest first, those before one; `since` is within, `until` is not."""
        at, audit_id = after or (None, None)
        same = " and ".join(f"(cast(:{name} as text) is null or {name} = :{name})" for name in FILTERS)
        return self._transaction.rows(
            f"""select audit_id, at, who, role, action, subject_kind, subject_id, customer_id, before, after,
                       because, request_id
                from journal_audit
                where (cast(:since as timestamptz) is null or at >= :since)
                  and (cast(:until as timestamptz) is null or at < :until)
                  and (cast(:at as timestamptz) is null
                       or (at, audit_id) < (cast(:at as timestamptz), cast(:audit_id as uuid)))
                  and {same}
                order by at desc, audit_id desc limit :limit""",
            since=since, until=until, at=at, audit_id=audit_id, limit=limit,
            **{name: filters.get(name) for name in FILTERS},
        )  # fmt: skip
