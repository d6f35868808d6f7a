"""A tick and a sender as they are put together, on the real database; the bucket and the gates are in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel

from beforehand.adapters.postgres import Transaction
from beforehand.churn.model import Record
from beforehand.events.outreach import ChunkNamed, TickDue
from beforehand.outreach.channels.model import Answer, Outbound, Outcome
from beforehand.outreach.delivery import send_wiring, wiring
from beforehand.outreach.delivery.model import LEASE
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.store import PostgresOutreach
from beforehand.settings.outreach import OutreachClaimSettings, OutreachSendSettings
from tests.outreach.desk import proposal
from tests.outreach.gates import MemoryGates
from tests.stores.churn_base import keep

GIVEN = {"files_bucket": "files", "gates_table": "gates", "company_name": "C", "email_from": "care@company.example"}


class Bucket:
    """Files by name; each is told to be as old as `aged` when it is read."""

    def __init__(self) -> None:
        self.files: dict[str, BaseModel] = {}
        self.aged = timedelta(0)

    def write(self, key: str, document: BaseModel) -> None:
        self.files[key] = document

    def read_aged(self, key: str, kind: type[BaseModel]) -> tuple[BaseModel, timedelta]:
        return kind.model_validate_json(self.files[key].model_dump_json()), self.aged


class Mailer:
    def __init__(self) -> None:
        self.taken: list[Outbound] = []

    def send(self, message: Outbound) -> Answer:
        self.taken.append(message)
        return Answer(outcome=Outcome.ACCEPTED, because="taken", provider_id="m-1")


@pytest.fixture
def seconds() -> list[float]:
    """What a clock that nobody sets shows each time it is looked at; the last for ever."""
    return [0.0]


@pytest.fixture
def bucket(transaction: Transaction, monkeypatch: pytest.MonkeyPatch, seconds: list[float]) -> Bucket:
    made, gates = Bucket(), MemoryGates()

    class Database:
        @contextmanager
        def transaction(self) -> Iterator[Transaction]:
            yield transaction

    def monotonic() -> float:
        return seconds.pop(0) if len(seconds) > 1 else seconds[0]

    claims = OutreachClaimSettings(database_host="h", database_port=1, database_user="u", **GIVEN)
    sends = OutreachSendSettings(**GIVEN)
    for module, settings in ((wiring, claims), (send_wiring, sends)):
        monkeypatch.setattr(module, "S3Files", lambda _bucket: made)
        monkeypatch.setattr(module, "DynamoGates", lambda _table: gates)
        monkeypatch.setattr(module, "from_environment", lambda _kind, given=settings: given)
    monkeypatch.setattr(wiring, "database", lambda _kind: Database())
    monkeypatch.setattr(wiring, "pepper", lambda _bucket: bytes(32))
    monkeypatch.setattr(wiring, "monotonic", monotonic, raising=False)
    return made


@pytest.fixture
def mailer(monkeypatch: pytest.MonkeyPatch) -> Mailer:
    made = Mailer()
    monkeypatch.setattr(send_wiring, "providers", lambda _settings: {Channel.EMAIL: made})
    return made


def planned(transaction: Transaction) -> None:
    """One message to somebody for whom it is about noon."""
    now = datetime.now(UTC)
    zone = f"Etc/GMT{now.hour - 12:+d}"
    keep(transaction, [Record(customer_id="C1")], {}, {"C1": {"email": "a@customers.example", "zone": zone}})
    due = {"due_at": now - timedelta(hours=1), "not_after": now + timedelta(hours=1)}
    wish = proposal(purpose=Purpose.FOLLOW_UP, automated=False, **due)
    PostgresOutreach(transaction).propose([wish], now=due["due_at"])
    transaction.run("update outreach_channels set mode = 'live' where channel = 'email'")


def test_what_a_tick_claims_a_sender_sends(transaction: Transaction, bucket: Bucket, mailer: Mailer) -> None:
    planned(transaction)
    ticked = wiring.tick(TickDue())
    assert ticked.claimed == 1
    sent = send_wiring.send(ChunkNamed(chunk=ticked.chunks[0]))
    assert (sent.accepted, [one.to for one in mailer.taken]) == (1, ["a@customers.example"])


@pytest.mark.parametrize("took", [0, 30], ids=["at once", "after half a minute of looking"])
def test_a_lease_begins_with_the_claim_however_long_its_tick_goes_on(
    transaction: Transaction, bucket: Bucket, mailer: Mailer, seconds: list[float], took: int
) -> None:
    """The gate decided when the tick began; how old a file is says nothing of what came before it."""
    planned(transaction)
    seconds[:] = [100.0, 100.0 + took]
    ticked = wiring.tick(TickDue())
    bucket.aged = LEASE - timedelta(seconds=30)
    sent = send_wiring.send(ChunkNamed(chunk=ticked.chunks[0]))
    assert (sent.accepted, sent.void) == ((1, 0) if took == 0 else (0, 1))
    assert len(mailer.taken) == sent.accepted
