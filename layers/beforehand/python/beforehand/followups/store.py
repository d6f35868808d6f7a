"""Follow-ups in PostgreSQL. The database holds the promise that no event is followed up twice."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from beforehand.adapters.postgres import Row, Transaction
from beforehand.followups.model import Booking, BookingState, Emotion, Job, Kind, Known, Rules, Wish
from beforehand.followups.rules import LATEST, span
from beforehand.outreach.model import Channel

JOB = """j.job_id, j.outreach_id, j.customer_id, j.customer_no, j.conversation_id, j.kind, j.cycle, j.booking_id,
         j.event_at, j.template, j.facts, j.scheduled_at"""
IN_THE_WAY = """occasion && int8range(:of * 4 + :part, :of * 4 + :part, '[]')
                and event_span && cast(:span as tstzrange)"""
PART = {Kind.POST_EVENT: 0, Kind.RE_ENGAGEMENT: 1, Kind.EMOTION_BASED: 2, Kind.CUSTOM: 3}


class PostgresJobs:
    """The follow-ups, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def known(self, wishes: Sequence[Wish]) -> list[Known | None]:
        """What is known of each customer, in the order of the wishes; None: there is no such customer.

        Emotions are those of the wish's conversation, or, where it has none, of all that there were.
        """
        rows = self._transaction.rows(
            f"""select w.place, p.customer_id, p.customer_no, p.language, p.zone, p.country,
                       p.email is not null as by_email, p.phone is not null as by_phone,
                       p.preferred_channel,
                       exists (select from followups_bookings as b
                               where b.customer_id = p.customer_id and b.state = 'completed')
                       or exists (select from customers_v_purchases as b where b.customer_id = p.customer_id)
                           as past_customer,
                       coalesce(
                           (select json_agg(score order by at desc, emotion_id desc) from (
                               select score, at, emotion_id from followups_emotions
                               where conversation_id = w.conversation_id and customer_id = p.customer_id
                               order by at desc, emotion_id desc limit {LATEST}) as e),
                           (select json_agg(score order by at desc, emotion_id desc) from (
                               select score, at, emotion_id from followups_emotions
                               where customer_id = p.customer_id
                               order by at desc, emotion_id desc limit {LATEST}) as e)) as scores,
                       (select count(*) from followups_v_jobs as j
                        where j.customer_id = w.customer_id and j.kind = w.kind and j.cycle = w.cycle
                          and j.state in ('cancelled', 'skipped', 'expired', 'failed')) as earlier
                from jsonb_to_recordset(cast(:wishes as jsonb)) as w (
                    place integer, customer_id text, conversation_id text, kind text, cycle text)
                join customers_v_profiles as p on p.customer_id = w.customer_id""",
            wishes=json.dumps(
                [{"place": place, "customer_id": wish.customer_id, "conversation_id": wish.conversation,
                  "kind": wish.kind, "cycle": wish.key}
                 for place, wish in enumerate(wishes)]
            ),
        )  # fmt: skip
        found = {row.pop("place"): _known(row) for row in rows}
        return [found.get(place) for place in range(len(wishes))]

    def add(self, job: Job, rules: Rules) -> bool:
        """Keeps a follow-up; False where its customer has another for an event that close, or it has this name."""
        added = self._transaction.run(
            """insert into followups_jobs (job_id, outreach_id, customer_id, customer_no, conversation_id, kind,
                                           cycle, booking_id, event_at, event_span, template, facts,
                                           scheduled_at, created_at)
               values (:job_id, :outreach_id, :customer_id, :customer_no, :conversation_id, :kind, :cycle,
                       :booking_id, :event_at, cast(:span as tstzrange), :template, cast(:facts as jsonb),
                       :scheduled_at, now())
               on conflict do nothing""",
            span=span(job.event_at, rules.tolerance), **{**asdict(job), "facts": json.dumps(dict(job.facts))},
        )  # fmt: skip
        return bool(added)

    def is_taken(self, job: Job) -> bool:
        """Whether a follow-up of another occasion has this name."""
        found = self._transaction.row(
            "select from followups_jobs where job_id = :job_id and outreach_id <> :outreach_id",
            job_id=job.job_id, outreach_id=job.outreach_id,
        )  # fmt: skip
        return found is not None

    def close_ended(self, job: Job, rules: Rules) -> int:
        """Lets go of those in the way whose message will not go any more; how many they were."""
        return self._transaction.run(
            f"""update followups_jobs as j set open = false
                where j.open and {IN_THE_WAY} and exists (
                    select from outreach_v_ledger as o where o.outreach_id = j.outreach_id
                      and o.state in ('cancelled', 'skipped', 'expired', 'failed'))""",
            of=job.customer_no, part=PART[job.kind], span=span(job.event_at, rules.tolerance),
        )  # fmt: skip

    def drop(self, job_id: str) -> None:
        """Takes one away that was kept in this transaction."""
        self._transaction.run("delete from followups_jobs where job_id = :id", id=job_id)

    def cancelled(self, job_id: str, *, by: str | None, now: datetime) -> None:
        """Writes down that it is called back, so that another may take its place."""
        self._transaction.run(
            """update followups_jobs set open = false, cancelled_at = :now, cancelled_by = :by
               where job_id = :id""",
            id=job_id, by=by, now=now,
        )  # fmt: skip

    def move(self, job: Job, rules: Rules, *, because: str, by: str | None, now: datetime) -> bool:
        """Writes down that it is due at another time; keeps when it was due before.

        False: another took that place at the same moment, and nothing is written.
        """
        moved = self._transaction.attempt(
            """with before as (select job_id, scheduled_at from followups_jobs where job_id = :job_id),
               noted as (
               insert into followups_moves (job_id, moved_at, moved_by, from_at, to_at, because)
               select job_id, :now, cast(:by as text), scheduled_at, :to_at, :because from before
               on conflict do nothing)
               update followups_jobs set scheduled_at = :to_at, event_at = :event_at,
                                         event_span = cast(:span as tstzrange)
               where job_id = :job_id""",
            job_id=job.job_id, now=now, by=by, to_at=job.scheduled_at, because=because, event_at=job.event_at,
            span=span(job.event_at, rules.tolerance),
        )  # fmt: skip
        return moved is not None

    def in_the_way(self, job: Job, rules: Rules) -> str | None:
        """Another open follow-up of this customer whose event is that close, by its name."""
        found = self._transaction.row(
            f"""select job_id from followups_jobs
                where open and {IN_THE_WAY} and job_id <> :job_id limit 1""",
            of=job.customer_no, part=PART[job.kind], span=span(job.event_at, rules.tolerance), job_id=job.job_id,
        )  # fmt: skip
        return found["job_id"] if found else None

    def find(self, job_id: str) -> Job | None:
        """One follow-up."""
        row = self._transaction.row(f"select {JOB} from followups_jobs as j where j.job_id = :id", id=job_id)
        return job_of(row) if row else None

    def of_booking(self, booking_id: str) -> list[Job]:
        """The follow-ups of a booking that are not called back."""
        return [
            job_of(row)
            for row in self._transaction.rows(
                f"select {JOB} from followups_jobs as j where j.booking_id = :id and j.open", id=booking_id
            )
        ]

    def waiting(self, customer_id: str, kind: Kind) -> list[Job]:
        """The follow-ups of a customer whose message has not gone."""
        return [
            job_of(row)
            for row in self._transaction.rows(
                f"""select {JOB} from followups_jobs as j
                    join outreach_v_ledger as o on o.outreach_id = j.outreach_id
                    where j.customer_id = :customer_id and j.kind = :kind and j.open
                      and o.state in ('scheduled', 'held')""",
                customer_id=customer_id, kind=kind,
            )
        ]  # fmt: skip

    def choose_again(self, job_id: str, template: str) -> None:
        """Writes down that another template fits better by now."""
        self._transaction.run(
            "update followups_jobs set template = :template where job_id = :id", id=job_id, template=template
        )


