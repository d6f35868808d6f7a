"""The timeline in PostgreSQL: read from what every capability shows of a customer, and kept nowhere."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction
from beforehand.journal.timeline import Happened, Kind

Place = tuple[datetime, str, str]

PARTS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.DECISION: """
            select decided_at as at, cast('decision' as text) as kind, cast(decision_id as text) as id, outreach_id,
                   jsonb_build_object('capability', capability, 'kind', kind, 'action', action, 'because', because,
                                      'rule', rule) as facts
            from journal_v_decisions where customer_id = :customer_id""",
        Kind.OUTREACH: """
            select proposed_at, 'outreach', outreach_id || ' planned', outreach_id,
                   jsonb_build_object('state', null, 'purpose', purpose, 'channel', channel, 'step', step,
                                      'hold', case when state_at is null then hold end, 'because', because)
            from outreach_v_ledger where customer_id = :customer_id
            union all
            select state_at, 'outreach', outreach_id || ' ' || state, outreach_id,
                   jsonb_build_object('state', state, 'purpose', purpose, 'channel', channel, 'step', step,
                                      'hold', hold, 'because', state_because)
            from outreach_v_ledger where customer_id = :customer_id and state_at is not null""",
        Kind.ATTEMPT: """
            select coalesce(a.ended_at, a.claimed_at), 'attempt', a.outreach_id || ' ' || a.attempt, a.outreach_id,
                   jsonb_build_object('attempt', a.attempt, 'channel', a.channel, 'outcome', a.outcome,
                                      'provider_id', a.provider_id, 'because', a.because)
            from outreach_v_attempts as a join outreach_v_ledger as o on o.outreach_id = a.outreach_id
            where o.customer_id = :customer_id""",
        Kind.OUTCOME: """
            select e.at, 'outcome', cast(e.outcome_id as text), e.outreach_id,
                   jsonb_build_object('provider', e.provider, 'kind', e.kind, 'attempt', e.attempt, 'did', e.did)
            from outreach_v_outcomes as e join outreach_v_ledger as o on o.outreach_id = e.outreach_id
            where o.customer_id = :customer_id""",
        Kind.CASE: """
            select m.at, 'case', c.case_id || ' ' || m.move, c.outreach_id,
                   jsonb_build_object('move', m.move, 'who', m.who, 'subject', c.subject, 'because', c.because,
                                      'answer', c.answer)
            from outreach_v_cases as c
            cross join lateral (values ('opened', c.opened_at, null), ('taken', c.taken_at, c.taken_by),
                                       ('done', c.done_at, c.done_by)) as m (move, at, who)
            where c.customer_id = :customer_id and m.at is not null""",
        Kind.PURCHASE: """
            select cast(purchased_on as timestamp) at time zone 'UTC', 'purchase', purchase_id, null,
                   jsonb_build_object('amount', cast(amount as text), 'quantity', quantity)
            from customers_v_purchases where customer_id = :customer_id""",
        Kind.HEALTH: """
            select cast(day as timestamp) at time zone 'UTC', 'health', cast(day as text), null,
                   jsonb_build_object('health', health, 'risk', risk, 'health_before', health_before)
            from churn_v_moves where customer_id = :customer_id""",
        # What was done to a case is told by the case.
        Kind.CHANGE: """
            select at, 'change', cast(audit_id as text),
                   case when subject_kind = 'outreach' and subject_id ~ '^[0-9a-f-]{36}$'
                        then cast(subject_id as uuid) end,
                   jsonb_build_object('action', action, 'who', who, 'because', because, 'before', before,
                                      'after', after)
            from journal_v_audit where customer_id = :customer_id and subject_kind <> 'case'""",
    }
)


class PostgresTimeline:
    """The timeline, inside one transaction. It reads views alone."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def knows(self, customer_id: str) -> bool:
        """Whether there is, or was, such a customer: who was deleted keeps the entries that may be kept."""
        found = self._transaction.row(
            """select 1 from customers_v_profiles where customer_id = :id
               union all select 1 from journal_v_decisions where customer_id = :id
               union all select 1 from journal_v_audit where customer_id = :id limit 1""",
            id=customer_id,
        )
        return found is not None

    def page(self, customer_id: str, *, kind: Kind | None, after: Place | None, limit: int) -> list[Happened]:
        """What happened to or with a customer, newest first, before one entry: of one kind, or of all.

        Of two at one moment the order is always the same: by kind and id.
        """
        parts = PARTS.values() if kind is None else [PARTS[kind]]
        union = "\nunion all\n".join(parts)
        at, of_kind, named = after or (None, None, None)
        found = self._transaction.rows(
            f"""select at, kind, id, outreach_id, facts
                from ({union}) as entries (at, kind, id, outreach_id, facts)
                where cast(:at as timestamptz) is null
                   or (at, kind, id) < (cast(:at as timestamptz), cast(:of_kind as text), cast(:named as text))
                order by at desc, kind desc, id desc limit :limit""",
            customer_id=customer_id, at=at, of_kind=of_kind, named=named, limit=limit,
        )  # fmt: skip
        return [_happened(row) for row in found]


def _happened(row: Row) -> Happened:
    outreach_id: UUID | None = row["outreach_id"]
    return Happened(at=row["at"], kind=Kind(row["kind"]), id=row["id"], outreach_id=outreach_id, facts=row["facts"])
