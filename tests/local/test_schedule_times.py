"""When a schedule is due, over days and across the changes of the clocks."""

from datetime import UTC, datetime
from typing import Any

import pytest

from beforehand_cli.local.gaps.schedule_times import InvalidScheduleError, Times


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def times(expression: str, zone: str = "UTC", made: str = "2026-01-01T00:00:00", **more: Any) -> Times:
    return Times.of(
        {
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": zone,
            "LastModificationDate": moment(made),
            **more,
        }
    )


def walk(schedule: Times, begin: str, end: str, *, step: int = 60) -> list[str]:
    """Every due moment in a span, looked for each `step` seconds, in UTC."""
    found, after, now = [], moment(begin), moment(begin)
    while now <= moment(end):
        due = schedule.due(after=after, now=now)
        if due is not None:
            after = due
            found.append(f"{datetime.fromtimestamp(due, tz=UTC):%m-%dT%H:%M}")
        now += step
    return found


def test_ten_in_kolkata_is_half_past_four_in_utc() -> None:
    schedule = times("cron(0 10 * * ? *)", "Asia/Kolkata")
    assert walk(schedule, "2026-11-20T00:00:00", "2026-11-22T00:00:00") == ["11-20T04:30", "11-21T04:30"]


def test_a_time_that_spring_jumps_over_is_skipped_that_day() -> None:
    schedule = times("cron(30 2 * * ? *)", "Europe/Berlin")
    assert walk(schedule, "2026-03-28T00:00:00", "2026-03-31T00:00:00") == ["03-28T01:30", "03-30T00:30"]


def test_a_time_that_autumn_repeats_comes_once() -> None:
    schedule = times("cron(30 2 * * ? *)", "Europe/Berlin")
    assert walk(schedule, "2026-10-24T12:00:00", "2026-10-26T12:00:00") == ["10-25T00:30", "10-26T01:30"]


def test_every_half_hour_goes_on_through_the_repeated_hour() -> None:
    schedule = times("cron(0/30 * * * ? *)", "Europe/Berlin")
    assert walk(schedule, "2026-10-25T00:00:00", "2026-10-25T02:00:00") == [
        "10-25T00:30", "10-25T01:00", "10-25T01:30", "10-25T02:00",
    ]  # fmt: skip


def test_every_half_hour_goes_on_over_the_missing_hour() -> None:
    schedule = times("cron(0/30 * * * ? *)", "Europe/Berlin")
    assert walk(schedule, "2026-03-29T00:00:00", "2026-03-29T02:00:00") == [
        "03-29T00:30", "03-29T01:00", "03-29T01:30", "03-29T02:00",
    ]  # fmt: skip


def test_a_late_look_finds_the_latest_only() -> None:
    schedule = times("cron(* * * * ? *)")
    due = schedule.due(after=moment("2026-05-01T10:00:00"), now=moment("2026-05-01T18:30:20"))
    assert due == moment("2026-05-01T18:30:00")


def test_a_rate_keeps_its_phase() -> None:
    schedule = times("rate(5 minutes)", made="2026-05-01T10:02:11")
    assert schedule.due(after=None, now=moment("2026-05-01T10:02:11")) == moment("2026-05-01T10:02:11")
    assert schedule.due(after=moment("2026-05-01T10:02:11"), now=moment("2026-05-01T10:07:10")) is None
    assert schedule.due(after=moment("2026-05-01T10:02:11"), now=moment("2026-05-01T10:13:00")) == moment(
        "2026-05-01T10:12:11"
    )


def test_nothing_before_the_start_and_nothing_after_the_end() -> None:
    bounds = {"StartDate": "2026-05-01T10:00:30Z", "EndDate": "2026-05-01T10:03:00Z"}
    schedule = times("cron(* * * * ? *)", made="2026-05-01T09:00:00", **bounds)
    assert walk(schedule, "2026-05-01T09:30:00", "2026-05-01T11:00:00") == [
        "05-01T10:01",
        "05-01T10:02",
        "05-01T10:03",
    ]


def test_a_one_time_schedule_comes_late_rather_than_never_and_never_twice() -> None:
    schedule = times("at(2026-05-01T10:00:00)")
    assert schedule.due(after=None, now=moment("2026-05-01T09:59:59")) is None
    assert schedule.due(after=None, now=moment("2026-05-03T00:00:00")) == moment("2026-05-01T10:00:00")
    assert schedule.due(after=moment("2026-05-01T10:00:00"), now=moment("2026-05-03T00:00:00")) is None


@pytest.mark.parametrize(
    "expression", ["", "rate(x)", "rate(0 minutes)", "cron(0 10 * * *)", "at(soon)", "cron(0 10 * * * *)"]
)
def test_refuses_what_can_never_be_due(expression: str) -> None:
    with pytest.raises(InvalidScheduleError, match="Invalid Schedule Expression"):
        times(expression)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd"])
def test_refuses_a_zone_that_does_not_exist(zone: str) -> None:
    with pytest.raises(InvalidScheduleError, match="Invalid ScheduleExpressionTimezone"):
        times("rate(1 hour)", zone)
