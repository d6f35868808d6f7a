"""What a command is, and when the next attempt at one is made."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from beforehand.churn import scan
from beforehand.events.outbox import StartScan
from beforehand.names import Schedule
from beforehand.outbox.model import AHEAD, Command, InvalidCommandError, UnknownKindError, pause_after
from beforehand.outbox.scans import execution_of, start_scan
from beforehand.schedules.model import run_id_of

DUE_AT = datetime(2026, 1, 15, 9, tzinfo=UTC)
SCAN = {"due_at": DUE_AT.isoformat()}


def test_the_same_kind_and_key_are_the_same_command() -> None:
    first, again = (Command(kind="start_scan", key="k", payload=SCAN) for _ in range(2))
    assert first.command_id == again.command_id
    assert first.command_id != Command(kind="start_scan", key="another", payload=SCAN).command_id


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(UnknownKindError, match="no kind of command 'send_mail'; the kinds are start_scan"):
        Command(kind="send_mail", key="k", payload={})


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        ({}, "due_at: Field required"),
        ({"due_at": "2026-01-15T09:00:00"}, "due_at: Input should have timezone"),
        ({**SCAN, "risk_threshold": 60}, "risk_threshold: Input should be less than or equal to 1"),
        ({**SCAN, "max_interventions": 0}, "max_interventions: Input should be greater"),
        ({**SCAN, "risk_treshold": 0.6}, "risk_treshold: Extra inputs are not permitted"),
    ],
)
def test_a_payload_that_is_wrong_is_refused_by_field(payload: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidCommandError, match=named):
        Command(kind="start_scan", key="k", payload=payload)


def test_a_due_time_in_the_future_is_refused_but_for_the_difference_of_two_clocks() -> None:
    assert AHEAD == scan.AHEAD
    start_scan(DUE_AT).must_be_due(now=DUE_AT - AHEAD)
    with pytest.raises(
        InvalidCommandError, match=r"start_scan refused: due_at: 2026-01-15T09:00:00\+00:00 lies in"
    ):
        start_scan(DUE_AT).must_be_due(now=DUE_AT - AHEAD - timedelta(seconds=1))


def test_a_due_time_is_one_command_in_whatever_zone_it_is_given() -> None:
    there = start_scan(DUE_AT.astimezone(ZoneInfo("Asia/Kolkata")), risk_threshold=0.8)
    assert there.command_id == start_scan(DUE_AT).command_id
    assert there.payload == {"due_at": "2026-01-15T09:00:00+00:00", "risk_threshold": 0.8}


def test_a_due_time_is_one_execution_in_whatever_zone_it_is_given() -> None:
    here, there = (
        execution_of(StartScan(due_at=due_at, max_interventions=3))
        for due_at in (DUE_AT, DUE_AT.astimezone(ZoneInfo("Asia/Kolkata")))
    )
    assert here == there
    assert here.name == f"asked-for-{run_id_of(Schedule.CHURN_SCAN, DUE_AT)}"
    assert json.loads(here.input) == {"due_at": "2026-01-15T09:00:00+00:00", "max_interventions": 3}


def test_each_attempt_waits_longer_than_the_one_before_up_to_half_an_hour() -> None:
    minutes = [pause_after(attempts) / timedelta(minutes=1) for attempts in (1, 2, 3, 5, 6, 1000)]
    assert minutes == [1, 2, 4, 16, 30, 30]
