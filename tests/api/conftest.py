"""The API on the real database, with a few customers in it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from pydantic import BaseModel

from beforehand.adapters.postgres import PostgresDatabase
from beforehand.adapters.s3 import S3Files
from beforehand.churn.model import Purchase, Record
from beforehand.churn.profile import profile_of
from beforehand.churn.store.scores import PostgresScores
from beforehand.customers import imports_routes
from beforehand.customers import routes as customers_routes
from beforehand.outreach import gate_says
from beforehand.outreach.suppression import routes as suppression_routes
from beforehand_cli.local.postgres import Postgres
from tests.api.served import NOW, Served
from tests.conftest import empty, forget
from tests.stores.churn_base import keep
from tests.stores.test_suppressions import PEPPER, Marks

WRITTEN = (
    "churn_candidates", "churn_held_out", "churn_scans", "schedules_runs", "outreach", "outreach_cases",
    "outbox_commands", "churn_snapshots", "churn_scores", "churn_signals", "churn_base", "churn_yardsticks",
    "api_idempotency", "customers_purchases", "customers", "customers_changes", "customers_imports",
    "journal_decisions", "journal_audit", "outreach_templates", "outreach_attempts", "outreach_outcomes",
    "outreach_suppressions", "followups_jobs", "followups_moves", "followups_bookings",
    "followups_emotions",
)  # fmt: skip


class WithoutS3(S3Files):
    """Signs addresses as always; a mapping, which would go to S3 at once, stays here (tests/e2e sends it there)."""

    def write(self, key: str, document: BaseModel) -> None:
        assert key.startswith("import-mappings/") and document.model_dump_json()


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports_routes, "S3Files", WithoutS3)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "an example",
        "AWS_REGION": "ap-south-1",
        "AWS_DEFAULT_REGION": "ap-south-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def marks(monkeypatch: pytest.MonkeyPatch) -> Marks:
    """The senders' table in memory, and a pepper."""
    made = Marks()
    for module in (suppression_routes, customers_routes):
        monkeypatch.setattr(module, "DynamoMarks", lambda table: made)
    for module in (suppression_routes, customers_routes, gate_says):
        monkeypatch.setattr(module, "pepper", lambda bucket: PEPPER)
    return made


@pytest.fixture
def served(postgres: Postgres, database: PostgresDatabase) -> Iterator[Served]:
    """What is committed is taken away at the end, since other tests count customers and decisions."""
    yield Served(database)
    empty(postgres, WRITTEN)
    forget(postgres, "outreach_policies", "version <> 'contact-v1'")


@pytest.fixture
def company(served: Served) -> Served:
    """Seven customers; C1 and C2 have stopped buying."""
    records = [
        Record(
            customer_id=f"C{number}",
            segment="VIP" if number < 3 else "Regular",
            loyalty_tier="Gold",
            lifetime_value=Decimal(number * 1000),
            signed_up_on=date(2020, 1, 1),
            last_active_on=date(2025, 3, 1) if number < 3 else date(2026, 3, 1),
            csat_180d=1.5 if number < 3 else 4.8,
            nps=1 if number < 3 else 9,
            nps_answered_on=date(2026, 2, 1),
            engagement_30d=0 if number < 3 else 30,
            engagement_90d=60,
            tickets_overdue=2 if number < 3 else 0,
        )
        for number in range(1, 8)
    ]
    bought = {
        "C1": [Purchase(purchased_on=date(2025, month, 1), amount=Decimal("10.50")) for month in (1, 2, 3)],
    }
    people = {"C1": {"name": "Asha Rao", "language": "hi", "phone": "+919876543210"}}
    with served.database.transaction() as transaction:
        keep(transaction, records, bought, people)
        PostgresScores(transaction).refresh(as_of=NOW, profile=profile_of("default-v1"))
    return served
