"""Follow-ups as people look at them: lists, one with its history, and how they are doing; in PostgreSQL."""

from collections.abc import Mapping
from datetime import datetime

from beforehand.adapters.postgres import Row, Transaction

SHOWN = """job_id, outreach_id, customer_id, conversation_id, kind, booking_id, event_at, template, scheduled_at,
           created_at, cancelled_at, cancelled_by, status, state, hold, next_at, channel, state_because"""
FILTERS = ("customer_id", "conversation_id", "booking_id", "kind", "status")


class PostgresFollowUps:
    """Reads follow-ups, inside one transaction. No message is read here."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def page(
        self,
        filters: Mapping[str, str | None],
        *,
        due_from: datetime | None,
        due_before: datetime | None,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> list[Row]:
        """Follow-ups by due time, latest first, those before one; `filters` is by column and all are to hold."""
        due_at, job_id = after or (None, None)
        same = " and ".join(f"(cast(:{name} as text) is null or {name} = :{name})" for name in FILTERS)
        return self._transaction.rows(
            f"""select {SHOWN} from followups_v_jobs
                where (cast(:due_from as timestamptz) is null or scheduled_at >= :due_from)
                  and (cast(:due_before as timestamptz) is null or scheduled_at < :due_before)
                  and (cast(:due_at as timestamptz) is null
                       or (scheduled_at, job_id) < (cast(:due_at as timestamptz), cast(:job_id as text)))
                  and {same}
                order by scheduled_at desc, job_id desc limit :limit""",
            due_from=due_from, due_before=due_before, due_at=due_at, job_id=job_id, limit=limit,
            **{name: filters.get(name) for name in FILTERS},
        )  # fmt: skip

    def find(self, job_id: str) -> Row | None:
        """One follow-up."""
        return self._transaction.row(f"select {SHOWN} from followups_v_jobs where job_id = :id", id=job_id)

    def moves(self, job_id: str) -> list[Row]:
        """When it was moved, first to last."""
        return self._transaction.rows(
            """select moved_at, moved_by, from_at, to_at, because from followups_moves
               where job_id = :id order by moved_at""",
            id=job_id,
        )

    def emotions(self, customer_id: str, conversation_id: str | None, limit: int) -> list[Row]:
        """The latest emotions of a customer, newest first."""
        return self._transaction.rows(
            """select emotion_id, customer_id, conversation_id, score, read_by, at from followups_emotions
               where customer_id = :customer_id
                 and (cast(:conversation_id as text) is null or conversation_id = :conversation_id)
               order by at desc, emotion_id desc limit :limit""",
            customer_id=customer_id, conversation_id=conversation_id, limit=limit,
        )  # fmt: skip

    def health(self, *, now: datetime, today: datetime) -> Row:
        """How many wait, went and failed today, are late by more than two minutes with nothing that holds them, and
        how long after it was due a message of the last day went: medians and the like, in seconds."""
        found = self._transaction.row(
            """select (select count(*) from followups_v_jobs where status = 'pending') as pending_jobs,
                      (select count(*) from followups_v_jobs where status = 'pending'
                        and (state in ('claimed', 'unknown') or next_at is not null)
                        and coalesce(next_at, scheduled_at) < cast(:now as timestamptz) - interval '2 minutes')
                          as overdue,
                      (select count(*) from followups_v_jobs where status = 'failed' and state_at >= :today)
                          as failed_today,
                      count(*) filter (where sent.at >= :today) as executed_today,
                      percentile_cont(0.5) within group (order by sent.lag) as send_lag_p50,
                      percentile_cont(0.95) within group (order by sent.lag) as send_lag_p95,
                      percentile_cont(0.99) within group (order by sent.lag) as send_lag_p99
               from (select a.ended_at as at,
                            cast(extract(epoch from greatest(a.ended_at - j.scheduled_at, interval '0'))
                                 as float8) as lag
                     from followups_v_jobs as j
                     join outreach_v_attempts as a on a.outreach_id = j.outreach_id and a.outcome = 'accepted'
                     where a.ended_at >= least(cast(:now as timestamptz) - interval '1 day', :today)) as sent""",
            now=now, today=today,
        )  # fmt: skip
        assert found is not None
        return found
