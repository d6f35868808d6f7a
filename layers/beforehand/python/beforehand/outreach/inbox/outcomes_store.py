"""Reports in PostgreSQL. The database holds the promise that each event of a provider is applied once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction
from beforehand.ids import from_content
from beforehand.outreach.inbox.documents import Report
from beforehand.outreach.model import Channel, State
from beforehand.outreach.outcomes import Consequence

COLUMNS = "outcome_id, provider, event_id, outreach_id, attempt, kind, at, received_at, applied_at, moved_to, did"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How a message stands that a report is about, and the address it goes to now; nobody else can move it."""

    customer_id: str
    state: State
    attempt: int
    channel: Channel
    email: str | None
    phone: str | None


class PostgresOutcomes:
    """The reports, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def hold(self, outreach_id: UUID) -> Standing | None:
        """How a message stands; None: there is none of this id here."""
        found = self._transaction.row(
            """select o.customer_id, o.state, o.attempt, o.channel, p.email, p.phone
               from outreach o left join customers_v_profiles p on p.customer_id = o.customer_id
               where o.outreach_id = :outreach_id for update of o""",
            outreach_id=outreach_id,
        )
        if found is None:
            return None
        return Standing(**{**found, "state": State(found["state"]), "channel": Channel(found["channel"])})

    def is_known(self, report: Report) -> bool:
        """Whether this event was applied before."""
        found = self._transaction.row(
            "select from outreach_outcomes where provider = :provider and event_id = :event_id",
            provider=report.provider, event_id=report.event_id,
        )  # fmt: skip
        return found is not None

    def add(self, report: Report, consequence: Consequence, *, received_at: datetime, now: datetime) -> bool:
        """Writes down what was reported and what came of it; False where another call just did."""
        added = self._transaction.run(
            """insert into outreach_outcomes (outcome_id, provider, event_id, outreach_id, attempt, kind, at,
                                              received_at, applied_at, moved_to, did, facts)
               values (:outcome_id, :provider, :event_id, :outreach_id, :attempt, :kind, :at, :received_at, :now,
                       :moved_to, :did,
                       jsonb_strip_nulls(jsonb_build_object('permanent', cast(:permanent as boolean),
                                                            'detail', cast(:detail as text))))
               on conflict do nothing""",
            outcome_id=from_content("outcome", report.provider, report.event_id), provider=report.provider,
            event_id=report.event_id, outreach_id=report.outreach_id, attempt=report.attempt, kind=report.kind,
            at=report.at, received_at=received_at, now=now, did=consequence.because,
            moved_to=consequence.through[-1] if consequence.through else None,
            permanent=report.permanent, detail=report.detail,
        )  # fmt: skip
        return bool(added)

    def move(self, report: Report, held: Standing, consequence: Consequence, *, now: datetime) -> None:
        """Moves a message that `hold` has held, and ends its attempt where a report proves how."""
        for state in consequence.through:
            self._transaction.run(
                """update outreach
                   set state = :state, hold = null, next_at = null, state_because = :because, state_at = :now
                   where outreach_id = :outreach_id and attempt = :attempt""",
                state=state, because=consequence.because, now=now, outreach_id=report.outreach_id,
                attempt=held.attempt,
            )  # fmt: skip
        if report.message_id is not None:
            # Whoever records the attempt may come after this, and find it ended.
            self._transaction.run(
                """update outreach_attempts set provider_id = :message_id
                   where outreach_id = :outreach_id and attempt = :attempt and provider_id is null""",
                message_id=report.message_id, outreach_id=report.outreach_id,
                attempt=report.attempt or held.attempt,
            )  # fmt: skip
        if consequence.through:
            # Only what a provider took is reported on, whatever became of it there.
            self._transaction.run(
                """update outreach_attempts
                   set outcome = 'accepted', ended_at = coalesce(ended_at, :now), because = :because
                   where outreach_id = :outreach_id and attempt = :attempt
                     and (outcome is null or outcome = 'unknown')""",
                because=consequence.because, now=now, outreach_id=report.outreach_id,
                attempt=report.attempt or held.attempt,
            )  # fmt: skip

    def spare(self, customer_id: str, *, at: datetime, now: datetime) -> int:
        """Calls back the follow-ups of somebody who replied that were planned before and have not gone.

        Of one that waits for a person, the person decides. Returns how many they were.
        """
        return self._transaction.run(
            """update outreach
               set state = 'cancelled', hold = null, next_at = null, state_at = :now,
                   state_because = 'they have replied already'
               where customer_id = :customer_id and automated and proposed_at <= :at
                 and purpose in ('post_event', 're_engagement', 'emotion_check_in', 'follow_up')
                 and (state = 'scheduled' or (state = 'held' and hold <> 'person'))""",
            customer_id=customer_id, at=at, now=now,
        )  # fmt: skip

    def of(self, outreach_id: UUID) -> list[Row]:
        """What was reported of one message, in the order in which it happened."""
        return self._transaction.rows(
            f"select {COLUMNS} from outreach_outcomes where outreach_id = :outreach_id order by at, received_at",
            outreach_id=outreach_id,
        )
