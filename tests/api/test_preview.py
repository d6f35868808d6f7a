"""Previews through the API: another score, other thresholds, who may ask, and nothing that is stored."""

import pytest

from tests.api.served import NOW, Served


def test_a_preview_says_whom_another_score_would_find_and_why(company: Served) -> None:
    company.role = "viewer"
    told = company.get("/v1/risk/preview", profile="procx-v1", limit=2)
    assert told.status == 200
    body = told.body
    assert (body["profile"], body["day"], body["customers"]) == ("procx-v1", NOW.date().isoformat(), 7)
    assert (body["health_threshold"], body["risk_threshold"]) == (40, 0.6)
    assert [(one["position"], one["customer_id"]) for one in body["items"]] == [(1, "C1"), (2, "C2")]
    first = body["items"][1]
    now = company.get("/v1/customers/C2/risk").body
    assert (first["health_now"], first["risk_now"]) == (now["health"], now["risk"])
    assert first["health"] != now["health"]
    assert {one["factor"] for one in first["contributions"]} >= {"basket", "relative_value", "value_percentile"}
    assert sum(one["lost"] for one in first["contributions"]) == pytest.approx(100 - first["health"])
    assert all(one["because"] for one in first["contributions"])
    assert first["because"].startswith(f"Health would be {first['health']:.1f}%")
    assert first["because"].endswith(f"now health is {now['health']:.1f}%.")


def test_a_preview_of_the_score_in_force_has_its_figures(company: Served) -> None:
    for one in company.get("/v1/risk/preview", risk_threshold=0).body["items"]:
        assert (one["health"], one["risk"]) == (one["health_now"], one["risk_now"])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"C1", "C2"}),
        ({"risk_threshold": "0"}, {f"C{number}" for number in range(1, 8)}),
        ({"health_threshold": "100"}, {f"C{number}" for number in range(1, 8)}),
        ({"risk_threshold": "1"}, set()),
        ({"risk_threshold": "0", "segment": "Regular", "min_lifetime_value": "6000"}, {"C6", "C7"}),
        ({"risk_threshold": "0", "standing": "opted_out"}, {"C5"}),
        ({"risk_threshold": "0", "standing": "free", "segment": "VIP"}, {"C1", "C2"}),
    ],
)
def test_thresholds_that_are_given_are_the_whole_trigger_and_filters_are_all_to_hold(
    company: Served, asked: dict[str, str], found: set[str]
) -> None:
    company.write("PATCH", "/v1/customers/C5", {"marketing_consent": False})
    with company.database.transaction() as transaction:
        transaction.run("update churn_signals set standing = 'opted_out' where customer_id = 'C5'")
    assert {one["customer_id"] for one in company.get("/v1/risk/preview", **asked).body["items"]} == found


def test_a_preview_takes_the_thresholds_that_scans_look_by(company: Served) -> None:
    with company.database.transaction() as transaction:
        transaction.run("update churn_base set health_threshold = 99, risk_threshold = 0.01")
    body = company.get("/v1/risk/preview").body
    assert (body["health_threshold"], body["risk_threshold"]) == (99, 0.01)
    assert len(body["items"]) == 7


def test_before_the_first_scan_there_is_nobody_to_preview(served: Served) -> None:
    body = served.get("/v1/risk/preview").body
    assert (body["day"], body["profile"], body["customers"], body["items"]) == (None, "default-v1", 0, [])


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"profile": "best-v9"}, "profile"),
        ({"limit": "101"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"risk_threshold": "1.5"}, "risk_threshold"),
        ({"health_threshold": "nan"}, "health_threshold"),
        ({"segment": "Whales"}, "segment"),
        ({"cursor": "x"}, "cursor"),
    ],
)
def test_what_cannot_be_previewed_is_refused_by_name(served: Served, asked: dict[str, str], field: str) -> None:
    told = served.get("/v1/risk/preview", **asked)
    assert (told.status, told.fields) == (400, {field})


def test_only_who_has_a_role_may_preview(served: Served) -> None:
    served.role = None
    assert served.get("/v1/risk/preview").status == 403
