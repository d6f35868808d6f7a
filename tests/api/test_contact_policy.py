"""The contact policy through the API: what counts, changing it, going back, and what the gate would say."""

import calendar
from datetime import timedelta
from typing import Any

import pytest

from beforehand.adapters.postgres import Transaction
from tests.api.served import NOW, Served

SHIPPED = "/v1/contact-policy"


def policy(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.get(SHIPPED).body["policy"]
    return found


def changed(served: Served, expected: str = "contact-v1", **fields: Any) -> Any:
    body = {"expected_version": expected, "because": "too often", "policy": {**policy(served), **fields}}
    return served.write("PUT", SHIPPED, body)


def tried(served: Served, **fields: Any) -> Any:
    return served.write(
        "POST", "/v1/contact-policy/try", {"purpose": "churn_intervention", "channel": "email", **fields}
    )


def test_the_shipped_policy_is_in_force_from_the_beginning(served: Served) -> None:
    told = served.get(SHIPPED)
    assert (told.status, told.body["version"], told.body["created_by"]) == (200, "contact-v1", "beforehand")
    assert told.body["policy"]["cool_down_days"]["churn_intervention"] == 7
    assert told.body["policy"]["send_windows"] == [{"hours": "09:00–20:00", "days": list(calendar.day_name)}]


def test_a_change_counts_from_now_and_is_in_the_history(served: Served) -> None:
    made = changed(served, budget=2)
    assert (made.status, made.body["version"], made.body["policy"]["budget"]) == (200, "contact-v2", 2)
    assert made.body["created_by"] == served.user
    assert served.get(SHIPPED).body == made.body
    before = served.get(SHIPPED, at=(NOW - timedelta(seconds=1)).isoformat())
    assert before.body["version"] == "contact-v1"
    first = served.get("/v1/contact-policies", limit=1)
    assert [one["version"] for one in first.body["items"]] == ["contact-v2"]
    rest = served.get("/v1/contact-policies", limit=1, cursor=first.body["next_cursor"])
    assert [one["version"] for one in rest.body["items"]] == ["contact-v1"]
    assert rest.body["next_cursor"] is None


def test_the_trail_has_what_a_version_says_otherwise_and_nothing_else(served: Served) -> None:
    changed(served, budget=2)
    [entry] = served.get("/v1/audit", action="policy.set").body["items"]
    assert (entry["subject_id"], entry["because"], entry["who"]) == ("contact-v2", "too often", served.user)
    assert (entry["before"], entry["after"]) == (
        {"version": "contact-v1", "budget": 4}, {"version": "contact-v2", "budget": 2},
    )  # fmt: skip


def test_two_who_change_the_same_version_do_not_undo_each_other(served: Served) -> None:
    changed(served, budget=2)
    late = changed(served, budget=3)
    assert (late.status, late.fields) == (409, {"expected_version"})
    assert "is contact-v2 by now" in late.body["detail"]
    assert served.get(SHIPPED).body["policy"]["budget"] == 2


def test_a_change_is_taken_back_by_a_new_version(served: Served) -> None:
    changed(served, budget=2)
    body = {"version": "contact-v1", "expected_version": "contact-v2", "because": "too strict"}
    told = served.write("POST", "/v1/contact-policy/restore", body)
    assert (told.status, told.body["version"], told.body["policy"]["budget"]) == (200, "contact-v3", 4)
    unknown = {**body, "version": "contact-v9", "expected_version": "contact-v3"}
    assert served.write("POST", "/v1/contact-policy/restore", unknown).status == 404


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_an_admin_changes_it(served: Served, role: str) -> None:
    document = policy(served)
    served.role = role
    body = {"expected_version": "contact-v1", "because": "x", "policy": document}
    assert served.write("PUT", SHIPPED, body).status == 403
    restored = {"version": "contact-v1", "expected_version": "contact-v1", "because": "x"}
    assert served.write("POST", "/v1/contact-policy/restore", restored).status == 403


@pytest.mark.parametrize(
    ("fields", "named", "problem"),
    [
        ({"send_windows": [{"hours": "9-20"}]}, "policy.send_windows.0.hours", "write it as 09:00–20:00"),
        ({"send_windows": [{"hours": "09:00–24:30"}]}, "policy.send_windows.0.hours", "no clock shows"),
        ({"send_windows": []}, "policy.send_windows", "at least 1 item"),
        (
            {"send_windows": [{"hours": "09:00–20:00", "days": ["Funday"]}]},
            "policy.send_windows.0.days.0",
            "Monday",
        ),
        ({"home_zone": "IST"}, "policy.home_zone", "write it as Asia/Kolkata"),
        ({"holdout_shares": {"post_event": 1.5}}, "policy.holdout_shares.post_event", "less than or equal to 1"),
        ({"budget": 0}, "policy.budget", "greater than or equal to 1"),
        ({"cool_down_days": {"churn_intervention": -1}}, "policy.cool_down_days.churn_intervention", "0"),
        ({"cool_down_days": {"spam": 1}}, "policy.cool_down_days.spam.[key]", "churn_intervention"),
        ({"channel_windows": {"fax": [{"hours": "09:00–20:00"}]}}, "policy.channel_windows.fax.[key]", "email"),
        ({"quiet": 1}, "policy.quiet", "there is no such field"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(
    served: Served, fields: dict[str, Any], named: str, problem: str
) -> None:
    told = changed(served, **fields)
    assert told.status == 422
    problems = {error["field"]: error["problem"] for error in told.body["errors"]}
    assert problem in problems[named]


def test_the_gate_says_what_it_would_say_to_somebody_made_up(served: Served) -> None:
    served.role = "viewer"
    person = {"zone": "Asia/Kolkata", "country": "IN", "consent": True}
    going = tried(served, person=person, automated=False)
    assert (going.status, going.body["action"], going.body["policy_version"]) == (200, "send", "contact-v1")
    held = tried(served, person=person, at="2026-03-02T17:10:00Z", automated=False)
    assert (held.body["action"], held.body["hold"], held.body["until"]) == (
        "hold", "window", "2026-03-03T03:30:00Z",
    )  # fmt: skip
    assert "it is 22:40 on Monday in Asia/Kolkata" in held.body["because"]
    history = [{"purpose": "post_event", "channel": "sms", "at": "2026-03-02T08:00:00Z"}]
    rested = tried(served, person=person, history=history, purpose="post_event")
    assert (rested.body["hold"], rested.body["until"]) == ("cool_down", "2026-03-03T08:00:00Z")
    assert tried(served, person={**person, "consent": False}).body["rule"] == "consent"


def test_the_gate_says_what_it_would_say_to_a_customer(company: Served) -> None:
    unknown = tried(company, customer_id="C1")
    assert (unknown.status, unknown.body["rule"]) == (200, "consent_unknown")
    with company.database.transaction() as transaction:
        _agrees(transaction, "C1")
    told = tried(company, customer_id="C1", automated=False, at="2026-03-02T12:00:00Z")
    assert (told.body["action"], told.body["rule"]) == ("send", "open")
    assert tried(company, customer_id="C404").status == 404


@pytest.mark.parametrize("fields", [{}, {"customer_id": "C1", "person": {}}, {"customer_id": "C1", "history": [
    {"purpose": "post_event", "channel": "sms", "at": "2026-03-01T09:00:00Z"}]}])  # fmt: skip
def test_a_trial_is_of_one_customer_or_of_one_made_up(served: Served, fields: dict[str, Any]) -> None:
    assert tried(served, **fields).status == 422


def _agrees(transaction: Transaction, customer_id: str) -> None:
    transaction.run("update customers set marketing_consent = true where customer_id = :id", id=customer_id)
