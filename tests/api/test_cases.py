"""Cases through the API: who may take which, what becomes of those that nobody takes, and approvals."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from beforehand.journal.audit_store import PostgresAudit
from beforehand.outreach import casework
from beforehand.outreach.cases import Kind, NewCase, Role
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.model import Channel, Proposal, Purpose
from beforehand.outreach.person_first import low_emotion, propose_first
from beforehand.outreach.store import PostgresOutreach
from tests.api.served import NOW, Reply, Served

TEXT = {"customer_id": "C1", "channel": "sms", "body": "Hello there, your parcel is here.", "cycle": "parcel-7"}
PROPOSAL = Proposal(
    customer_id="C1", purpose=Purpose.POST_EVENT, cycle="B-17", step=0, channel=Channel.SMS, priority=50,
    due_at=NOW, not_after=NOW + timedelta(days=3), language="en", subject="", body="How are you?",
    because="their event is over", run_id=None,
)  # fmt: skip
UNTIL = NOW + timedelta(hours=4)


def wish(customer_id: str, kind: Kind = Kind.ESCALATION, **changes: Any) -> NewCase:
    given: dict[str, Any] = {
        "kind": kind, "customer_id": customer_id, "cycle": "2026-03", "outreach_id": None, "run_id": None,
        "role": Role.OPERATOR, "subject": f"Call {customer_id}", "because": "health 20%", "priority": 90,
        "due_at": NOW + timedelta(hours=2), **changes,
    }  # fmt: skip
    return NewCase(**given)


def opened(served: Served, *wishes: NewCase) -> list[str]:
    with served.database.transaction() as transaction:
        PostgresCases(transaction).open(wishes, now=NOW)
    return [str(one.case_id) for one in wishes]


def gentle(served: Served) -> tuple[str, str]:
    """A gentle message that is held for four hours; the ids of its case and of itself."""
    held = low_emotion(PROPOSAL, because="felt 0.17 of 1", now=NOW)
    with served.database.transaction() as transaction:
        propose_first([held], outreach=PostgresOutreach(transaction), cases=PostgresCases(transaction), now=NOW)
    return str(held.case.case_id), str(PROPOSAL.outreach_id)


def tick(served: Served) -> int:
    """What the desk does about cases, as of now."""
    with served.database.transaction() as transaction:
        return len(
            casework.fall_through(
                cases=PostgresCases(transaction), desk=PostgresOutreach(transaction),
                audit=PostgresAudit(transaction), now=served.now, task="outreach_claim",
            )
        )  # fmt: skip


def listed(served: Served, **query: Any) -> list[str]:
    reply = served.get("/v1/cases", **query)
    assert reply.status == 200, reply.body
    return [one["customer_id"] for one in reply.body["items"]]


def test_a_person_sees_what_they_may_take_what_is_theirs_and_what_is_late(served: Served) -> None:
    first, *_ = opened(
        served,
        wish("C1"),
        wish("C2", Kind.APPROVAL, role=Role.ADMIN, due_at=NOW + timedelta(hours=3)),
        wish("C3", Kind.LOW_EMOTION, due_at=NOW - timedelta(minutes=1)),
    )
    assert listed(served) == ["C3", "C1", "C2"]
    assert listed(served, kind="approval") == listed(served, role="admin") == ["C2"]
    assert listed(served, overdue="true") == ["C3"]
    assert listed(served, customer_id="C1") == ["C1"]
    assert listed(served, may_take="true") == ["C3", "C1", "C2"]
    served.role = "operator"
    assert listed(served, may_take="true") == ["C3", "C1"]
    assert [one["you_may"] for one in served.get("/v1/cases").body["items"]] == [["take"], ["take"], []]
    assert listed(served, mine="true") == []
    assert served.write("POST", f"/v1/cases/{first}/take").body["case"]["you_may"] == ["done", "give_back"]
    assert (listed(served, mine="true"), listed(served, may_take="true")) == (["C1"], ["C3"])
    served.user = "another"
    assert listed(served, mine="true") == []
    served.role = "viewer"
    assert listed(served, may_take="true") == []
    assert {tuple(one["you_may"]) for one in served.get("/v1/cases").body["items"]} == {()}


@pytest.mark.parametrize("query", [{"kind": "gossip"}, {"mine": "yes"}, {"role": "viewer"}, {"customer_id": "!"}])
def test_a_filter_that_is_none_is_refused(served: Served, query: dict[str, str]) -> None:
    reply = served.get("/v1/cases", **query)
    assert (reply.status, reply.fields) == (400, set(query))


def test_a_page_goes_on_with_the_same_filters(served: Served) -> None:
    opened(served, *(wish(f"C{n}", due_at=NOW + timedelta(hours=n)) for n in range(5)))
    opened(served, wish("C9", Kind.REVIEW))
    page = served.get("/v1/cases", kind="escalation", limit=3).body
    cursor = page["next_cursor"]
    rest = served.get("/v1/cases", kind="escalation", limit=3, cursor=cursor).body
    assert [one["customer_id"] for one in page["items"] + rest["items"]] == ["C0", "C1", "C2", "C3", "C4"]
    assert served.get("/v1/cases", kind="review", cursor=cursor).fields == {"cursor"}


def test_one_case_is_shown_and_one_that_is_not_there_is_said(served: Served) -> None:
    (case_id,) = opened(served, wish("C1"))
    assert served.get(f"/v1/cases/{case_id}").body["subject"] == "Call C1"
    assert served.get(f"/v1/cases/{uuid4()}").status == 404
    assert served.get("/v1/cases/none").status == 404
    assert served.write("POST", f"/v1/cases/{uuid4()}/give_back").status == 404


def test_cases_are_counted_by_kind(served: Served) -> None:
    late, _ = opened(served, wish("C1", due_at=NOW - timedelta(hours=1)), wish("C2"))
    case_id, _ = gentle(served)
    served.write("POST", f"/v1/cases/{late}/take")
    told = served.get("/v1/cases/statistics").body
    assert (told["open"], told["taken"], told["overdue"]) == (2, 1, 1)
    kinds = {one.pop("kind"): one for one in told["kinds"]}
    none = {"open": 0, "taken": 0, "overdue": 0, "next_otherwise_at": None}
    assert kinds == {
        "escalation": {**none, "open": 1, "taken": 1, "overdue": 1},
        "review": none,
        "approval": none,
        "low_emotion": {**none, "open": 1, "next_otherwise_at": "2026-03-02T13:30:00Z"},
    }
    served.write("POST", f"/v1/cases/{case_id}/take")
    kinds = {one["kind"]: one for one in served.get("/v1/cases/statistics").body["kinds"]}
    assert kinds["low_emotion"]["next_otherwise_at"] is None, "a case that somebody has does not end by itself"


def test_a_taken_case_is_given_back_by_who_has_it_or_an_admin(served: Served) -> None:
    (case_id,) = opened(served, wish("C1"))
    served.role = "operator"
    assert served.write("POST", f"/v1/cases/{case_id}/give_back").body["because"] == "nobody has it"
    served.write("POST", f"/v1/cases/{case_id}/take")
    mine, served.user = served.user, "another"
    refused = served.write("POST", f"/v1/cases/{case_id}/give_back")
    assert (refused.status, f"{mine} has it" in refused.body["detail"]) == (409, True)
    served.role, served.now = "admin", NOW + timedelta(minutes=1)
    given = served.write("POST", f"/v1/cases/{case_id}/give_back").body["case"]
    assert (given["state"], given["taken_by"], given["taken_at"]) == ("open", None, None)
    last = served.get("/v1/audit").body["items"][0]
    assert (last["action"], last["before"], last["after"]) == (
        "case.give_back", {"state": "taken"}, {"state": "open"},
    )  # fmt: skip
    served.write("POST", f"/v1/cases/{case_id}/take")
    served.write("POST", f"/v1/cases/{case_id}/done", {"answer": "handled"})
    assert served.write("POST", f"/v1/cases/{case_id}/give_back").status == 409


def test_it_is_said_everywhere_that_the_message_goes_unless_somebody_takes_its_case(company: Served) -> None:
    case_id, outreach_id = gentle(company)
    shown = company.get(f"/v1/cases/{case_id}").body
    assert (shown["otherwise"], shown["otherwise_at"]) == ("send", "2026-03-02T13:30:00Z")
    assert shown["else_because"] == "if nobody takes it by 2026-03-02 13:30 UTC, the message goes"
    why = company.get(f"/v1/why/{outreach_id}").body["outreach"]
    assert why["waits"] == "it waits for a person; if nobody takes its case by 2026-03-02 13:30 UTC, it goes"
    company.now = UNTIL
    assert (tick(company), tick(company)) == (1, 0)
    why = company.get(f"/v1/why/{outreach_id}").body["outreach"]
    because = "nobody took its case by 2026-03-02 13:30 UTC, so the message goes"
    assert (why["state"], why["because"]) == ("scheduled", because)
    assert [(one["who"], one["role"], one["action"], one["because"]) for one in why["touched"]] == [
        ("outreach_claim", None, "case.fall_through", because)
    ]
    assert (why["cases"][0]["answer"], why["cases"][0]["done_by"]) == ("send", "nobody in time")
    timeline = company.get("/v1/customers/C1/timeline", kind="case").body["items"]
    assert timeline[0]["title"] == "nobody took the case in time: send"
    late = company.write("POST", f"/v1/cases/{case_id}/take")
    assert (late.status, late.body["detail"]) == (
        409,
        "The case stays as it is: nobody took it by 2026-03-02 13:30 UTC, so the message goes.",
    )


def propose(served: Served, **changes: Any) -> Reply:
    return served.write("POST", "/v1/outreach", {**TEXT, "needs_approval": True, **changes})


@pytest.mark.parametrize(("answer", "state"), [("send", "scheduled"), ("dismissed", "cancelled")])
def test_what_needs_approval_waits_for_an_admin(company: Served, answer: str, state: str) -> None:
    company.role = "operator"
    told = propose(company)
    assert (told.status, told.body["state"], told.body["hold"]) == (201, "held", "person"), told.body
    assert told.body["because"].startswith(
        "it waits for an admin who approves it, due 2026-03-03 09:30 UTC; if nobody takes that by "
        "2026-03-09 09:30 UTC, nothing is sent; then the gate would"
    )
    path = f"/v1/cases/{told.body['case_id']}"
    shown = company.get(path).body
    assert (shown["kind"], shown["role"], shown["subject"], shown["you_may"]) == (
        "approval", "admin", "Approve the sms to C1", [],
    )  # fmt: skip
    refused = company.write("POST", f"{path}/take")
    assert (refused.status, "it needs the role admin" in refused.body["detail"]) == (409, True)
    outreach = f"/v1/outreach/{told.body['outreach_id']}"
    assert company.write("POST", f"{outreach}/release").status == 409, "nobody goes round the approval"
    company.role = "admin"
    company.write("POST", f"{path}/take")
    assert company.write("POST", f"{path}/done", {"answer": answer}).status == 200
    assert company.get(outreach).body["state"] == state


def test_an_approval_may_have_a_default_and_none_lasts_longer_than_its_message(company: Served) -> None:
    by = (NOW + timedelta(hours=1)).isoformat()
    goes = propose(company, approve_by=by, otherwise="send").body
    assert "if nobody takes that by 2026-03-02 10:30 UTC, the message goes" in goes["because"]
    waits = propose(company, cycle="parcel-8").body
    company.now = NOW + timedelta(hours=1)
    assert tick(company) == 1
    assert company.get(f"/v1/outreach/{goes['outreach_id']}").body["state"] == "scheduled"
    assert company.write("POST", f"/v1/outreach/{waits['outreach_id']}/cancel").status == 200
    company.now = NOW + timedelta(days=7)
    assert tick(company) == 1
    assert company.get(f"/v1/cases/{waits['case_id']}").body["answer"] == "dismissed"
    assert listed(company) == []


def test_asking_twice_for_approval_opens_one_case(company: Served) -> None:
    first, second = propose(company), propose(company)
    assert (first.body["new"], second.body["new"]) == (True, False)
    assert first.body["case_id"] == second.body["case_id"]
    assert len(company.get("/v1/cases").body["items"]) == 1


def test_a_preview_says_who_would_be_asked_and_asks_nobody(company: Served) -> None:
    told = propose(company, preview=True)
    assert told.status == 201, told.body
    assert told.body["because"].startswith("nothing is kept; it waits for an admin who approves it")
    assert (told.body["case_id"], listed(company)) == (None, [])


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"needs_approval": False, "otherwise": "send"}, "", "are for what needs_approval"),
        ({"otherwise": "send"}, "", "otherwise is done at approve_by"),
        ({"approve_by": NOW.isoformat()}, "approve_by", "lies in the past"),
        ({"approve_by": "2026-03-09T09:30:00Z"}, "approve_by", "must be before 2026-03-09 09:30 UTC"),
        ({"approve_by": "2026-03-04T09:30:00Z", "otherwise": "handled"}, "otherwise", "'send'"),
    ],
)
def test_an_approval_that_cannot_be_is_refused_with_its_remedy(
    company: Served, changes: dict[str, Any], field: str, problem: str
) -> None:
    told = propose(company, **changes)
    assert told.status == 422, told.body
    [error] = told.body["errors"]
    assert error["field"] == field
    assert problem in error["problem"]
    assert listed(company) == []
