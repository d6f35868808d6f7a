"""Send windows in every zone there is, through every change of its clock, and across midnight."""

# ruff: noqa: DTZ001 - local times are what this is about

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beforehand.outreach.window_text import days_of, hours_of, read_days, read_hours
from beforehand.outreach.windows import EVERY_DAY, SendWindow, instant, next_open, spoken

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZONES = sorted(available_timezones())
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)


def window(hours: str, *days: int) -> SendWindow:
    opens, closes = read_hours(hours)
    return SendWindow(opens=opens, closes=closes, days=frozenset(days) or EVERY_DAY)


def stated(windows: tuple[SendWindow, ...], zone: str, moment: datetime) -> bool:
    """Whether a window is open, said once more without intervals: by what a wall clock has shown by then.

    A window is open from when the clock has reached its opening for the first time on its day until it has reached
    its closing for the first time.
    """
    return any(
        _reached(zone, opens, moment) and not _reached(zone, closes, moment)
        for one in windows
        for opens, closes in _edges(one, moment.astimezone(ZoneInfo(zone)).date())
    )


def _edges(one: SendWindow, day: date) -> Iterator[tuple[datetime, datetime]]:
    for back in range(-1, 3):
        on = day - back * DAY
        if on.isoweekday() in one.days:
            ends = on if one.closes > one.opens else on + DAY
            yield datetime.combine(on, one.opens), datetime.combine(ends, one.closes)


def _reached(zone: str, local: datetime, moment: datetime) -> bool:
    """Whether a clock has shown `local` or a later time at a moment or in the 27 hours before it."""
    there = ZoneInfo(zone)
    now = moment.astimezone(there).replace(tzinfo=None)
    if now >= local:
        return True
    change = _last_change(zone, moment)
    if change is None:
        return False
    # Only turning a clock back takes away what it had shown.
    return (change - timedelta(microseconds=1)).astimezone(there).replace(tzinfo=None) >= local


def _last_change(zone: str, moment: datetime) -> datetime | None:
    before = [at for at in changes(zone) if moment - 27 * HOUR < at <= moment]
    return before[-1] if before else None


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """When a zone's clock is changed in 2026–2028, to the second."""
    there, found = ZoneInfo(zone), []
    moment, step = FIRST, 14 * DAY
    while moment < LAST:
        # Ramadan stops summer time for a month in some zones: two weeks are never two changes.
        if moment.astimezone(there).utcoffset() != (moment + step).astimezone(there).utcoffset():
            found.append(_change_in(there, moment, moment + step))
        moment += step
    return tuple(found)


def _change_in(there: ZoneInfo, low: datetime, high: datetime) -> datetime:
    offset = low.astimezone(there).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (middle, high) if middle.astimezone(there).utcoffset() == offset else (low, middle)
    return high


def test_every_zone_keeps_its_windows_through_every_change_of_its_clock() -> None:
    """The window opens and closes at the local times that it names, on the days before, of and after a change."""
    usual, seen = (window("09:00–20:00", 1, 2, 3, 4, 5, 6),), 0
    for zone in ZONES:
        there = ZoneInfo(zone)
        for change in changes(zone):
            seen += 1
            moment = change - DAY
            for _ in range(3):
                begins = next_open(usual, zone, moment)
                local = begins.astimezone(there)
                assert (local.hour, local.minute) == (9, 0) or begins == moment
                assert local.isoweekday() != 7
                closes = local.replace(hour=20, minute=0, second=0, microsecond=0).astimezone(UTC)
                assert next_open(usual, zone, closes - MINUTE) == closes - MINUTE
                moment = next_open(usual, zone, closes)
                assert moment.astimezone(there).date() > local.date()
    assert seen > 1000


@pytest.mark.parametrize(
    "windows",
    [
        (window("09:00–20:00", 1, 2, 3, 4, 5, 6),),
        (window("02:30–20:00"),),
        (window("22:00–02:30"),),
        (window("01:30–01:45"), window("00:30–00:15")),
    ],
    ids=["by day", "opens in the gap", "closes in the gap", "two"],
)
def test_every_kind_of_change_keeps_every_kind_of_window(windows: tuple[SendWindow, ...]) -> None:
    """One zone for each calendar of changes; that the others do as it does is the test before this one's."""
    alike = {tuple(at.astimezone(ZoneInfo(zone)).isoformat() for at in changes(zone)): zone for zone in ZONES}
    assert len(alike) > 20
    for zone in alike.values():
        for change in changes(zone):
            for minutes in (-1500, -180, -90, -61, -31, -1, 0, 1, 14, 29, 30, 31, 59, 60, 61, 119, 480, 1380):
                moment = change + minutes * MINUTE
                begins = next_open(windows, zone, moment)
                assert begins >= moment
                assert stated(windows, zone, begins), (zone, moment, begins)
                assert (begins == moment) == stated(windows, zone, moment), (zone, moment)
                if begins > moment:
                    assert not stated(windows, zone, begins - timedelta(seconds=1)), (zone, moment, begins)


