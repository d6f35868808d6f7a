"""What `why` reads, from views alone: one outreach with all that was done, or one customer's standing."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction


class PostgresWhy:
    """The facts of a `why`, inside one transaction. Names and addresses are not among them."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def outreach(self, outreach_id: UUID) -> Row | None:
        """One outreach as it stands."""
        return self._transaction.row(
            """select outreach_id, customer_id, purpose, cycle, step, channel, language, state, hold, priority,
                      due_at, not_after, next_at, attempt, lease_until, follows_id, automated, policy_version,
                      because, state_because, state_at, run_id, proposed_at
               from outreach_v_ledger where outreach_id = :id""",
            id=outreach_id,
        )

    def decisions(self, outreach_id: UUID) -> list[Row]:
        """What was decided about one outreach, first to last."""
        return self._transaction.rows(
            """select decision_id, decided_at, capability, kind, action, because, rule, run_id, facts
               from journal_v_decisions where outreach_id = :id order by decided_at, decision_id""",
            id=outreach_id,
        )

    def attempts(self, outreach_id: UUID) -> list[Row]:
        """The attempts of one outreach, first to last."""
        return self._transaction.rows(
            """select attempt, channel, policy_version, claimed_at, lease_until, ended_at, outcome, provider_id,
                      because
               from outreach_v_attempts where outreach_id = :id order by attempt""",
            id=outreach_id,
        )

    def outcomes(self, outreach_id: UUID) -> list[Row]:
        """What providers reported of one outreach, first to last."""
        return self._transaction.rows(
            """select provider, event_id, attempt, kind, at, received_at, did
               from outreach_v_outcomes where outreach_id = :id order by at, event_id""",
            id=outreach_id,
        )

    def cases(self, outreach_id: UUID) -> list[Row]:
        """The cases about one outreach, first to last."""
        return self._transaction.rows(
            """select case_id, kind, state, subject, because, opened_at, due_at, taken_by, taken_at, done_by,
                      done_at, answer, otherwise, otherwise_at, otherwise_because
               from outreach_v_cases where outreach_id = :id order by opened_at, case_id""",
            id=outreach_id,
        )

    def touched(self, subjects: Sequence[object]) -> list[Row]:
        """Who changed any of these, first to last."""
        return self._transaction.rows(
            """select audit_id, at, who, role, action, because
               from journal_v_audit where subject_id = any(cast(:ids as text[])) order by at, audit_id""",
            ids=[str(subject) for subject in subjects],
        )

    def message(self, outreach_id: UUID) -> Row | None:
        """The message of one outreach."""
        return self._transaction.row(
            """select subject, body, language, template, template_version, variables
               from outreach_v_messages where outreach_id = :id""",
            id=outreach_id,
        )

    def customer(self, customer_id: str) -> Row | None:
        """One customer as they stand, without name and addresses: only whether there are any."""
        return self._transaction.row(
            """select p.customer_id, p.segment, p.loyalty_tier, p.language, p.zone, p.country,
                      p.email is not null as has_email, p.phone is not null as has_phone,
                      c.marketing_consent, c.consented_on, c.consent_source,
                      s.health, s.risk, s.coverage, s.at_risk_since, s.as_of as scored_at
               from customers_v_profiles as p
               join customers_v_consents as c on c.customer_id = p.customer_id
               left join churn_v_scores as s on s.customer_id = p.customer_id
               where p.customer_id = :id""",
            id=customer_id,
        )

    def last_decision(self, customer_id: str) -> Row | None:
        """The last decision of a planner about one customer."""
        return self._transaction.row(
            """select decision_id, decided_at, capability, kind, action, because, rule, facts
               from journal_v_decisions where customer_id = :id and kind <> 'gate' and capability <> 'customers'
                 and kind not like 'case%'
               order by decided_at desc, decision_id desc limit 1""",
            id=customer_id,
        )

    def latest(self, customer_id: str, *, over: bool, limit: int) -> list[Row]:
        """Outreach of one customer: what waits, next first, or what is over or under way, latest first."""
        which = "not in" if over else "in"
        order = "coalesce(state_at, proposed_at) desc" if over else "coalesce(next_at, due_at)"
        return self._transaction.rows(
            f"""select outreach_id, purpose, channel, state, hold, due_at, next_at, not_after, because,
                       state_because, coalesce(state_at, proposed_at) as since
                from outreach_v_ledger
                where customer_id = :id and state {which} ('scheduled', 'held')
                order by {order}, outreach_id limit :limit""",
            id=customer_id, limit=limit,
        )  # fmt: skip

    def contacts(self, customer_id: str, *, since: datetime) -> Row:
        """How often one customer was contacted, or may have been, from a moment on, and when last."""
        found = self._transaction.row(
            """select count(*) as times, max(coalesce(state_at, due_at)) as last_at
               from outreach_v_ledger
               where customer_id = :id and state in ('claimed', 'sent', 'delivered', 'unknown', 'review')
                 and coalesce(state_at, due_at) >= :since""",
            id=customer_id, since=since,
        )  # fmt: skip
        assert found is not None
        return found

    def open_cases(self, customer_id: str) -> list[Row]:
        """The cases of one customer that are not done, those first that are due first."""
        return self._transaction.rows(
            """select case_id, kind, state, subject, because, opened_at, due_at, taken_by, taken_at, done_by,
                      done_at, answer, otherwise, otherwise_at, otherwise_because
               from outreach_v_cases where customer_id = :id and state <> 'done' order by due_at, case_id""",
            id=customer_id,
        )
