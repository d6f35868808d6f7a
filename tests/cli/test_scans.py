"""When scans are due, and what their statistics say."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import uuid4

import pytest
import typer
from botocore.exceptions import ClientError, EndpointConnectionError
from rich.console import Console

from beforehand.churn.documents import (
    BriefLine,
    Briefs,
    Draft,
    ScanResult,
    briefs_file,
    draft_file,
    result_file,
)
from beforehand.clock import now
from beforehand.names import Schedule
from beforehand.schedules.model import run_id_of
from beforehand.settings.churn import ChurnSelectSettings
from beforehand_cli.commands import scan
from beforehand_cli.scan_screen import ScanScreen, Statistics
from beforehand_cli.scans import Cadence, Options, ScanFailedError, ScannedOtherwiseError, Scans

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
        health_threshold=40, risk_threshold=0.6, max_interventions=10, at_risk=at_risk,
        insufficient=0, proposed=proposed, skipped=0, failed=0, customers=(), total_scans=1,
        total_proposed=proposed,
    )  # fmt: skip


def test_thirty_minutes_at_five_minutes_are_six_scans() -> None:
    cadence, seen, due_at = Cadence(minutes=5), Statistics(), AT
    while due_at < AT + timedelta(minutes=30):
        seen = seen.and_also(result(proposed=2, at_risk=6))
        due_at = cadence.after(due_at)
    assert (seen.scans, seen.interventions) == (6, 12)
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


RUN = run_id_of(Schedule.CHURN_SCAN, AT)


class Cloud:
    """A deployment whose bucket and executions are what a test puts there; counts what is asked."""

    stage = "local"
    look_every = 0.0
    outputs = {"FilesBucket": "files", "ScanStateMachine": "machine", "ScanEveryMinutes": "5"}  # noqa: RUF012

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.executions: dict[str, dict[str, Any]] = {}
        self.described: list[str] = []

    def client(self, _: str) -> "Cloud":
        return self

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.files:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": BytesIO(self.files[Key].encode())}

    def list_executions(self, **_: object) -> dict[str, Any]:
        return {"executions": [{"executionArn": arn} for arn in self.executions]}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:
        self.described.append(executionArn)
        return {"executionArn": executionArn, "name": executionArn, **self.executions[executionArn]}

    def execution(self, arn: str, due_at: datetime, **more: str) -> None:
        self.executions[arn] = {"status": "RUNNING", "input": json.dumps({"due_at": due_at.isoformat()}), **more}


def briefs(*customers: str) -> Briefs:
    return Briefs(
        run_id=RUN, due_at=AT, profile="default-v1", at_risk=3,
        customers=tuple(
            BriefLine(position=place, customer_id=one, segment=None, loyalty_tier=None, health=1.0, risk=0.9,
                      issue="i", language=None)
            for place, one in enumerate(customers, 1)
        ),
    )  # fmt: skip


def draft(customer: str) -> Draft:
    return Draft(
        run_id=RUN, customer_id=customer, language="en", language_name="English", subject="s", body="b",
        tone="warm", because="b",
    )  # fmt: skip


def test_a_customer_is_shown_with_segment_and_tier_as_far_as_they_are_known() -> None:
    text = StringIO()
    screen = ScanScreen(Console(file=text), SETTINGS, Options(), Cadence(minutes=5))
    known = briefs("C100088", "C100138", "C100485")
    labels = (("VIP", "Platinum"), (None, "Gold"), (None, None))
    lines = (
        line.model_copy(update={"segment": segment, "loyalty_tier": tier})
        for line, (segment, tier) in zip(known.customers, labels, strict=True)
    )
    screen.chosen(known.model_copy(update={"customers": tuple(lines)}))
    for line in known.customers:
        screen.written(draft(line.customer_id))
    assert re.findall("Processing Customer.*", text.getvalue()) == [
        "Processing Customer 1/3: C100088 (VIP, Platinum)",
        "Processing Customer 2/3: C100138 (Gold)",
        "Processing Customer 3/3: C100485",
    ]


def test_every_message_is_shown_although_one_was_never_written() -> None:
    cloud = Cloud()
    cloud.files[briefs_file(RUN)] = briefs("A", "B", "C").model_dump_json()
    for customer in ("A", "C"):
        cloud.files[draft_file(RUN, customer)] = draft(customer).model_dump_json()
    cloud.files[result_file(RUN)] = result().model_dump_json()
    steps = list(Scans(cloud).follow(AT))
    assert [step.customer_id for step in steps if isinstance(step, Draft)] == ["A", "C"]


def test_only_the_execution_of_the_scan_is_looked_at_once_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud, looks = Cloud(), iter(range(3))
    cloud.execution("other", AT - timedelta(minutes=5))
    cloud.execution("this", AT)

    def later(_: float) -> None:
        if next(looks) == 2:
            cloud.files[result_file(RUN)] = result().model_dump_json()

    monkeypatch.setattr("beforehand_cli.scans.pause", later)
    assert isinstance(list(Scans(cloud).follow(AT))[-1], ScanResult)
    assert cloud.described == ["other", "this", "this", "this"]


def test_a_failed_scan_says_at_which_step_with_which_error_and_where_more_is_said() -> None:
    cloud = Cloud()
    cloud.execution("this", AT, status="FAILED", error="Lambda.TooManyRequests", cause="Brief")
    with pytest.raises(ScanFailedError, match=r"step Brief with Lambda\.TooManyRequests; see `beforehand mail 1`"):
        list(Scans(cloud).follow(AT))


@pytest.mark.parametrize("options", [Options(risk_threshold=0.6), Options(max_interventions=3)])
def test_a_moment_is_not_scanned_again_with_other_options(options: Options) -> None:
    cloud = Cloud()
    assert Scans(cloud).finished(AT, options) is None
    cloud.files[result_file(RUN)] = result().model_dump_json()
    assert Scans(cloud).finished(AT, Options(max_interventions=10))
    with pytest.raises(ScannedOtherwiseError, match="scanned already"):
        Scans(cloud).finished(AT, options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": scan.Mode.ONCE, "interval": 5}, "--interval goes with --mode continuous"),
        ({"mode": scan.Mode.CONTINUOUS, "as_of": AT}, "--as-of goes with --mode once"),
        ({"as_of": datetime(9000, 1, 1)}, "in the future"),  # noqa: DTZ001
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(typer.BadParameter, match=words):
        scan.scan(**options)


def test_one_lost_connection_does_not_end_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    class Shaky(Scans):
        def settings(self) -> ChurnSelectSettings:
            return SETTINGS

        def follow(self, due_at: datetime) -> Iterator[Briefs | Draft | ScanResult]:
            seen.append(len(seen))
            if len(seen) == 1:
                raise EndpointConnectionError(endpoint_url="http://127.0.0.1:4566")
            if len(seen) == 3:
                raise KeyboardInterrupt
            yield result(proposed=2)

    text = StringIO()
    monkeypatch.setattr(scan, "console", Console(file=text, width=200))
    monkeypatch.setattr(scan, "wait_until", lambda _: None)
    scan.continuous(Shaky(Cloud()), Options(), None)
    assert "Could not connect" in text.getvalue()
    assert "FINAL STATISTICS" in text.getvalue()
    assert text.getvalue().rstrip().endswith("Average Interventions/Scan: 2.0")


@pytest.mark.parametrize(("seconds", "words"), [(40, "40 seconds"), (60, "1 minute"), (299, "5 minutes")])
def test_the_next_scan_is_so_far_away(seconds: int, words: str) -> None:
    text = StringIO()
    screen = ScanScreen(Console(file=text), SETTINGS, Options(), Cadence(minutes=5))
    screen.statistics(Statistics(), next_at=now() + timedelta(seconds=seconds))
    assert f"Next scan in: {words} (" in text.getvalue()
