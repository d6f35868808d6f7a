"""Customers through the API: pages, filters, changes and who made them."""

from datetime import date

import pytest

from tests.api.served import Served


def ids(items: list[dict[str, object]]) -> list[object]:
    return [item["customer_id"] for item in items]


def test_pages_go_on_where_they_ended_whatever_comes_meanwhile(company: Served) -> None:
    first = company.get("/v1/customers", limit=3).body
    assert ids(first["items"]) == ["C1", "C2", "C3"]
    with company.database.transaction() as transaction:
        transaction.run("insert into customers (customer_id, updated_at) values ('A9', now()), ('C35', now())")
        transaction.run("delete from customers where customer_id = 'C4'")
    second = company.get("/v1/customers", limit=3, cursor=first["next_cursor"]).body
    assert ids(second["items"]) == ["C35", "C5", "C6"]
    last = company.get("/v1/customers", limit=3, cursor=second["next_cursor"]).body
    assert (ids(last["items"]), last["next_cursor"]) == (["C7"], None)


def test_a_cursor_belongs_to_one_list_and_its_filters(company: Served) -> None:
    cursor = company.get("/v1/customers", limit=1).body["next_cursor"]
    for path, query in (
        ("/v1/customers", {"segment": "VIP"}),
        ("/v1/risk", {}),
        ("/v1/scans", {}),
    ):
        told = company.get(path, cursor=cursor, **query)
        assert (told.status, told.fields) == (400, {"cursor"})
    assert company.get("/v1/customers", limit=200, cursor=cursor).status == 200


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"segment": "VIP"}, ["C1", "C2"]),
        ({"segment": "VIP", "language": "hi"}, ["C1"]),
        ({"tier": "Silver"}, []),
        ({"prefix": "C7"}, ["C7"]),
        ({"prefix": "C_"}, []),
        ({"country": "IN"}, []),
    ],
)
def test_filters_are_all_to_hold(company: Served, filters: dict[str, str], found: list[str]) -> None:
    assert ids(company.get("/v1/customers", **filters).body["items"]) == found


def test_shows_one_customer_or_says_there_is_none(company: Served) -> None:
    shown = company.get("/v1/customers/C1").body
    assert (shown["name"], shown["lifetime_value"], shown["marketing_consent"]) == ("Asha Rao", "1000.00", None)
    assert company.get("/v1/customers/C99").status == 404
    assert company.get("/v1/customers/C%2099").status == 404


def test_purchases_come_newest_first_in_pages(company: Served) -> None:
    first = company.get("/v1/customers/C1/purchases", limit=2).body
    assert [(p["purchased_on"], p["amount"]) for p in first["items"]] == [
        ("2025-03-01", "10.50"),
        ("2025-02-01", "10.50"),
    ]
    last = company.get("/v1/customers/C1/purchases", limit=2, cursor=first["next_cursor"]).body
    assert [p["purchased_on"] for p in last["items"]] == ["2025-01-01"]
    assert company.get("/v1/customers/C99/purchases").status == 404


def test_a_change_is_made_and_dated(company: Served) -> None:
    company.role = "operator"
    told = company.write(
        "PATCH", "/v1/customers/C1", {"marketing_consent": False, "phone": None, "email": "asha@NEW.example"}
    )
    assert told.status == 200
    shown = company.get("/v1/customers/C1").body
    assert shown == told.body
    assert (shown["marketing_consent"], shown["phone"], shown["email"]) == (False, None, "asha@new.example")
    assert (shown["consented_on"], shown["consent_source"]) == (date(2026, 3, 2).isoformat(), "api")


def test_a_preferred_channel_is_said_changed_and_taken_back(company: Served) -> None:
    company.role = "operator"
    for said in ("sms", None):
        told = company.write("PATCH", "/v1/customers/C1", {"preferred_channel": said})
        assert (told.status, told.body["preferred_channel"]) == (200, said)
    assert company.write("PATCH", "/v1/customers/C1", {"preferred_channel": "fax"}).status == 422


def test_a_change_that_changes_nothing_leaves_no_trace(company: Served) -> None:
    before = company.get("/v1/customers/C1").body
    assert company.write("PATCH", "/v1/customers/C1", {"language": "HI"}).body == before
    with company.database.transaction() as transaction:
        assert not transaction.rows("select 1 from journal_audit")
    assert company.write("PATCH", "/v1/customers/C99", {"language": "hi"}).status == 404


def test_risk_is_listed_by_rank_and_explained(company: Served) -> None:
    every = company.get("/v1/risk").body["items"]
    assert [one["rank"] for one in every] == sorted((one["rank"] for one in every), reverse=True)
    assert set(ids(every)) == {f"C{number}" for number in range(1, 8)}
    first = company.get("/v1/risk", limit=3).body
    rest = company.get("/v1/risk", limit=50, cursor=first["next_cursor"]).body
    assert ids(first["items"]) + ids(rest["items"]) == ids(every)
    assert set(ids(company.get("/v1/risk", min_risk="0.6").body["items"])) == {"C1", "C2"}
    assert set(ids(company.get("/v1/risk", segment="VIP").body["items"])) == {"C1", "C2"}
    levels = {one["level"] for one in every}
    for level in levels:
        assert {one["level"] for one in company.get("/v1/risk", level=level).body["items"]} == {level}
    assert sum(len(company.get("/v1/risk", level=level).body["items"]) for level in levels) == 7


def test_a_risk_says_what_went_into_it(company: Served) -> None:
    shown = company.get("/v1/customers/C2/risk").body
    lost = sum(one["lost"] for one in shown["contributions"])
    assert shown["health"] == pytest.approx(100 - lost)
    assert shown["level"] in ("high", "critical")
    heaviest = shown["contributions"][0]
    assert heaviest["lost"] == max(one["lost"] for one in shown["contributions"])
    assert heaviest["because"] and shown["because"].startswith("Health is")
    assert (shown["profile"], shown["day"]) == ("default-v1", "2026-03-02")


def test_the_risk_of_who_is_not_scored_yet_is_not_made_up(company: Served) -> None:
    with company.database.transaction() as transaction:
        transaction.run("insert into customers (customer_id, updated_at) values ('NEW', now())")
    shown = company.get("/v1/customers/NEW/risk").body
    assert (shown["health"], shown["risk"], shown["level"], shown["contributions"]) == (None, None, None, [])
    assert "next scan" in shown["because"]
    assert company.get("/v1/customers/C99/risk").status == 404
