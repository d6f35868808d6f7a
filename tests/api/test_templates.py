"""Templates through the API: looked at, saved, previewed and taken back."""

from beforehand.outreach.messages.template_files import shipped
from tests.api.served import Served

NEW = {
    "subject": "Hello",
    "body": "Hello{% if name %} {{ name|name }}{% endif %}, see you on {{ on }}.",
    "variables": {"on": "date"},
    "note": "first",
    "expected_version": 0,
}
WELCOME = "/v1/templates/welcome/en"


def test_templates_are_listed_page_by_page(served: Served) -> None:
    first = served.get("/v1/templates", limit=2).body
    assert [one["name"] for one in first["items"]] == ["appointment_reminder", "emotion_check_in"]
    assert first["items"][0]["languages"] == [
        {"language": "en", "version": 0, "origin": "shipped"},
        {"language": "hi", "version": 0, "origin": "shipped"},
    ]
    assert first["items"][0]["variables"]["starts_at"] == "datetime"
    rest = served.get("/v1/templates", limit=9, cursor=first["next_cursor"]).body
    assert [one["name"] for one in rest["items"]] == sorted(shipped().keys())[2:]
    assert rest["next_cursor"] is None


def test_a_template_is_saved_looked_at_and_taken_back(served: Served) -> None:
    saved = served.write("PUT", WELCOME, NEW)
    assert (saved.status, saved.body["because"]) == (200, "version 1 is used from now on")
    changed = {**NEW, "body": "Hi, see you on {{ on }}.", "note": "shorter", "expected_version": 1}
    assert served.write("PUT", WELCOME, changed).body["template"]["version"] == 2
    back = served.write("POST", f"{WELCOME}/restore", {"version": 1, "expected_version": 2}).body["template"]
    assert (back["version"], back["restored_from"], back["body"]) == (3, 1, NEW["body"])
    whole = served.get("/v1/templates/welcome").body
    assert [one["version"] for one in whole["languages"]] == [3]
    assert {one["version"] for one in whole["versions"]} == {1, 2, 3}
    assert whole["versions"][0]["created_by"] == served.user
    assert served.get(WELCOME).body == whole["languages"][0]
    assert served.get(WELCOME, version=2).body["note"] == "shorter"
    assert served.get(WELCOME, version=9).status == 404
    assert served.get("/v1/templates/nothing").status == 404
    assert served.get("/v1/templates/manual_note/hi", version=0).body["origin"] == "shipped"


def test_only_an_admin_saves_and_everybody_previews(served: Served) -> None:
    served.role = "operator"
    assert served.write("PUT", WELCOME, NEW).status == 403
    assert served.write("POST", f"{WELCOME}/restore", {"version": 1, "expected_version": 2}).status == 403
    served.role = "viewer"
    assert served.write("POST", "/v1/templates/manual_note/preview", {}).status == 200
    assert served.get("/v1/templates/manual_note").status == 200


def test_who_saw_an_older_version_is_told(served: Served) -> None:
    served.write("PUT", WELCOME, NEW)
    told = served.write("PUT", WELCOME, {**NEW, "body": "Other."})
    assert (told.status, told.fields) == (409, {"expected_version"})
    assert served.write("POST", f"{WELCOME}/restore", {"version": 4, "expected_version": 1}).status == 404


def test_what_would_go_wrong_is_told_field_by_field(served: Served) -> None:
    told = served.write("PUT", WELCOME, {**NEW, "body": "Hello\n{{ nmae }}"})
    assert told.status == 422
    assert told.body["errors"] == [
        {
            "field": "body",
            "problem": "line 2: nmae is not among its variables; declare it with its type, or correct its name",
        }
    ]
    for variables in ({"on": "day"}, {"On": "date"}, {"name": "name"}, {"if": "text"}):
        told = served.write("PUT", WELCOME, {**NEW, "variables": variables})
        assert (told.status, {field.split(".")[0] for field in told.fields}) == (422, {"variables"})
    assert served.get("/v1/templates/welcome").status == 404
    for path in ("/v1/templates/Welcome/en", "/v1/templates/welcome/english", "/v1/templates/welcome/EN"):
        assert served.write("PUT", path, NEW).status == 404


def test_a_preview_is_the_message_as_it_would_leave(served: Served) -> None:
    body = {"language": "hi-IN", "zone": "Asia/Kolkata", "variables": {"starts_at": "2026-03-09T10:00:00+05:30"}}
    found = served.write("POST", "/v1/templates/appointment_reminder/preview", body).body
    assert found["subject"] == "9 मार्च 2026 को आपका अपॉइंटमेंट"
    assert (found["language"], found["because"]) == ("hi", "in Hindi, since there is none in hi-IN")
    assert found["frame_because"] == "with the footer in Hindi, as the message is"
    assert '<html lang="hi" dir="ltr">' in found["html"] and "https://example.com/unsubscribe" in found["text"]
    assert found["examples"] == ["link", "place", "price"]
    sms = served.write("POST", "/v1/templates/manual_note/preview", {"channel": "sms"}).body
    assert (sms["html"], sms["segments"]) == (None, {"encoding": "GSM-7", "count": 1})


def test_a_preview_for_a_customer_is_in_their_language_and_has_their_name(company: Served) -> None:
    found = company.write("POST", "/v1/templates/post_event_thanks/preview", {"customer_id": "C1"}).body
    assert found["language"] == "hi" and found["text"].startswith("नमस्ते Asha Rao जी,")
    other = {"customer_id": "C1", "language": "en", "variables": {"name": None, "held_on": None}}
    found = company.write("POST", "/v1/templates/post_event_thanks/preview", other).body
    assert found["text"].startswith("Hello,\n\nThank you for coming to an example. We")
    assert company.write("POST", "/v1/templates/manual_note/preview", {"customer_id": "C99"}).status == 404


def test_a_preview_says_which_variable_does_not_fit(served: Served) -> None:
    path = "/v1/templates/appointment_reminder/preview"
    for variables in ({"starts_at": "tomorrow"}, {"nothing": 1}, {"name": 3}, {"starts_at": [1]}):
        told = served.write("POST", path, {"variables": variables})
        assert (told.status, told.fields) == (422, {"variables"})
    assert "tomorrow" not in str(served.write("POST", path, {"variables": {"starts_at": "tomorrow"}}).body)
    assert served.write("POST", "/v1/templates/nothing/preview", {}).status == 404
