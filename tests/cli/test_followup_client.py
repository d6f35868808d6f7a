"""Follow-ups from Python, through the API's own code, on a real database."""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from beforehand.followups.model import Kind, Status
from beforehand_cli.api import ApiRefusedError
from beforehand_cli.client import FollowUpJob, FollowUpScheduler, FollowUpStatus, FollowUpTriggerType
from tests.api.conftest import company, files, marks, served
from tests.api.served import NOW, Served
from tests.cli.serving_requests import api_of
from tests.cli.signed_in import sign_in

__all__ = ["company", "files", "marks", "served"]
T = TypeVar("T")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def scheduler(company: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FollowUpScheduler:
    sign_in(tmp_path, monkeypatch)
    return FollowUpScheduler(api=api_of(company))


def run(asked: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asked)


def after_event(scheduler: FollowUpScheduler, **changes: Any) -> str | None:
    asked = {"conversation_id": "conv_123", "user_id": "C1", "event_date": NOW + DAY, **changes}
    return run(scheduler.schedule_post_event_followup(**asked))


def test_an_event_is_followed_up_a_day_later_and_only_once(scheduler: FollowUpScheduler) -> None:
    job_id = after_event(scheduler, booking_id="BK789")
    assert job_id == f"followup_C1_{int((NOW + 2 * DAY).timestamp())}"
    assert after_event(scheduler) is None
    assert after_event(scheduler, event_date=NOW + 2 * DAY) is None
    [job] = run(scheduler.get_scheduled_followups())
    assert job == FollowUpJob(
        id=job_id, user_id="C1", conversation_id="conv_123", trigger_type=FollowUpTriggerType.POST_EVENT,
        status=FollowUpStatus.PENDING, template_id="post_event_neutral_emotion", scheduled_at=NOW + 2 * DAY,
        created_at=job.created_at, cancelled_at=None, booking_id="BK789", event_date=NOW + DAY,
        outreach_id=job.outreach_id, because=job.because,
    )  # fmt: skip
    assert job.created_at.tzinfo is not None


def test_another_delay_is_kept_to(scheduler: FollowUpScheduler) -> None:
    job_id = after_event(scheduler, followup_delay=timedelta(hours=1, minutes=30))
    assert job_id == f"followup_C1_{int((NOW + DAY + 1.5 * HOUR).timestamp())}"


@pytest.mark.parametrize(
    ("zone", "hour"), [("UTC", 18), ("Asia/Kolkata", 12.5), ("US/Pacific", 26), ("Europe/Berlin", 17)]
)
def test_a_moment_without_a_zone_is_in_the_schedulers(
    company: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str, hour: float
) -> None:
    sign_in(tmp_path, monkeypatch)
    scheduler = FollowUpScheduler(timezone=zone, api=api_of(company))
    after_event(scheduler, event_date=datetime.fromisoformat("2026-03-04T18:00:00"))
    [job] = run(scheduler.get_scheduled_followups())
    assert job.event_date == datetime(2026, 3, 4, tzinfo=UTC) + hour * HOUR
    aware = datetime(2026, 3, 9, 18, tzinfo=UTC)
    assert after_event(scheduler, event_date=aware) == f"followup_C1_{int((aware + DAY).timestamp())}"


def test_the_inactive_are_asked_back_after_whole_days(scheduler: FollowUpScheduler) -> None:
    job_id = run(scheduler.schedule_reengagement(user_id="C1", last_activity=NOW - 10 * DAY))
    assert job_id == f"reengagement_C1_{int((NOW + 20 * DAY).timestamp())}"
    assert run(scheduler.schedule_reengagement("C1", NOW - 10 * DAY)) is None
    other = run(scheduler.schedule_reengagement("C2", NOW - DAY, inactive_threshold=timedelta(days=7)))
    assert other == f"reengagement_C2_{int((NOW + 6 * DAY).timestamp())}"
    for threshold in (timedelta(hours=36), timedelta(0), -DAY):
        with pytest.raises(ValueError, match="whole days"):
            run(scheduler.schedule_reengagement("C1", NOW, threshold))


def test_a_check_in_and_a_message_of_ones_own_are_planned(scheduler: FollowUpScheduler) -> None:
    assert run(scheduler.schedule_emotion_check_in("C1")) == f"checkin_C1_{int((NOW + 4 * HOUR).timestamp())}"
    due = NOW + 9 * DAY
    assert run(scheduler.schedule_emotion_check_in("C1", "conv_1", due)) == f"checkin_C1_{int(due.timestamp())}"
    name = f"custom_C1_{int(due.timestamp())}"
    assert run(scheduler.schedule_custom("C1", due, "Hello.", subject="Parcel", key="parcel-7")) == name
    assert run(scheduler.schedule_custom("C1", due, "Hello.", subject="Parcel", key="parcel-7")) is None
    by_template = run(
        scheduler.schedule_custom(
            "C1", due, template_id="appointment_reminder", channel="sms",
            variables={"starts_at": "2026-03-12T10:00:00+00:00", "place": "Main Street"},
        )
    )  # fmt: skip
    assert by_template == f"{name}_2"
    jobs = run(scheduler.get_scheduled_followups(user_id="C1"))
    assert {job.template_id for job in jobs} == {"emotion_check_in", "custom", "appointment_reminder"}


def test_follow_ups_are_listed_by_user_and_status_up_to_a_limit(scheduler: FollowUpScheduler) -> None:
    first, second = after_event(scheduler), after_event(scheduler, user_id="C2")
    third = after_event(scheduler, event_date=NOW + 9 * DAY)
    assert second is not None and run(scheduler.cancel_followup(second)) is True
    listed = lambda **asked: [job.id for job in run(scheduler.get_scheduled_followups(**asked))]  # noqa: E731
    assert listed() == listed(status=FollowUpStatus.PENDING) == listed(user_id="C1") == [third, first]
    assert listed(status=FollowUpStatus.CANCELLED) == listed(status="cancelled", user_id="C2") == [second]
    assert listed(status=FollowUpStatus.FAILED) == listed(user_id="C2") == []
    assert listed(limit=1) == [third]


def test_only_what_has_not_gone_is_called_back(scheduler: FollowUpScheduler, company: Served) -> None:
    job_id = after_event(scheduler)
    assert job_id is not None
    assert run(scheduler.cancel_followup(job_id)) is True
    assert run(scheduler.cancel_followup(job_id)) is False
    for unknown in ("followup_C1_1", "../me", ""):
        assert run(scheduler.cancel_followup(unknown)) is False
    job_id = after_event(scheduler)
    with company.database.transaction() as transaction:
        for state in ("claimed", "sent"):
            transaction.run("update outreach set state = :state where state <> 'cancelled'", state=state)
    assert job_id is not None and run(scheduler.cancel_followup(job_id)) is False
    job = run(scheduler.get_followup(job_id))
    assert job is not None and job.status is FollowUpStatus.EXECUTED


def test_to_reschedule_one_is_cancelled_and_planned_again_or_moved_in_place(scheduler: FollowUpScheduler) -> None:
    old = after_event(scheduler)
    assert old is not None and run(scheduler.cancel_followup(old)) is True
    new = after_event(scheduler, event_date=NOW + DAY + HOUR)
    assert new is not None
    moved = run(scheduler.reschedule_followup(new, event_date=NOW + 5 * DAY))
    assert (moved.id, moved.scheduled_at) == (new, NOW + 6 * DAY)
    assert run(scheduler.reschedule_followup(new, scheduled_at=NOW + HOUR)).scheduled_at == NOW + HOUR
    with pytest.raises(ApiRefusedError, match="give either due_at or event_at"):
        run(scheduler.reschedule_followup(new))
    assert run(scheduler.get_followup("followup_C1_1")) is None


def test_health_has_what_monitoring_reads(scheduler: FollowUpScheduler) -> None:
    after_event(scheduler)
    told = run(scheduler.health_check())
    assert told["status"] == "healthy" and told["scheduler_running"] is True
    assert (told["pending_jobs"], told["executed_today"], told["apscheduler_jobs"]) == (1, 0, 1)
    assert {"overdue", "failed_today", "send_lag_p95"} <= told.keys()


def test_the_latest_emotions_say_why_a_template_was_chosen(scheduler: FollowUpScheduler, company: Served) -> None:
    for number, score in enumerate((0.9, 0.7)):
        company.now = NOW + number * HOUR
        company.write("POST", "/v1/emotions", {"customer_id": "C1", "conversation_id": "conv_1", "score": score})
    history = run(scheduler.get_emotion_history("C1", "conv_1"))
    assert [one["score"] for one in history] == [0.7, 0.9]


def test_a_start_proves_the_sign_in_and_a_stop_ends_nothing(
    scheduler: FollowUpScheduler, caplog: pytest.LogCaptureFixture
) -> None:
    async def whole() -> int:
        await scheduler.start()
        await scheduler.schedule_post_event_followup("conv_1", "C1", NOW + DAY)
        await scheduler.schedule_post_event_followup("conv_1", "C1", NOW + DAY)
        await scheduler.stop()
        return len(await scheduler.get_scheduled_followups())

    with caplog.at_level(logging.INFO, logger="beforehand_cli.client"):
        assert run(whole()) == 1
    assert "role admin" in caplog.text
    assert "no follow-up is planned: an event of theirs within the tolerance is followed up already" in caplog.text


def test_several_at_once_plan_one(scheduler: FollowUpScheduler) -> None:
    async def whole() -> list[str | None]:
        calls = (scheduler.schedule_post_event_followup("c", "C1", NOW + DAY) for _ in range(4))
        return list(await asyncio.gather(*calls))

    assert sum(name is not None for name in run(whole())) == 1


def test_what_is_refused_is_raised_with_its_reason(scheduler: FollowUpScheduler, company: Served) -> None:
    with pytest.raises(ApiRefusedError, match="There is no such customer"):
        after_event(scheduler, user_id="C99")
    company.role = "viewer"
    with pytest.raises(ApiRefusedError, match="operator"):
        after_event(scheduler)
    with pytest.raises(ApiRefusedError):
        run(scheduler.cancel_followup("followup_C1_1"))


def test_what_is_never_asked_is_taken_with_a_warning(company: Served) -> None:
    with pytest.warns(UserWarning, match="memory is never asked"):
        FollowUpScheduler(object(), None, "US/Pacific", api=api_of(company))
    with pytest.warns(UserWarning, match="emotion_service is never asked"):
        FollowUpScheduler(emotion_service=object(), api=api_of(company))
    with pytest.raises(ValueError, match="there is no zone 'Mars/Base'"):
        FollowUpScheduler(timezone="Mars/Base", api=api_of(company))


def test_the_words_are_those_of_the_product() -> None:
    assert {one.name: one.value for one in FollowUpTriggerType} == {one.name: one.value for one in Kind}
    assert {one.name: one.value for one in FollowUpStatus} == {one.name: one.value for one in Status}
