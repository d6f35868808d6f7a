"""What every route has in common: who may call it, what it refuses and in which form."""

import base64
import json
import re
from dataclasses import replace
from uuid import uuid4

import pytest

from beforehand.api.access import LEAST_ROLE, Role
from beforehand.api.identity import Caller
from beforehand.api.routes import Answer, Routes, UnlistedRouteError, table
from functions.api_serve.handler import handler
from tests.api.served import Served, event

ROUTES = sorted(LEAST_ROLE)
ROLES = (None, *Role)


def place(key: str) -> tuple[str, str]:
    method, path = key.split(" ")
    uuid = "00000000-0000-4000-8000-000000000000"
    named = path.replace("{customer_id}", "C404").replace("{subject}", "C404")
    return method, re.sub(r"\{\w+_id\}", uuid, named)


def aloud(served: Served) -> Served:
    """One whose log is heard: Powertools keeps a logger for each service, with its first stream."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_SERVICE_NAME", str(uuid4()))
        return Served(served.database)


@pytest.mark.parametrize("key", ROUTES)
@pytest.mark.parametrize("role", ROLES)
def test_a_route_is_closed_below_its_least_role(served: Served, key: str, role: Role | None) -> None:
    served.role = role
    reply = served.send(*place(key))
    allowed = role is not None and role.covers(LEAST_ROLE[key])
    assert (reply.status == 403) is not allowed
    assert reply.status not in (401, 500)


@pytest.mark.parametrize("key", [*ROUTES, "GET /v1/nowhere"])
@pytest.mark.parametrize(
    "claims",
    [{}, {"token_use": "id"}, {"client_id": "another"}, {"sub": ""}, {"token_use": ""}],
)
def test_no_route_answers_without_an_access_token_of_our_client(
    served: Served, key: str, claims: dict[str, str]
) -> None:
    told = served.send(*place(key), claims={} if not claims else served.claims(**claims))
    assert told.status == 401
    assert told.headers["Content-Type"] == "application/problem+json"


def test_a_role_is_the_highest_of_the_groups(served: Served) -> None:
    many = served.send("GET", "/v1/me", claims=served.claims(**{"cognito:groups": "[viewer admin others]"}))
    assert many.body["role"] == "admin"
    strange = served.send("GET", "/v1/customers", claims=served.claims(**{"cognito:groups": "[administrators]"}))
    assert strange.status == 403


def test_a_route_without_a_least_role_cannot_be_registered() -> None:
    with pytest.raises(UnlistedRouteError, match="GET /v1/open has no least role"):
        Routes().add("GET /v1/open")


def test_a_least_role_without_a_route_and_a_route_twice_are_refused() -> None:
    twice = [*handler.routes.values()]
    with pytest.raises(UnlistedRouteError, match="twice"):
        table(twice, twice)
    with pytest.raises(UnlistedRouteError, match="Nothing answers GET /v1/me"):
        table(route for route in twice if route.key != "GET /v1/me")


def test_says_which_path_and_which_method_there_is(served: Served) -> None:
    assert served.get("/v1/nowhere").status == 404
    wrong = served.send("DELETE", "/v1/customers")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "GET")
    assert served.send("PUT", "/v1/customers/C1").headers["Allow"] == "GET, PATCH"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "query"),
        ("colour=red", "colour"),
        ("segment=vip", "segment"),
        ("cursor=", "cursor"),
        ("cursor=AAAA", "cursor"),
        ("cursor=%00", "?"),
        ("prefix=%27", "prefix"),
        ("prefix=%FF", "query"),
    ],
)
def test_a_query_that_does_not_fit_names_its_field(served: Served, query: str, field: str) -> None:
    told = served.send("GET", "/v1/customers", query=query)
    assert told.status == 400
    assert told.fields == {field}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ("{", 400, "body"),
        ("[]", 422, ""),
        ("null", 422, ""),
        ('{"language": "hi", "language": "en"}', 400, "body"),
        ('{"a": NaN}', 400, "body"),
        ("[" * 50_000, 400, "body"),
        ("{}", 422, ""),
        ('{"marketing_consent": "yes"}', 422, "marketing_consent"),
        ('{"marketing_consent": 1}', 422, "marketing_consent"),
        ('{"language": 5}', 422, "language"),
        ('{"language": "xq-secret"}', 422, "language"),
        ('{"zone": "Mars/Base"}', 422, "zone"),
        ('{"email": "secret"}', 422, "email"),
        ('{"phone": "98765 secret"}', 422, "phone"),
        ('{"name": "secret"}', 422, "name"),
        ('{"secret value": 1}', 422, "?"),
        ('{"zone": "Asia/\\u0000secret"}', 400, "?"),
        ('{"zone": "\\ud800secret"}', 400, "?"),
    ],
)
def test_a_body_that_does_not_fit_names_its_field_and_repeats_nothing(
    company: Served, body: str, status: int, field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = aloud(company).write("PATCH", "/v1/customers/C1", body)
    assert (told.status, told.fields) == (status, {field})
    assert told.body["request_id"] == "request-1"
    assert "secret" not in json.dumps(told.body)
    logged = capsys.readouterr()
    assert f'"status":{status}' in logged.out
    assert "secret" not in logged.out + logged.err


def test_a_body_of_another_kind_or_size_is_refused(company: Served) -> None:
    key = {"idempotency-key": "a-key-of-mine"}
    form = {**key, "content-type": "application/x-www-form-urlencoded"}
    assert company.send("PATCH", "/v1/customers/C1", body="zone=UTC", headers=form).status == 415
    latin = {**key, "content-type": "application/json; charset=latin-1"}
    assert company.send("PATCH", "/v1/customers/C1", body="{}", headers=latin).status == 415
    large = json.dumps({"zone": "x" * 70_000})
    assert company.send("PATCH", "/v1/customers/C1", body=large, headers=key).status == 413
    given = event("PATCH", "/v1/customers/C1", None, "x", key, company.claims())
    given |= {"body": base64.b64encode(b"\xff\xfe").decode(), "isBase64Encoded": True}
    assert company.event(given).fields == {"body"}
    assert company.send("GET", "/v1/customers", body="{}").status == 400
    assert company.get("/v1/me", a="b").fields == {"query"}


def test_a_body_in_base64_is_read_the_same(company: Served) -> None:
    given = event("PATCH", "/v1/customers/C1", None, "x", {"idempotency-key": "key-in-base64"}, company.claims())
    given |= {"body": base64.b64encode(b'{"zone": "asia/kolkata"}').decode(), "isBase64Encoded": True}
    assert company.event(given).body["zone"] == "Asia/Kolkata"


@pytest.mark.parametrize("key", [None, "", "short", "x" * 129, "with space", "nön-ascii-key"])
def test_a_write_names_itself(company: Served, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    told = company.send("PATCH", "/v1/customers/C1", body={"zone": "UTC"}, headers=headers)
    assert (told.status, told.fields) == (400, {"Idempotency-Key"})


def test_a_fault_of_ours_is_told_by_its_kind_alone(
    company: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(caller: Caller) -> Answer:
        raise RuntimeError("Asha Rao +919876543210")

    heard, route = aloud(company), handler.routes["GET /v1/me"]
    monkeypatch.setattr(heard.api, "routes", {**handler.routes, route.key: replace(route, function=broken)})
    told = heard.get("/v1/me")
    assert (told.status, told.body["title"]) == (500, "Internal Server Error")
    logged = capsys.readouterr().out
    assert "RuntimeError" in logged and "request-1" in logged
    assert "Asha" not in logged + json.dumps(told.body)


def test_nothing_on_the_way_may_keep_an_answer(company: Served) -> None:
    assert company.get("/v1/customers/C1").headers["Cache-Control"] == "no-store"


def test_the_log_has_the_route_and_not_the_customer(company: Served, capsys: pytest.CaptureFixture[str]) -> None:
    aloud(company).get("/v1/customers/C1")
    logged = capsys.readouterr().out
    assert "GET /v1/customers/{customer_id}" in logged and '"status":200' in logged
    assert not [word for word in ("Asha", "customers.example", "919876543210") if word in logged]
