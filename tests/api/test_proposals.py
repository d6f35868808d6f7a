"""A message is proposed through the API: planned once, refused with its remedy, or shown without being kept."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from beforehand.outreach.model import Channel
from beforehand.outreach.suppression.contacts import contact_hash
from tests.api.served import NOW, SETTINGS, Reply, Served
from tests.stores.test_suppressions import PEPPER

TEXT = {"customer_id": "C1", "channel": "sms", "body": "Hello there, your parcel is here."}
APPOINTMENT = {
    "customer_id": "C1", "channel": "sms", "template": "appointment_reminder",
    "variables": {"starts_at": "2026-03-09T10:00:00+00:00", "place": "Main Street"},
}  # fmt: skip


@pytest.fixture
def agreed(company: Served) -> Served:
    """C1 agrees to messages, is in India and has a phone."""
    with company.database.transaction() as transaction:
        transaction.run(
            """update customers set marketing_consent = true, zone = 'Asia/Kolkata', country = 'IN'
               where customer_id = 'C1'"""
        )
    return company


def propose(served: Served, given: dict[str, Any] = TEXT, *, key: str | None = None, **changes: Any) -> Reply:
    return served.write("POST", "/v1/outreach", {**given, **changes}, key=key)


def rows(served: Served) -> list[dict[str, Any]]:
    with served.database.transaction() as transaction:
        return transaction.rows("select * from outreach order by step, outreach_id")


def test_a_message_is_planned_for_now_and_for_a_week(agreed: Served) -> None:
    told = propose(agreed)
    assert told.status == 201, told.body
    [row] = rows(agreed)
    assert UUID(told.body["outreach_id"]) == row["outreach_id"]
    assert (told.body["state"], told.body["kept"], told.body["new"]) == ("scheduled", True, True)
    assert (row["state"], row["next_at"], row["due_at"], row["not_after"]) == (
        "scheduled", NOW, NOW, NOW + timedelta(days=7),
    )  # fmt: skip
    assert (row["purpose"], row["priority"], row["automated"], row["step"]) == ("manual", 50, False, 0)
    assert (row["body"], row["language"], row["because"]) == (TEXT["body"], "hi", "a person proposed it")
    assert (told.body["gate"]["action"], told.body["gate"]["policy_version"]) == ("send", "contact-v1")
    assert told.body["because"].startswith("the gate would let it go: nothing stands against it")
    assert told.body["because"].endswith("sms is in dry run, so what may go is held until it is enabled")
    assert told.body["message"] is None


def test_everything_that_is_asked_for_is_kept(agreed: Served) -> None:
    due, ends = NOW + timedelta(days=2), NOW + timedelta(days=3)
    told = propose(
        agreed, purpose="custom", due_at=due.isoformat(), not_after=ends.isoformat(), priority=80, cycle="parcel-7",
        hold=True, because="the parcel came back", language="en",
    )  # fmt: skip
    assert (told.status, told.body["state"], told.body["hold"]) == (201, "held", "person")
    assert told.body["because"].startswith(
        "it waits for a person who lets it go; then the gate would hold it until"
    )
    [row] = rows(agreed)
    assert (row["due_at"], row["not_after"], row["priority"], row["cycle"]) == (due, ends, 80, "parcel-7")
    assert (row["automated"], row["because"], row["language"]) == (True, "the parcel came back", "en")
    assert agreed.write("POST", f"/v1/outreach/{row['outreach_id']}/release").status == 200


def test_a_write_that_is_sent_again_is_one_outreach_even_when_its_answer_is_forgotten(agreed: Served) -> None:
    key = str(uuid4())
    first = propose(agreed, key=key)
    assert propose(agreed, key=key).body == first.body
    agreed.now = NOW + timedelta(days=2)
    with agreed.database.transaction() as transaction:
        transaction.run("delete from api_idempotency")
    again = propose(agreed, key=key)
    assert (again.body["outreach_id"], again.body["new"]) == (first.body["outreach_id"], False)
    assert "is planned already: it is scheduled" in again.body["because"]
    agreed.user = "another"
    assert propose(agreed, key=key).body["new"], "a key belongs to who sent it"
    assert len(rows(agreed)) == 2


def test_of_a_key_of_the_companys_own_one_message_is_made(agreed: Served) -> None:
    first, second = propose(agreed, cycle="parcel-7"), propose(agreed, cycle="parcel-7", body="Hello again.")
    assert (first.body["new"], second.body["new"]) == (True, False)
    [row] = rows(agreed)
    assert row["body"] == TEXT["body"]
    assert len(agreed.get("/v1/audit", action="outreach.propose").body["items"]) == 1


def test_the_trail_says_who_proposed_what_without_its_words(agreed: Served) -> None:
    told = propose(agreed, because="the parcel came back")
    [entry] = agreed.get("/v1/audit").body["items"]
    assert (entry["action"], entry["subject_id"], entry["customer_id"]) == (
        "outreach.propose", told.body["outreach_id"], "C1",
    )  # fmt: skip
    assert (entry["because"], entry["after"]["channel"], entry["after"]["state"]) == (
        "the parcel came back", "sms", "scheduled",
    )  # fmt: skip
    assert "parcel is here" not in str(entry)


def test_a_message_follows_one_that_is_over(agreed: Served) -> None:
    first = propose(agreed, cycle="parcel-7").body["outreach_id"]
    early = propose(agreed, follows=first)
    assert (early.status, early.fields) == (409, {"follows"})
    assert agreed.write("POST", f"/v1/outreach/{first}/cancel").status == 200
    second = propose(agreed, follows=first)
    assert second.status == 201, second.body
    _, row = rows(agreed)
    assert (row["step"], row["cycle"], row["follows_id"]) == (1, "parcel-7", UUID(first))
    assert not propose(agreed, follows=first).body["new"], "one goes on from it, however often that is asked"
    assert propose(agreed, follows=str(uuid4())).fields == {"follows"}
    others = propose(agreed, customer_id="C2", channel="webhook", follows=first)
    assert (others.status, "another customer's" in others.body["errors"][0]["problem"]) == (409, True)


def test_a_template_is_kept_with_what_fills_it(agreed: Served) -> None:
    told = propose(agreed, APPOINTMENT)
    assert told.status == 201, told.body
    [row] = rows(agreed)
    assert (row["template"], row["variables"], row["body"]) == (
        "appointment_reminder", APPOINTMENT["variables"], "",
    )  # fmt: skip


def test_a_preview_shows_the_message_and_what_the_gate_would_say_and_keeps_nothing(agreed: Served) -> None:
    told = propose(agreed, APPOINTMENT, preview=True)
    assert told.status == 201, told.body
    shown = told.body["message"]
    assert "Asha Rao" in shown["text"]
    assert "Main Street" in shown["text"]
    assert (shown["language"], shown["segments"]) == ("hi", shown["segments"])
    assert shown["segments"] >= 1
    assert shown["because"].startswith("in Hindi, as they prefer; ")
    assert (told.body["kept"], told.body["state"], told.body["gate"]["action"]) == (False, None, "send")
    assert told.body["because"].startswith("nothing is kept; the gate would let it go")
    assert rows(agreed) == []
    assert agreed.get("/v1/audit").body["items"] == []


def test_a_preview_at_night_says_until_when_it_would_be_held(agreed: Served) -> None:
    agreed.now = NOW.replace(hour=17, minute=10)
    told = propose(agreed, preview=True)
    assert (told.body["gate"]["action"], told.body["gate"]["hold"]) == ("hold", "window")
    assert "hold it until 2026-03-03 04:30 UTC" in told.body["because"]


def test_an_email_has_a_frame_and_a_way_out(agreed: Served) -> None:
    assert agreed.write("PATCH", "/v1/customers/C1", {"email": "asha@example.com"}).status == 200
    told = propose(agreed, channel="email", subject="Your parcel", preview=True)
    assert told.status == 201, told.body
    assert told.body["message"]["html"].startswith("<!")
    assert "Lotus" in told.body["message"]["text"]


def test_what_the_gate_would_refuse_is_said_and_planned(agreed: Served) -> None:
    """The gate decides at the moment of sending; by then they may be reachable again."""
    suppressed = agreed.write("POST", "/v1/suppressions", {"phone": "+919876543210", "because": "they moved"})
    assert suppressed.status == 200, suppressed.body
    assert contact_hash(Channel.SMS, "+919876543210", PEPPER)
    told = propose(agreed)
    assert (told.status, told.body["state"], told.body["gate"]["rule"]) == (201, "scheduled", "suppression")
    assert told.body["because"].startswith("the gate would skip it: they are not to be contacted by sms")


@pytest.mark.parametrize(
    ("changes", "status", "field", "problem"),
    [
        ({"channel": "email"}, 422, "body", "no subject"),
        ({"channel": "voice"}, 422, "channel", "'email'"),
        ({"purpose": "churn_intervention"}, 422, "purpose", "'manual'"),
        ({"body": "x" * 2000}, 422, "body", "segments"),
        ({"body": None}, 422, "", "give a body or a template"),
        ({"template": "manual_note"}, 422, "", "give a body or a template"),
        ({"variables": {"a": 1}}, 422, "", "name one"),
        ({"not_after": NOW.isoformat()}, 422, "not_after", "must be after 2026-03-02 09:30:00 UTC"),
        ({"due_at": "2036-01-01T00:00:00Z"}, 422, "due_at", "within 366 days"),
        ({"due_at": "2026-03-02T10:00:00"}, 422, "due_at", "zone"),
        ({"priority": 101}, 422, "priority", "100"),
        ({"phone": "x"}, 422, "phone", "no such field"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_remedy(
    agreed: Served, changes: dict[str, Any], status: int, field: str, problem: str
) -> None:
    told = propose(agreed, {name: value for name, value in {**TEXT, **changes}.items() if value is not None})
    assert told.status == status, told.body
    [error] = told.body["errors"]
    assert error["field"] == field
    assert problem in error["problem"]
    assert rows(agreed) == []


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"variables": {"place": "here"}}, "variables", "starts_at"),
        ({"variables": {**APPOINTMENT["variables"], "colour": "red"}}, "variables", "colour is not declared"),
        ({"template": "no_such"}, "template", "appointment_reminder"),
    ],
)
def test_what_does_not_fill_a_template_is_named(
    agreed: Served, changes: dict[str, Any], field: str, problem: str
) -> None:
    told = propose(agreed, APPOINTMENT, **changes)
    assert told.status == 422, told.body
    [error] = told.body["errors"]
    assert error["field"] == field
    assert problem in error["problem"]


def test_a_customer_that_is_not_there_and_a_viewer_are_refused(agreed: Served) -> None:
    assert propose(agreed, customer_id="C404").status == 404
    agreed.role = "viewer"
    assert propose(agreed).status == 403
    agreed.role = "operator"
    assert propose(agreed).status == 201


def test_who_has_no_address_for_a_channel_is_said_with_what_to_do(agreed: Served) -> None:
    assert agreed.write("PATCH", "/v1/customers/C1", {"phone": None}).status == 200
    told = propose(agreed)
    assert (told.status, told.fields) == (409, {"channel"})
    problem = "no phone number of theirs is known; give one by PATCH /v1/customers/C1, or name another channel"
    assert told.body["errors"][0]["problem"] == problem
    assert rows(agreed) == []


def test_a_channel_that_is_not_set_up_is_refused_at_once(agreed: Served) -> None:
    agreed.api._settings = lambda: SETTINGS.model_copy(update={"channels": "email,webhook"})
    told = propose(agreed)
    assert (told.status, told.fields) == (409, {"channel"})
    assert "sms is not set up in this deployment; an engineer sets sms_origination" in str(told.body)
