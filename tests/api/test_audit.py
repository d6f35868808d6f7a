"""Whoever changes anything through the API is in the audit trail: every route that writes is walked."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import uuid4

import pytest

from beforehand.adapters.postgres import PostgresDatabase
from beforehand.api.access import LEAST_ROLE
from beforehand.outreach import channel_routes
from beforehand.outreach.cases import Kind, NewCase, Role
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.model import Channel, Proposal, Purpose
from beforehand.outreach.store import PostgresOutreach
from tests.api.served import NOW, Reply, Served
from tests.outreach.gates import MemoryGates

WRITING = sorted(key for key in LEAST_ROLE if not key.startswith("GET "))

NOT_AUDITED: Mapping[str, str] = {
    "POST /v1/contact-policy/try": "says what the gate would say and keeps nothing",
    "POST /v1/templates/{name}/preview": "shows a message and keeps nothing",
    "POST /v1/suppressions/find": "it only looks; the address is in the body, as a path would be logged",
}
"""Routes that write nothing although their method says so, each with the reason: previews, tries."""


def proposal(**changes: object) -> Proposal:
    given = {
        "customer_id": "C1", "purpose": Purpose.CHURN_INTERVENTION, "cycle": "2026-03-02", "step": 0,
        "channel": Channel.EMAIL, "priority": 85, "due_at": NOW, "not_after": NOW + timedelta(days=7),
        "language": "en", "subject": "Dear Asha", "body": "We miss you", "because": "they are leaving",
        "run_id": None, "held": True,
    }  # fmt: skip
    return Proposal(**{**given, **changes})


def held(served: Served) -> str:
    with served.database.transaction() as transaction:
        PostgresOutreach(transaction).propose([proposal()], now=NOW)
    return str(proposal().outreach_id)


def case(served: Served, *, taken: bool = False) -> str:
    wish = NewCase(
        kind=Kind.ESCALATION, customer_id="C1", cycle="2026-03", outreach_id=None, run_id=None, role=Role.OPERATOR,
        subject="Call C1", because="health 20%", priority=90, due_at=NOW,
    )  # fmt: skip
    with served.database.transaction() as transaction:
        PostgresCases(transaction).open([wish], now=NOW)
    if taken:
        assert served.write("POST", f"/v1/cases/{wish.case_id}/take").status == 200
    return str(wish.case_id)


class Switches(MemoryGates):
    """The table of gates, as far as the kill switch needs it."""

    kept: ClassVar[set[str]] = set()

    def __init__(self, table: str) -> None:
        super().__init__(switched=self.kept)

    def switch(self, what: str, *, on: bool, by: str, now: datetime) -> None:
        (self.kept.add if on else self.kept.discard)(what)


@pytest.fixture(autouse=True)
def switches(monkeypatch: pytest.MonkeyPatch, database: PostgresDatabase) -> Iterator[None]:
    """What a test switches stays in this process; tests/contracts/test_channels_api.py has the real table."""
    monkeypatch.setattr(channel_routes, "DynamoGates", Switches)
    yield
    Switches.kept.clear()
    with database.transaction() as transaction:
        transaction.run("update outreach_channels set mode = 'dry_run', changed_at = null, changed_by = null")


LETTER = {"subject": "Hello", "body": "Hello there.", "variables": {}, "note": "first", "expected_version": 0}


def saved(served: Served) -> int:
    told = served.write("PUT", "/v1/templates/welcome_walk/en", LETTER)
    assert told.status == 200, told.body
    return int(told.body["template"]["version"])


def set_policy(served: Served) -> Reply:
    policy = {**served.get("/v1/contact-policy").body["policy"], "budget": 2}
    body = {"expected_version": "contact-v1", "because": "too often", "policy": policy}
    return served.write("PUT", "/v1/contact-policy", body)


def suppress(served: Served) -> Reply:
    return served.write("POST", "/v1/suppressions", {"email": "asha@example.com", "because": "they moved"})


def followup(served: Served) -> str:
    body = {
        "customer_id": "C1",
        "due_at": "2026-03-05T10:00:00Z",
        "key": "k",
        "channel": "sms",
        "body": "Dear Asha, hello",
    }
    return str(served.write("POST", "/v1/followups/custom", body, key="a-follow-up-1").body["job_id"])


Write = Callable[[Served], Reply]
DONE: Mapping[str, Write] = {
    "PATCH /v1/customers/{customer_id}": lambda api: api.write(
        "PATCH", "/v1/customers/C1", {"marketing_consent": False}
    ),
    "POST /v1/cases/{case_id}/take": lambda api: api.write("POST", f"/v1/cases/{case(api)}/take"),
    "POST /v1/cases/{case_id}/done": lambda api: api.write(
        "POST", f"/v1/cases/{case(api, taken=True)}/done", {"answer": "handled"}
    ),
    "POST /v1/cases/{case_id}/give_back": lambda api: api.write(
        "POST", f"/v1/cases/{case(api, taken=True)}/give_back"
    ),
    "PATCH /v1/channels/{channel}": lambda api: api.write("PATCH", "/v1/channels/email", {"mode": "live"}),
    "POST /v1/channels/{channel}/stop": lambda api: api.write(
        "POST", "/v1/channels/all/stop", {"because": "something is wrong"}
    ),
    "POST /v1/channels/{channel}/resume": lambda api: api.write(
        "POST", "/v1/channels/all/resume", {"because": "all is well"}
    ),
    "PUT /v1/templates/{name}/{language}": lambda api: api.write("PUT", "/v1/templates/welcome_walk/en", LETTER),
    "POST /v1/templates/{name}/{language}/restore": lambda api: api.write(
        "POST", "/v1/templates/welcome_walk/en/restore", {"version": 1, "expected_version": saved(api)}
    ),
    "PUT /v1/contact-policy": lambda api: set_policy(api),
    "POST /v1/contact-policy/restore": lambda api: api.write(
        "POST",
        "/v1/contact-policy/restore",
        {"version": "contact-v1", "expected_version": "contact-v1", "because": "as it was"},
    ),
    "POST /v1/followups/post-event": lambda api: api.write(
        "POST", "/v1/followups/post-event", {"customer_id": "C1", "event_at": "2026-03-02T08:00:00Z"}
    ),
    "POST /v1/followups/re-engagement": lambda api: api.write(
        "POST", "/v1/followups/re-engagement", {"customer_id": "C1", "last_activity": "2026-03-01T08:00:00Z"}
    ),
    "POST /v1/followups/check-in": lambda api: api.write("POST", "/v1/followups/check-in", {"customer_id": "C1"}),
    "POST /v1/followups/custom": lambda api: api.write(
        "POST",
        "/v1/followups/custom",
        {"customer_id": "C1", "due_at": "2026-03-05T10:00:00Z", "channel": "sms", "body": "Dear Asha, hello"},
    ),
    "POST /v1/followups/{job_id}/cancel": lambda api: api.write("POST", f"/v1/followups/{followup(api)}/cancel"),
    "POST /v1/followups/{job_id}/reschedule": lambda api: api.write(
        "POST", f"/v1/followups/{followup(api)}/reschedule", {"due_at": "2026-03-06T10:00:00Z"}
    ),
    "POST /bookings/{booking_id}/schedule-followup": lambda api: api.write(
        "POST", "/bookings/BK1/schedule-followup", {"event_date": "2026-03-02T08:00:00Z", "customer_id": "C1"}
    ),
    "POST /v1/emotions": lambda api: api.write(
        "POST", "/v1/emotions", {"customer_id": "C1", "text": "Asha is sad"}
    ),
    "POST /v1/imports": lambda api: api.write(
        "POST", "/v1/imports", {"kind": "customers", "file_name": "Asha Rao.csv", "bytes": 9}
    ),
    "POST /v1/outreach": lambda api: api.write(
        "POST", "/v1/outreach", {"customer_id": "C1", "channel": "sms", "body": "Dear Asha, we miss you"}
    ),
    "POST /v1/outreach/{outreach_id}/cancel": lambda api: api.write("POST", f"/v1/outreach/{held(api)}/cancel"),
    "POST /v1/outreach/{outreach_id}/release": lambda api: api.write("POST", f"/v1/outreach/{held(api)}/release"),
    "POST /v1/scans": lambda api: api.write("POST", "/v1/scans", {}),
    "POST /v1/suppressions": lambda api: suppress(api),
    "POST /v1/suppressions/{suppression_id}/lift": lambda api: api.write(
        "POST", f"/v1/suppressions/{suppress(api).body['suppression_id']}/lift", {"because": "a mistake"}
    ),
}
"""How each route that writes is brought to do so, on the company of the tests."""


def entries(served: Served) -> list[dict[str, object]]:
    with served.database.transaction() as transaction:
        return transaction.rows("select * from journal_v_audit order by at, audit_id")


def test_the_walk_knows_every_route_that_writes_and_no_other() -> None:
    missing = [key for key in WRITING if key not in DONE and key not in NOT_AUDITED]
    assert not missing, f"say in DONE how to bring {missing} to write, or in NOT_AUDITED why nothing is written"
    assert not (DONE.keys() | NOT_AUDITED.keys()) - set(WRITING)
    assert not DONE.keys() & NOT_AUDITED.keys()


@pytest.mark.parametrize("key", sorted(DONE))
def test_every_route_that_writes_enters_who_did_what(company: Served, key: str) -> None:
    reply = DONE[key](company)
    assert reply.status in (200, 201, 202, 204), reply.body
    made = entries(company)
    assert made, f"{key} enters nothing; call `call.audit(...)` where it has changed something"
    last = made[-1]
    assert (last["who"], last["role"], last["request_id"], last["at"]) == (company.user, "admin", "request-1", NOW)
    assert last["because"] and last["subject_id"]
    assert "asha" not in json.dumps(last, default=str).lower()


@pytest.mark.parametrize("key", sorted(DONE))
def test_a_write_that_is_sent_again_is_entered_once(company: Served, key: str) -> None:
    fixed = str(uuid4())
    again = Served(company.database)
    again.write = lambda method, path, body=None, *, key=None: Served.write(  # type: ignore[method-assign]
        again, method, path, body, key=fixed + method + path
    )
    DONE[key](again)
    before = len(entries(company))
    DONE[key](again)
    assert len(entries(company)) == before > 0


def test_a_write_that_is_refused_or_changes_nothing_is_not_entered(company: Served) -> None:
    assert company.write("PATCH", "/v1/customers/C1", {"language": "hi"}).status == 200
    assert company.write("PATCH", "/v1/customers/C99", {"language": "hi"}).status == 404
    assert company.write("POST", f"/v1/cases/{case(company)}/done", {"answer": "handled"}).status == 409
    company.role = "viewer"
    assert company.write("POST", "/v1/scans", {}).status == 403
    assert entries(company) == []


def test_the_trail_says_from_what_to_what_and_withholds_what_is_personal(company: Served) -> None:
    change = {"marketing_consent": True, "email": "asha@new.example", "phone": None, "language": "ta"}
    assert company.write("PATCH", "/v1/customers/C1", change).status == 200
    [entry] = company.get("/v1/audit").body["items"]
    assert (entry["action"], entry["subject_kind"], entry["subject_id"]) == ("customer.change", "customer", "C1")
    assert entry["customer_id"] == "C1"
    assert entry["before"] == {
        "marketing_consent": None, "language": "hi", "email": "withheld", "phone": "withheld",
        "consented_on": None, "consent_source": None,
    }  # fmt: skip
    assert entry["after"] == {
        "marketing_consent": True, "language": "ta", "email": "withheld", "phone": None,
        "consented_on": "2026-03-02", "consent_source": "api",
    }  # fmt: skip
    assert entry["because"] == "a person changed email, language, marketing_consent, phone"


def test_the_trail_is_for_admins_and_comes_in_pages_with_filters(company: Served) -> None:
    for minute, word in enumerate(("en", "hi", "ta", "fr")):
        company.now, company.user = NOW + timedelta(minutes=minute), f"user-{minute % 2}"
        assert company.write("PATCH", "/v1/customers/C2", {"language": word}).status == 200
    company.now = NOW + timedelta(minutes=4)
    company.write("POST", "/v1/scans", {})
    first = company.get("/v1/audit", limit=2).body
    rest = company.get("/v1/audit", limit=200, cursor=first["next_cursor"]).body
    shown = first["items"] + rest["items"]
    assert [one["action"] for one in shown] == ["scan.ask", *["customer.change"] * 4]
    assert rest["next_cursor"] is None
    assert [one["at"] for one in shown] == sorted((one["at"] for one in shown), reverse=True)
    count = lambda **filters: len(company.get("/v1/audit", **filters).body["items"])  # noqa: E731
    assert (count(who="user-0"), count(who="user-1"), count(who="nobody")) == (2, 3, 0)
    assert (count(action="scan.ask"), count(kind="customer"), count(customer="C2"), count(subject="C2")) == (
        1, 4, 4, 4,
    )  # fmt: skip
    assert (
        count(since=(NOW + timedelta(minutes=1)).isoformat(), until=(NOW + timedelta(minutes=3)).isoformat()) == 2
    )
    assert company.get("/v1/audit", action="no action").fields == {"action"}
    for role in ("viewer", "operator"):
        company.role = role
        assert company.get("/v1/audit").status == 403
