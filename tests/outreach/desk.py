"""The desk between a real database and gates in memory: what is proposed, claimed, sent and recorded in a test."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from beforehand.adapters.postgres import Transaction
from beforehand.events.outreach import ChunkSent, Settled
from beforehand.journal.store import PostgresJournal
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.channels.model import Answer, Evidence, Outbound, Outcome
from beforehand.outreach.delivery import asking, recording, sending
from beforehand.outreach.delivery.claiming import Claims, claim
from beforehand.outreach.delivery.documents import Chunk, Message
from beforehand.outreach.delivery.model import Due, Mode
from beforehand.outreach.delivery.store import PostgresDelivery
from beforehand.outreach.gate.model import Action, Contact, Facts, Person, Planned, Verdict
from beforehand.outreach.model import Channel, Proposal, Purpose
from beforehand.outreach.store import PostgresOutreach
from beforehand.outreach.suppression.model import Kept, Suppression
from beforehand.outreach.suppression.store import PostgresSuppressions
from beforehand.outreach.suppression.suppressing import suppress
from tests.outreach.frames import bare
from tests.outreach.gates import MemoryGates, MemoryMarks

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SEND = Verdict(action=Action.SEND, because="nothing stands against it", rule="open")


def proposal(customer_id: str = "C1", **changes: Any) -> Proposal:
    """A message that is due at `NOW` and may go for a week."""
    given: dict[str, Any] = {
        "customer_id": customer_id, "purpose": Purpose.MANUAL, "cycle": "2026-11-27", "step": 0,
        "channel": Channel.EMAIL, "priority": 50, "due_at": NOW, "not_after": NOW + timedelta(days=7),
        "language": "en", "subject": "Hello", "body": "Hello there", "because": "a test wishes it", "run_id": None,
        **changes,
    }  # fmt: skip
    return Proposal(**given)


class Writer:
    """Makes the plainest message there is."""

    def write(self, due: Due, facts: Facts, *, attempt: int, within: datetime | None) -> Message:
        return Message(
            outreach_id=due.outreach_id, customer_id=due.customer_id, attempt=attempt, to="x@example.com",
            contact=sha256(due.customer_id.encode()).hexdigest(), subject=due.subject, body=due.body,
            language=due.language, within=within,
        )  # fmt: skip


class Phone:
    """A provider that answers as it is told and counts what it took."""

    channel, evidence = Channel.EMAIL, Evidence.BLIND

    def __init__(self, *outcomes: Outcome) -> None:
        self.rule: str | None = None
        self.outcomes, self.taken = list(outcomes), list[UUID]()

    def send(self, message: Outbound) -> Answer:
        outcome = self.outcomes.pop(0) if self.outcomes else Outcome.ACCEPTED
        if outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN):
            self.taken.append(message.outreach_id)
        return Answer(
            outcome=outcome,
            because=f"it said {outcome}",
            provider_id="m-1",
            rule=self.rule if outcome is Outcome.REFUSED else None,
        )


def facts(customer_ids: Sequence[str]) -> dict[str, Facts]:
    """Everybody can be reached by everything."""
    return {
        one: Facts(
            person=Person(
                customer_id=one, zone="Asia/Kolkata", country="IN", consent=True, reachable=frozenset(Channel)
            ),
            history=(),
        )
        for one in customer_ids
    }


class Desk:
    """One transaction's desk; `verdicts` by customer replace the gate's, which is to send."""

    def __init__(self, transaction: Transaction, *, verdicts: Mapping[str, Verdict] | None = None) -> None:
        self.transaction, self.verdicts = transaction, dict(verdicts or {})
        self.ledger, self.gates, self.phone = PostgresDelivery(transaction), MemoryGates(), Phone()
        self.marks = MemoryMarks(self.gates)
        self.available, self.time_left = frozenset(Channel), True

    def propose(self, *proposals: Proposal) -> list[UUID]:
        PostgresOutreach(self.transaction).propose(proposals, now=NOW)
        return [one.outreach_id for one in proposals]

    def mode(self, mode: Mode, channel: Channel = Channel.EMAIL, **figures: int) -> None:
        for name, value in {"mode": mode, **figures}.items():
            self.transaction.run(
                f"update outreach_channels set {name} = :value where channel = :channel",
                value=value,
                channel=channel,
            )

    def claim(self, now: datetime = NOW) -> Claims:
        return claim(
            uuid4(),
            ledger=self.ledger,
            facts_of=facts,
            decide=self._decide,
            policy_version="contact-v1",
            writer=Writer(),
            journal=PostgresJournal(self.transaction),
            available=self.available,
            stopped=self.gates.stopped(),
            now=now,
            time_left=lambda: self.time_left,
        )

    def _decide(self, person: Person, planned: Planned, history: Sequence[Contact]) -> Verdict:
        return self.verdicts.get(person.customer_id, SEND)

    def send(self, chunk: Chunk, now: datetime = NOW) -> ChunkSent:
        return sending.send(
            chunk, provider=self.phone, gates=self.gates, lay_out=bare, now=lambda: now, monotonic=lambda: 0.0,
            time_left=lambda: True,
        )  # fmt: skip

    def record(self, chunk: Chunk, now: datetime = NOW) -> Settled:
        return self.settle(self.ledger.chunk(chunk.chunk), now)

    def ask(self, now: datetime) -> Settled:
        """What a later tick does about leases that have passed."""
        self.ledger.give_up(now)
        listed = self.ledger.unknown()
        asking.ask(listed, gates=self.gates, now=lambda: now, time_left=lambda: True)
        return self.settle(listed, now)

    def settle(self, attempts: Sequence[tuple[UUID, int]], now: datetime = NOW) -> Settled:
        """Records attempts by name, as a list that was read a while ago has them."""
        told = self.gates.read(attempts)
        return recording.record(
            attempts,
            told,
            ledger=self.ledger,
            cases=PostgresCases(self.transaction),
            suppress=self._suppress,
            now=now,
        )

    def _suppress(self, asked: Suppression) -> Kept:
        suppressions = PostgresSuppressions(self.transaction)
        return suppress(asked, ledger=suppressions, marks=self.marks, now=asked.since)

    def row(self, outreach_id: UUID) -> dict[str, Any]:
        found = self.transaction.row("select * from outreach where outreach_id = :one", one=outreach_id)
        assert found is not None
        return found

    def state(self, outreach_id: UUID) -> str:
        return str(self.row(outreach_id)["state"])

    def attempts(self, outreach_id: UUID) -> list[dict[str, Any]]:
        return self.transaction.rows(
            "select * from outreach_attempts where outreach_id = :one order by attempt", one=outreach_id
        )