def test_there_are_the_changes_that_there_are() -> None:
    assert [f"{at:%Y-%m-%d %H:%M}" for at in changes("Europe/Berlin")][:3] == [
        "2026-03-29 01:00", "2026-10-25 01:00", "2027-03-28 01:00",
    ]  # fmt: skip
    assert changes("Asia/Kolkata") == ()


def test_an_edge_that_a_clock_leaps_over_is_the_moment_of_the_leap() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    leap = datetime(2026, 3, 29, 1, tzinfo=UTC)
    for local in (datetime(2026, 3, 29, 2), datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 3)):
        assert instant(local, berlin) == leap
    assert instant(datetime(2026, 3, 29, 3, 1), berlin) == leap + MINUTE


def test_an_edge_that_a_clock_shows_twice_counts_the_first_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert instant(datetime(2026, 10, 25, 2, 30), berlin) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_half_an_hour_s_change_is_one_as_well() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    assert instant(datetime(2026, 10, 4, 2, 15), lord_howe) == datetime(2026, 10, 3, 15, 30, tzinfo=UTC)


def test_a_day_that_a_zone_leaves_out_has_no_window() -> None:
    """Samoa had no 30 December 2011."""
    friday = (window("09:00–20:00", 5),)
    asked = datetime(2011, 12, 30, 6, tzinfo=UTC)
    assert next_open(friday, "Pacific/Apia", asked) == datetime(2012, 1, 5, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-30 21:59", "2026-11-30 22:00"),
        ("2026-11-30 22:00", "2026-11-30 22:00"),
        ("2026-12-01 05:59", "2026-12-01 05:59"),
        ("2026-12-01 06:00", "2026-12-07 22:00"),
        ("2026-12-01 22:00", "2026-12-07 22:00"),
    ],
)
def test_a_window_across_midnight_belongs_to_the_day_on_which_it_opens(at: str, expected: str) -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    asked, wanted = (
        datetime.fromisoformat(text).replace(tzinfo=kolkata).astimezone(UTC) for text in (at, expected)
    )
    assert next_open((window("22:00–06:00", 1),), "Asia/Kolkata", asked) == wanted


@pytest.mark.parametrize("hours", ["00:00–24:00", "00:00–00:00"])
def test_the_whole_day_is_always_open(hours: str) -> None:
    always = (window(hours),)
    for minutes in range(0, 3 * 24 * 60, 7):
        moment = datetime(2026, 3, 28, tzinfo=UTC) + minutes * MINUTE
        assert next_open(always, "Europe/Berlin", moment) == moment


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (EVERY_DAY, "every day"),
        ({1, 2, 3, 4, 5, 6}, "Monday to Saturday"),
        ({1, 4}, "Monday and Thursday"),
        ({6, 7}, "Saturday and Sunday"),
        ({3}, "Wednesday"),
    ],
)
def test_weekdays_are_told_in_words(days: set[int], words: str) -> None:
    assert spoken(days) == words


@pytest.mark.parametrize("days", [frozenset[int](), frozenset({0}), frozenset({8})])
def test_a_window_without_weekdays_is_refused(days: frozenset[int]) -> None:
    with pytest.raises(ValueError, match="from 1"):
        SendWindow(opens=time(9), closes=time(20), days=days)


@pytest.mark.parametrize(
    "text", ["9:00–20:00", "09.00-20.00", "24:00–08:00", "09:00–24:30", "09:60–20:00", "", "x"]
)
def test_hours_that_are_no_hours_are_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ValueError, match="write it as 09:00–20:00"):
        read_hours(text)


@given(
    opens=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    closes=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    days=st.frozensets(st.integers(1, 7), min_size=1),
)
def test_a_window_is_read_as_it_is_written(opens: time, closes: time, days: frozenset[int]) -> None:
    written = SendWindow(opens=opens, closes=closes, days=days)
    assert read_hours(hours_of(written)) == (opens, closes)
    assert read_days(days_of(written)) == days


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    opens=st.integers(0, 1439),
    length=st.integers(1, 1440),
    days=st.frozensets(st.integers(1, 7), min_size=1),
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)),
)
def test_the_next_opening_is_the_first_moment_at_which_a_window_is_open(
    zone: str, opens: int, length: int, days: frozenset[int], moment: datetime
) -> None:
    closes = (opens + length) % 1440
    windows = (SendWindow(opens=time(*divmod(opens, 60)), closes=time(*divmod(closes, 60)), days=days),)
    asked = moment.replace(tzinfo=UTC)
    begins = next_open(windows, zone, asked)
    assert stated(windows, zone, begins)
    assert (begins == asked) == stated(windows, zone, asked)