class PostgresMoments:
    """What customers went through: their bookings and emotions, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def feel(self, emotion: Emotion) -> bool:
        """Keeps an emotion; False where it was kept before."""
        return bool(
            self._transaction.run(
                """insert into followups_emotions (emotion_id, customer_id, conversation_id, score, read_by, at)
                   values (:emotion_id, :customer_id, :conversation_id, :score, :read_by, :at)
                   on conflict do nothing""",
                **asdict(emotion),
            )
        )

    def booking(self, booking_id: str) -> Booking | None:
        """A booking as it was last told of, which nobody else changes before this transaction ends."""
        row = self._transaction.row(
            """select booking_id, customer_id, conversation_id, ends_at, state, told_at
               from followups_bookings where booking_id = :id for update""",
            id=booking_id,
        )
        return Booking(**{**row, "state": BookingState(row["state"])}) if row else None

    def book(self, booking: Booking) -> bool:
        """Keeps what a booking is now; False where that, or newer, was told before. The bus tells whole seconds."""
        return bool(
            self._transaction.run(
                """insert into followups_bookings as b (booking_id, customer_id, conversation_id, ends_at, state,
                                                        told_at)
                   values (:booking_id, :customer_id, :conversation_id, :ends_at, :state, :told_at)
                   on conflict (booking_id) do update
                   set conversation_id = coalesce(excluded.conversation_id, b.conversation_id),
                       ends_at = coalesce(excluded.ends_at, b.ends_at), state = excluded.state,
                       told_at = excluded.told_at
                   where excluded.told_at > b.told_at
                      or excluded.told_at = b.told_at
                         and (excluded.state, coalesce(excluded.ends_at, b.ends_at))
                             is distinct from (b.state, b.ends_at)""",
                **asdict(booking),
            )
        )


def _known(row: Row) -> Known:
    channels = {Channel.WEBHOOK}
    if row["by_email"]:
        channels.add(Channel.EMAIL)
    if row["by_phone"]:
        channels |= {Channel.SMS, Channel.VOICE}
    return Known(
        customer_id=row["customer_id"],
        customer_no=row["customer_no"],
        language=row["language"],
        zone=row["zone"],
        country=row["country"],
        channels=frozenset(channels),
        preferred=row["preferred_channel"] and Channel(row["preferred_channel"]),
        past_customer=row["past_customer"],
        scores=tuple(row["scores"] or ()),
        earlier=row["earlier"],
    )


def job_of(row: Row) -> Job:
    """A follow-up of its row."""
    return Job(**{**row, "kind": Kind(row["kind"])})
