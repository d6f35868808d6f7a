"""Follow-ups through the API: planned once, listed, called back, moved in place, and how they are doing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.served import NOW, Reply, Served

EVENT = datetime(2026, 3, 1, 18, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOON = {"customer_id": "C1", "due_at": (NOW + DAY).isoformat(), "channel": "sms", "body": "Hello there."}


def plan(served: Served, kind: str, **body: Any) -> Reply:
    return served.write("POST", f"/v1/followups/{kind}", {"customer_id": "C1", **body})


def custom(served: Served, **body: Any) -> str:
    told = served.write("POST", "/v1/followups/custom", {**SOON, **body})
    assert told.status == 201 and told.body["job_id"], told.body
    return str(told.body["job_id"])


def named(prefix: str, due_at: datetime, customer_id: str = "C1") -> str:
    return f"{prefix}_{customer_id}_{int(due_at.timestamp())}"


def shown(served: Served, job_id: str) -> dict[str, Any]:
    told = served.get(f"/v1/followups/{job_id}")
    assert told.status == 200, told.body
    return dict(told.body)


def listed(served: Served, **query: Any) -> list[str]:
    told = served.get("/v1/followups", **query)
    assert told.status == 200, told.body
    return [one["job_id"] for one in told.body["items"]]


def go(served: Served, job_id: str, *states: str, at: datetime = NOW) -> None:
    """Takes its message through these states, as delivery does; what is sent has its attempt."""
    with served.database.transaction() as transaction:
        for state in states:
            transaction.run(
                """update outreach set state = :state, hold = null, attempt = greatest(attempt, 1), state_at = :at,
                                       state_because = :state, next_at = null
                   where outreach_id = (select outreach_id from followups_jobs where job_id = :id)""",
                state=state, at=at, id=job_id,
            )  # fmt: skip
        if "sent" in states:
            transaction.run(
                """insert into outreach_attempts (outreach_id, attempt, channel, policy_version, claimed_at,
                                                  lease_until, ended_at, outcome, provider_id, because)
                   select outreach_id, 1, 'sms', 'contact-v1', :at, cast(:at as timestamptz) + interval '5 minutes',
                          :at, 'accepted', 'p-' || job_id, 'taken'
                   from followups_jobs where job_id = :id""",
                at=at, id=job_id,
            )  # fmt: skip


def test_after_an_event_a_message_is_planned_as_the_stage_says_or_as_is_wished(company: Served) -> None:
    told = plan(company, "post-event", event_at=EVENT.isoformat(), booking_id="BK789", conversation_id="conv_123")
    assert (told.status, told.body) == (
        201,
        {
            "job_id": named("followup", EVENT + DAY),
            "because": "24 hours after their event; nobody knows how they felt",
            "scheduled_at": "2026-03-02T18:00:00Z",
            "template": "post_event_neutral_emotion",
        },
    )
    one = shown(company, told.body["job_id"])
    assert (one["kind"], one["status"], one["booking_id"], one["conversation_id"], one["event_at"]) == (
        "post_event", "pending", "BK789", "conv_123", "2026-03-01T18:00:00Z",
    )  # fmt: skip
    assert (one["state"], one["channel"], one["customer_id"], one["moves"]) == ("scheduled", "email", "C1", [])
    late = plan(company, "post-event", event_at=(NOW + 4 * DAY).isoformat(), delay_hours=0.5)
    assert late.body["job_id"] == named("followup", NOW + 4 * DAY + HOUR / 2)


def test_an_event_that_is_followed_up_already_is_no_error_and_says_so(company: Served) -> None:
    plan(company, "post-event", event_at=EVENT.isoformat())
    again = plan(company, "post-event", event_at=(EVENT + DAY).isoformat(), booking_id="BK2")
    because = "an event of theirs within the tolerance is followed up already"
    assert (again.status, again.body) == (
        201, {"job_id": None, "because": because, "scheduled_at": None, "template": None},
    )  # fmt: skip
    assert len(listed(company)) == 1
    assert len(company.get("/v1/audit", action="followup.plan").body["items"]) == 1


def test_the_inactive_are_asked_back_after_their_days_or_at_once(company: Served) -> None:
    told = plan(company, "re-engagement", last_activity=(NOW - 10 * DAY).isoformat())
    assert (told.body["job_id"], told.body["template"]) == (
        named("reengagement", NOW + 20 * DAY), "reengagement_past_customer",
    )  # fmt: skip
    plan_of_c2 = {"customer_id": "C2", "last_activity": (NOW - 50 * DAY).isoformat(), "inactive_days": 45}
    due = company.write("POST", "/v1/followups/re-engagement", plan_of_c2).body
    assert due["template"] == "reengagement_general"
    assert NOW <= datetime.fromisoformat(due["scheduled_at"]) < NOW + 2 * DAY


def test_somebody_is_asked_how_they_are_in_some_hours_or_when_it_is_wished(company: Served) -> None:
    told = plan(company, "check-in")
    assert (told.body["job_id"], told.body["template"]) == (named("checkin", NOW + 4 * HOUR), "emotion_check_in")
    later = plan(company, "check-in", due_at=(NOW + 9 * DAY).isoformat())
    assert later.body["job_id"] == named("checkin", NOW + 9 * DAY)
    assert plan(company, "check-in").body["job_id"] is None


def test_a_message_of_ones_own_comes_once_for_a_key_by_a_text_or_a_template(company: Served) -> None:
    job_id = custom(company, key="parcel-7")
    assert job_id == named("custom", NOW + DAY)
    assert shown(company, job_id)["template"] == "custom"
    assert plan(company, "custom", **{**SOON, "key": "parcel-7"}).body["job_id"] is None
    assert custom(company, key="parcel-8") == f"{job_id}_2"
    body = {
        "customer_id": "C1", "due_at": SOON["due_at"], "template": "appointment_reminder",
        "variables": {"starts_at": "2026-03-09T10:00:00+00:00", "place": "Main Street"},
    }  # fmt: skip
    told = company.write("POST", "/v1/followups/custom", body)
    assert (told.status, told.body["template"]) == (201, "appointment_reminder"), told.body
    told = company.write("POST", "/v1/followups/custom", {**body, "template": "no_such_template"})
    assert (told.status, told.fields) == (422, {"template"})


def test_a_write_that_is_sent_again_plans_one(company: Served) -> None:
    for _ in range(2):
        told = company.write("POST", "/v1/followups/custom", SOON, key="the-same-one-1")
        assert told.body["job_id"] == named("custom", NOW + DAY)
    with company.database.transaction() as transaction:
        transaction.run("delete from api_idempotency")
    told = company.write("POST", "/v1/followups/custom", SOON, key="the-same-one-1")
    assert told.body["job_id"] is None, "what is kept of a key is forgotten, the follow-up is not"
    assert len(listed(company)) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/followups/post-event", {"event_at": EVENT.isoformat()}),
        ("/v1/followups/re-engagement", {"last_activity": EVENT.isoformat()}),
        ("/v1/followups/check-in", {}),
        ("/v1/followups/custom", {"due_at": EVENT.isoformat(), "body": "b"}),
        ("/bookings/BK1/schedule-followup", {"event_date": EVENT.isoformat()}),
        ("/v1/emotions", {"score": 0.1}),
    ],
)
def test_a_customer_that_is_not_there_is_said_and_nothing_is_kept(
    company: Served, path: str, body: dict[str, Any]
) -> None:
    told = company.write("POST", path, {"customer_id": "C99", **body})
    assert (told.status, told.body["detail"]) == (404, "There is no such customer.")
    with company.database.transaction() as transaction:
        for table in ("followups_bookings", "followups_emotions", "followups_jobs", "journal_audit"):
            assert transaction.rows(f"select from {table}") == []


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/followups/post-event", {"event_at": "2026-03-01T18:00:00"}, "event_at"),
        ("/v1/followups/re-engagement", {"last_activity": "2026-03-01"}, "last_activity"),
        ("/v1/followups/check-in", {"due_at": "2026-03-05T18:00:00"}, "due_at"),
        ("/v1/followups/custom", {"due_at": "2026-03-05T18:00:00", "body": "b"}, "due_at"),
        ("/bookings/BK1/schedule-followup", {"event_date": "2026-03-01T18:00:00"}, "event_date"),
        ("/v1/emotions", {"score": 0.1, "at": "2026-03-01T18:00:00"}, "at"),
        ("/v1/emotions", {"score": 0.1, "at": "2026-03-03T18:00:00Z"}, "at"),
        ("/v1/emotions", {"score": 1.1}, "score"),
        ("/v1/followups/post-event", {"event_at": "2027-05-01T18:00:00Z"}, "event_at"),
        ("/v1/followups/re-engagement", {"last_activity": "2028-05-01T18:00:00Z"}, "last_activity"),
        ("/v1/followups/custom", {"due_at": "2028-05-01T18:00:00Z", "body": "b", "channel": "sms"}, "due_at"),
        ("/v1/followups/post-event", {"event_at": EVENT.isoformat(), "delay_hours": -1}, "delay_hours"),
        ("/v1/followups/custom", {"due_at": EVENT.isoformat(), "body": "b", "channel": "email"}, "body"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(
    company: Served, path: str, body: dict[str, Any], field: str
) -> None:
    told = company.write("POST", path, {"customer_id": "C1", **body})
    assert (told.status, told.fields) == (422, {field}), told.body
    if field.endswith("_at") and "Z" not in str(body[field]) and len(str(body[field])) > 10:
        assert "zone" in told.body["errors"][0]["problem"]


@pytest.mark.parametrize(
    "body",
    [{}, {"body": "b", "template": "t"}, {"template": "t", "subject": "s"}, {"body": "b", "variables": {"a": 1}}],
)
def test_a_message_that_says_nothing_or_two_things_is_refused(company: Served, body: dict[str, Any]) -> None:
    assert plan(company, "custom", due_at=SOON["due_at"], **body).status == 422


def test_who_cannot_be_reached_gets_none_and_it_is_said(company: Served) -> None:
    told = company.write("POST", "/v1/followups/check-in", {"customer_id": "C2", "channel": "sms"})
    assert (told.status, told.body["job_id"], told.body["because"]) == (201, None, "no address for sms is known")


def test_follow_ups_are_listed_latest_first_by_every_filter_and_in_pages(company: Served) -> None:
    jobs = [
        custom(company, due_at=(NOW + n * DAY).isoformat(), conversation_id=f"conv_{n % 2}") for n in range(1, 6)
    ]
    after = plan(company, "post-event", event_at=EVENT.isoformat(), booking_id="BK1").body["job_id"]
    company.write("POST", f"/v1/followups/{jobs[4]}/cancel")
    assert listed(company) == [*reversed(jobs), after]
    assert listed(company, kind="post_event") == listed(company, booking="BK1") == [after]
    assert listed(company, status="cancelled") == [jobs[4]]
    assert listed(company, conversation="conv_0", status="pending") == [jobs[3], jobs[1]]
    assert (listed(company, customer="C2"), len(listed(company, customer="C1"))) == ([], 6)
    moments = {"due_from": (NOW + 2 * DAY).isoformat(), "due_before": (NOW + 4 * DAY).isoformat()}
    assert listed(company, **moments) == [jobs[2], jobs[1]]
    first = company.get("/v1/followups", limit=4, kind="custom").body
    rest = company.get("/v1/followups", limit=4, kind="custom", cursor=first["next_cursor"]).body
    assert [one["job_id"] for one in first["items"] + rest["items"]] == list(reversed(jobs))
    assert rest["next_cursor"] is None
    assert company.get("/v1/followups", cursor=first["next_cursor"]).fields == {"cursor"}


@pytest.mark.parametrize(
    "query", [{"kind": "gossip"}, {"status": "held"}, {"due_from": "2026-03-02"}, {"limit": 0}]
)
def test_a_filter_that_is_none_is_refused(served: Served, query: dict[str, Any]) -> None:
    told = served.get("/v1/followups", **query)
    assert (told.status, told.fields) == (400, set(query))


def test_one_that_has_not_gone_is_called_back_once(company: Served) -> None:
    job_id = custom(company)
    told = company.write("POST", f"/v1/followups/{job_id}/cancel")
    assert (told.status, told.body) == (200, {"cancelled": True, "because": "a person called it back"})
    one = shown(company, job_id)
    assert (one["status"], one["state"], one["cancelled_by"]) == ("cancelled", "cancelled", company.user)
    assert one["cancelled_at"] == "2026-03-02T09:30:00Z"
    again = company.write("POST", f"/v1/followups/{job_id}/cancel")
    assert again.body == {"cancelled": False, "because": "it is cancelled already"}
    [entry] = company.get("/v1/audit", action="followup.cancel").body["items"]
    assert (entry["subject_id"], entry["after"]) == (job_id, {"status": "cancelled"})


def test_one_that_has_gone_is_not_called_back_and_one_that_is_not_there_is_said(company: Served) -> None:
    job_id = custom(company)
    go(company, job_id, "claimed", "sent")
    told = company.write("POST", f"/v1/followups/{job_id}/cancel")
    assert (told.status, told.body) == (200, {"cancelled": False, "because": "it is too late: it was sent"})
    assert shown(company, job_id)["status"] == "executed"
    assert company.write("POST", "/v1/followups/custom_C1_1/cancel").status == 404
    assert company.write("POST", "/v1/followups/custom_C1_1/reschedule", {"due_at": SOON["due_at"]}).status == 404
    assert company.get("/v1/followups/custom_C1_1").status == 404


def test_one_is_moved_in_place_and_its_history_is_kept(company: Served) -> None:
    job_id = custom(company)
    path = f"/v1/followups/{job_id}/reschedule"
    company.now = NOW + HOUR
    due_at = (NOW + 3 * DAY).isoformat()
    told = company.write("POST", path, {"due_at": due_at, "because": "they asked"})
    assert (told.status, told.body["because"]) == (200, "they asked")
    assert (told.body["followup"]["job_id"], told.body["followup"]["scheduled_at"]) == (
        job_id, "2026-03-05T09:30:00Z",
    )  # fmt: skip
    same = company.write("POST", path, {"due_at": due_at})
    assert (same.status, same.body["because"]) == (200, "it is due then already")
    company.now = NOW + 2 * HOUR
    company.write("POST", path, {"due_at": (NOW - DAY).isoformat()})
    one = shown(company, job_id)
    assert one["scheduled_at"] == "2026-03-02T11:30:00Z", "what should have gone by then goes now"
    assert [(move["from_at"], move["to_at"], move["because"], move["moved_by"]) for move in one["moves"]] == [
        ("2026-03-03T09:30:00Z", "2026-03-05T09:30:00Z", "they asked", company.user),
        ("2026-03-05T09:30:00Z", "2026-03-02T11:30:00Z", "a person moved it", company.user),
    ]
    assert len(company.get("/v1/audit", action="followup.reschedule").body["items"]) == 2


def test_one_is_moved_with_its_event_by_as_long_as_it_was_to_come_after(company: Served) -> None:
    job_id = plan(company, "post-event", event_at=EVENT.isoformat(), delay_hours=36).body["job_id"]
    moved = company.write("POST", f"/v1/followups/{job_id}/reschedule", {"event_at": (NOW + 5 * DAY).isoformat()})
    assert moved.body["followup"]["event_at"] == "2026-03-07T09:30:00Z"
    assert moved.body["followup"]["scheduled_at"] == "2026-03-08T21:30:00Z"


def test_a_move_that_cannot_be_is_refused_with_its_reason(company: Served) -> None:
    first = plan(company, "post-event", event_at=EVENT.isoformat()).body["job_id"]
    other = plan(company, "post-event", event_at=(NOW + 5 * DAY).isoformat()).body["job_id"]
    path = f"/v1/followups/{first}/reschedule"
    close = company.write("POST", path, {"event_at": (NOW + 5 * DAY + HOUR).isoformat()})
    assert (close.status, other in close.body["detail"]) == (409, True)
    assert shown(company, first)["moves"] == []
    go(company, first, "claimed", "sent")
    gone = company.write("POST", path, {"due_at": SOON["due_at"]})
    assert (gone.status, gone.body["detail"]) == (
        409, "The follow-up stays as it is: it is too late: it was sent.",
    )  # fmt: skip
    of_no_event = company.write("POST", f"/v1/followups/{custom(company)}/reschedule", {"event_at": SOON["due_at"]})
    assert (of_no_event.status, of_no_event.fields) == (422, {"event_at"})
    far = company.write("POST", f"/v1/followups/{other}/reschedule", {"due_at": "2029-01-01T00:00:00Z"})
    assert (far.status, far.fields) == (422, {"due_at"})
    for body in ({}, {"due_at": SOON["due_at"], "event_at": SOON["due_at"]}):
        assert company.write("POST", path, body).status == 422


def test_health_says_what_waits_went_failed_and_is_late(company: Served) -> None:
    none = {
        "status": "healthy", "scheduler_running": True, "pending_jobs": 0, "executed_today": 0,
        "apscheduler_jobs": 0, "overdue": 0, "failed_today": 0, "send_lag_p50": None, "send_lag_p95": None,
        "send_lag_p99": None,
    }  # fmt: skip
    assert company.get("/v1/followup-health").body == none
    jobs = [custom(company, due_at=(NOW + n * HOUR).isoformat()) for n in range(6)]
    company.now = at = NOW + 5 * HOUR
    go(company, jobs[0], "claimed", "sent", at=NOW + timedelta(seconds=10))
    go(company, jobs[1], "claimed", "sent", at=NOW + HOUR + timedelta(seconds=30))
    go(company, jobs[2], "claimed", "failed", at=at)
    go(company, jobs[3], "cancelled", at=at)
    told = company.get("/v1/followup-health").body
    assert told == company.get("/api/scheduler/health").body
    assert (told["status"], told["scheduler_running"], told["overdue"]) == ("late", False, 1)
    assert (told["pending_jobs"], told["apscheduler_jobs"], told["executed_today"], told["failed_today"]) == (
        2, 2, 2, 1,
    )  # fmt: skip
    assert (told["send_lag_p50"], told["send_lag_p95"], told["send_lag_p99"]) == (
        20.0, pytest.approx(29.0), pytest.approx(29.8),
    )  # fmt: skip
    company.now = NOW + DAY + HOUR
    later = company.get("/v1/followup-health").body
    assert (later["executed_today"], later["failed_today"], later["send_lag_p50"]) == (0, 0, 30.0)


def test_what_waits_for_a_person_is_not_late(company: Served) -> None:
    company.write("POST", "/v1/emotions", {"customer_id": "C1", "score": 0.1})
    company.now = NOW + 20 * HOUR
    told = company.get("/v1/followup-health").body
    assert (told["status"], told["pending_jobs"], told["overdue"]) == ("healthy", 1, 0)


def test_a_booking_is_followed_up_before_it_has_taken_place(company: Served) -> None:
    path = "/bookings/BK789/schedule-followup"
    unknown = company.write("POST", path, {"event_date": EVENT.isoformat()})
    assert (unknown.status, unknown.fields) == (422, {"customer_id"})
    body = {"event_date": (NOW + 2 * DAY).isoformat(), "customer_id": "C1"}
    told = company.write("POST", path, body)
    job_id = named("followup", NOW + 3 * DAY)
    assert (told.status, told.body["job_id"]) == (200, job_id)
    one = shown(company, job_id)
    assert (one["booking_id"], one["conversation_id"]) == ("BK789", "booking_BK789")
    again = company.write("POST", path, {"event_date": body["event_date"]})
    assert (again.status, again.body["job_id"]) == (200, None), "whose it is, is known by now"
    other = company.write("POST", path, {**body, "customer_id": "C2"})
    assert (other.status, other.fields) == (422, {"customer_id"})


def test_nothing_is_said_after_a_booking_that_is_cancelled(company: Served) -> None:
    with company.database.transaction() as transaction:
        transaction.run(
            """insert into followups_bookings (booking_id, customer_id, ends_at, state, told_at)
               values ('BK1', 'C1', :at, 'cancelled', :at)""",
            at=NOW,
        )
    told = company.write("POST", "/bookings/BK1/schedule-followup", {"event_date": EVENT.isoformat()})
    assert (told.status, told.body["detail"]) == (409, "The booking is cancelled, so nothing is said after it.")


def test_an_emotion_rewrites_what_waits_and_a_bad_one_asks_for_a_person(company: Served) -> None:
    job_id = plan(company, "post-event", event_at=EVENT.isoformat(), conversation_id="conv_1").body["job_id"]
    feel = {"customer_id": "C1", "conversation_id": "conv_1"}
    good = company.write("POST", "/v1/emotions", {**feel, "score": 0.9})
    assert (good.status, good.body) == (
        201, {"score": 0.9, "planned": 0, "rewritten": 1, "because": "they do not feel bad"},
    )  # fmt: skip
    assert shown(company, job_id)["template"] == "post_event_high_emotion"
    company.now = NOW + HOUR
    bad = [company.write("POST", "/v1/emotions", {**feel, "score": 0.0}).body for _ in range(3)]
    assert [one["planned"] for one in bad] == [0, 1, 0]
    assert shown(company, job_id)["template"] == "post_event_low_emotion"
    [check_in] = listed(company, kind="emotion_based")
    assert (shown(company, check_in)["state"], shown(company, check_in)["hold"]) == ("held", "person")
    told = company.get("/v1/emotions", customer="C1").body
    assert [one["score"] for one in told["items"]] == [0.0, 0.0, 0.0, 0.9]
    assert (told["mean"], told["template"]) == (pytest.approx(0.225), "post_event_low_emotion")
    assert told["because"] == "the mean of their last 4 emotions is 0.23, below 0.4"
    assert company.get("/v1/emotions", customer="C1", limit=2, conversation="conv_1").body["mean"] == told["mean"]
    assert company.get("/v1/emotions", customer="C1", conversation="conv_2").body["items"] == []
    assert company.get("/v1/emotions", customer="C99").status == 404
    assert company.get("/v1/emotions").fields == {"customer"}


def test_a_text_is_read_and_forgotten(company: Served) -> None:
    words = "A bad, bad afternoon with a wasp"
    told = company.write("POST", "/v1/emotions", {"customer_id": "C1", "text": words, "language": "en"})
    assert told.status == 201 and 0 <= told.body["score"] <= 1
    [kept] = company.get("/v1/emotions", customer="C1").body["items"]
    assert (kept["score"], kept["read_by"]) == (told.body["score"], "lexicon")
    with company.database.transaction() as transaction:
        for table in ("followups_emotions", "journal_audit", "journal_decisions", "outreach", "api_idempotency"):
            assert "wasp" not in str(transaction.rows(f"select * from {table}"))
    for body in ({}, {"score": 0.2, "text": "b"}):
        assert company.write("POST", "/v1/emotions", {"customer_id": "C1", **body}).status == 422


def test_who_looks_changes_nothing(company: Served) -> None:
    job_id = custom(company)
    company.role = "viewer"
    for path in ("/v1/followups", f"/v1/followups/{job_id}", "/v1/followup-health", "/api/scheduler/health"):
        assert company.get(path).status == 200
    assert company.get("/v1/emotions", customer="C1").status == 200
    writes = [
        *(f"/v1/followups/{name}" for name in ("post-event", "re-engagement", "check-in", "custom")),
        f"/v1/followups/{job_id}/cancel", f"/v1/followups/{job_id}/reschedule",
        "/bookings/BK1/schedule-followup", "/v1/emotions",
    ]  # fmt: skip
    assert {company.write("POST", path, SOON).status for path in writes} == {403}
    company.role = "operator"
    assert company.write("POST", f"/v1/followups/{job_id}/cancel").body["cancelled"] is True
