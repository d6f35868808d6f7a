"""The routes of suppressions, and what a change of consent does to a customer's addresses."""

import pytest

from beforehand.outreach.suppression.model import MarksUnreachableError
from tests.api.served import Served
from tests.stores.test_suppressions import Marks


def add(served: Served, **body: str) -> dict[str, object]:
    reply = served.write("POST", "/v1/suppressions", {"because": "they asked", **body})
    assert reply.status == 200, reply.body
    return dict(reply.body)


def test_an_address_is_suppressed_found_and_lifted_without_being_kept(served: Served, marks: Marks) -> None:
    made = add(served, email="Asha@Example.com")
    assert made["contact_hash"] in marks.kept
    found = served.write("POST", "/v1/suppressions/find", {"email": "asha@example.com"}).body
    assert found["suppressed"] and [one["reason"] for one in found["suppressions"]] == ["manual"]
    assert served.get("/v1/suppressions").body["items"] == [made]
    lifted = served.write("POST", f"/v1/suppressions/{made['suppression_id']}/lift", {"because": "a mistake"})
    assert (lifted.status, lifted.body["because"]) == (200, "it is lifted")
    assert not served.write("POST", "/v1/suppressions/find", {"email": "asha@example.com"}).body["suppressed"]
    assert served.get("/v1/suppressions").body["items"] == []
    assert len(served.get("/v1/suppressions", lifted="true").body["items"]) == 1
    with served.database.transaction() as transaction:
        for table in ("outreach_suppressions", "journal_audit", "api_idempotency"):
            kept = transaction.rows(f"select to_jsonb(t)::text as row from {table} as t")
            assert kept and not [row for row in kept if "example.com" in row["row"].lower()], table


def test_what_they_said_themselves_is_lifted_by_their_own_word_only(served: Served, marks: Marks) -> None:
    made = add(served, phone="+91 98765 43210", reason="opted_out")
    path = f"/v1/suppressions/{made['suppression_id']}/lift"
    refused = served.write("POST", path, {"because": "sales wants it"})
    assert refused.status == 409 and "say in `consent` how and when" in refused.body["detail"]
    assert served.write("POST", path, {"because": "she is back", "consent": "by phone, 1 March"}).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"because": "they asked"},
        {"because": "they asked", "email": "asha@example.com", "phone": "+919876543210"},
        {"because": "they asked", "email": "asha@example.com", "reason": "complained"},
        {"because": "they asked", "email": "asha@example.com", "name": "Asha"},
    ],
)
def test_a_wrong_request_is_refused(served: Served, marks: Marks, body: dict[str, str]) -> None:
    assert served.write("POST", "/v1/suppressions", body).status == 422
    assert marks.kept == {}


def test_what_is_no_address_is_refused_without_being_quoted(served: Served, marks: Marks) -> None:
    reply = served.write("POST", "/v1/suppressions", {"because": "they asked", "email": "ravi at home"})
    assert reply.status == 422 and "ravi" not in str(reply.body)


def test_nothing_is_written_while_senders_cannot_be_told(served: Served, marks: Marks) -> None:
    marks.dies["before", "put"] = MarksUnreachableError("DynamoDB answered 500")
    reply = served.write("POST", "/v1/suppressions", {"because": "they asked", "email": "asha@example.com"})
    assert reply.status == 503 and "nothing was written down; try again" in reply.body["detail"]
    assert served.get("/v1/suppressions").body["items"] == []


def test_operators_suppress_and_only_admins_lift(served: Served, marks: Marks) -> None:
    served.role = "operator"
    made = add(served, email="asha@example.com")
    path = f"/v1/suppressions/{made['suppression_id']}/lift"
    assert served.write("POST", path, {"because": "a mistake"}).status == 403


def test_who_consents_no_more_is_marked_for_senders_before_it_is_written_down(
    company: Served, marks: Marks
) -> None:
    marks.dies["before", "put"] = MarksUnreachableError("DynamoDB answered 500")
    change = {"marketing_consent": False}
    assert company.write("PATCH", "/v1/customers/C1", change).status == 503
    assert company.get("/v1/customers/C1").body["marketing_consent"] is not False
    assert company.write("PATCH", "/v1/customers/C1", change).status == 200
    found = company.write("POST", "/v1/suppressions/find", {"phone": "+919876543210"}).body
    assert [one["reason"] for one in found["suppressions"]] == ["consent_withdrawn"]
    assert found["contact_hash"] in marks.kept


def test_who_consents_no_more_is_not_reached_through_the_companys_own_system_either(
    company: Served, marks: Marks
) -> None:
    company.write("PATCH", "/v1/customers/C1", {"marketing_consent": False})
    reasons = [
        one["reason"] for one in company.get("/v1/suppressions").body["items"] if one["channel"] == "webhook"
    ]
    assert reasons == ["consent_withdrawn"]
    company.write("PATCH", "/v1/customers/C1", {"marketing_consent": True})
    found = company.get("/v1/suppressions").body["items"]
    assert [one for one in found if one["channel"] == "webhook" and one["lifted_at"] is None] == []


def test_who_consents_again_is_let_go_of_that_alone(company: Served, marks: Marks) -> None:
    company.write("PATCH", "/v1/customers/C1", {"marketing_consent": False})
    add(company, phone="+919876543210", reason="opted_out")
    company.write("PATCH", "/v1/customers/C1", {"marketing_consent": True})
    found = company.write("POST", "/v1/suppressions/find", {"phone": "+919876543210"}).body
    assert [one["reason"] for one in found["suppressions"]] == ["opted_out"]


def test_a_new_address_of_somebody_who_does_not_consent_is_marked_as_well(company: Served, marks: Marks) -> None:
    company.write("PATCH", "/v1/customers/C1", {"marketing_consent": False})
    company.write("PATCH", "/v1/customers/C1", {"phone": "+919876543211"})
    for number in ("+919876543210", "+919876543211"):
        assert company.write("POST", "/v1/suppressions/find", {"phone": number}).body["suppressed"]
