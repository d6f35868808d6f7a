"""When scans are due, and what their statistics say."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from rich.console import Console

from beforehand.churn.documents import ScanResult
from beforehand.settings.churn import ChurnSelectSettings
from beforehand_cli.scan_screen import ScanScreen, Statistics
from beforehand_cli.scans import Cadence, Options

AT = datetime(2025, 10, 19, 14, 30, tzinfo=UTC)
SETTINGS = ChurnSelectSettings(database_host="h", database_port=15432, database_user="u")


@pytest.mark.parametrize(
    ("minutes", "moment", "due"),
    [
        (5, "14:30:00", "14:35:00"),
        (5, "14:29:59", "14:30:00"),
        (5, "14:32:10", "14:35:00"),
        (1, "23:59:30", "00:00:00"),
        (60, "14:00:00", "15:00:00"),
        (720, "14:30:00", "00:00:00"),
        (1440, "14:30:00", "00:00:00"),
    ],
)
def test_a_scan_is_due_on_the_clock(minutes: int, moment: str, due: str) -> None:
    after = datetime.fromisoformat(f"2025-10-19T{moment}+00:00")
    assert f"{Cadence(minutes=minutes).after(after):%H:%M:%S}" == due


def result(*, proposed: int = 10, at_risk: int = 12) -> ScanResult:
    return ScanResult(
        run_id=uuid4(), due_at=AT, started_at=AT, finished_at=AT, seconds=6.3, profile="default-v1",
        health_threshold=40, risk_threshold=0.6, max_interventions=10, at_risk=at_risk, opted_out=0, unreachable=0,
        resting=0, insufficient=0, proposed=proposed, skipped=0, failed=0, customers=(), total_scans=1,
        total_proposed=proposed,
    )  # fmt: skip


def test_thirty_minutes_at_five_minutes_are_six_scans() -> None:
    cadence, seen, due_at = Cadence(minutes=5), Statistics(), AT
    while due_at < AT + timedelta(minutes=30):
        seen = seen.and_also(result(proposed=2, at_risk=6))
        due_at = cadence.after(due_at)
    assert (seen.scans, seen.interventions, seen.at_risk) == (6, 12, 36)
    assert seen.average == 2.0


def test_no_scan_yet_has_an_average_of_none() -> None:
    assert Statistics().average == 0.0


def test_the_banner_says_what_was_asked_for_or_else_what_is_deployed() -> None:
    for options, shown in (
        (Options(), ("Every 5 minutes", "Churn risk threshold: 60%", "Max interventions per run: 10")),
        (Options(risk_threshold=0.75, max_interventions=3), ("threshold: 75%", "per run: 3")),
    ):
        text = StringIO()
        ScanScreen(Console(file=text), SETTINGS, options, Cadence(minutes=5)).banner()
        assert all(part in text.getvalue() for part in shown)
