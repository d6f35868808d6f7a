"""`why` and the timeline through the API, on the story of one outreach and of others that are on their way."""

import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from beforehand.journal.store import PostgresJournal
from beforehand.outreach.cases import Kind, NewCase, Role
from beforehand.outreach.cases_store import PostgresCases
from tests.api.served import NOW, Served
from tests.api.story import (
    OPEN_AT,
    PROPOSAL,
    UNTIL,
    asked,
    decided,
    held_by_the_gate,
    planned,
    sent_and_delivered,
)

ID = PROPOSAL.outreach_id
PHONE = "+919876543210"
CASE = NewCase(
    kind=Kind.ESCALATION, customer_id="C1", cycle="2026-03-02", outreach_id=ID, run_id=None, role=Role.OPERATOR,
    subject="Take over C1 (VIP, Gold)", because="a VIP's risk is critical", priority=90,
    due_at=NOW + timedelta(hours=2),
)  # fmt: skip


@pytest.fixture
def told(company: Served) -> Served:
    """One outreach that was planned, held, sent and delivered."""
    with company.database.transaction() as transaction:
        planned(transaction)
        held_by_the_gate(transaction)
        sent_and_delivered(transaction)
    company.now = OPEN_AT + timedelta(hours=1)
    return company


def of_kind(served: Served, kind: str) -> list[str]:
    return [one["title"] for one in served.get("/v1/customers/C1/timeline", kind=kind).body["items"]]


def test_why_tells_an_outreach_from_its_planning_to_its_end(told: Served) -> None:
    told.role = "viewer"
    reply = told.get(f"/v1/why/{ID}")
    assert reply.status == 200
    assert (reply.body["kind"], reply.body["customer"]) == ("outreach", None)
    one = reply.body["outreach"]
    assert (one["customer_id"], one["state"], one["because"], one["waits"]) == (
        "C1", "delivered", "the mailbox has it", None,
    )  # fmt: skip
    assert one["policy_version"] == "contact-v1"
    assert one["planned"]["rule"] == "churn default-v1"
    assert one["planned"]["reasons"] == [
        "health 30.0%, churn risk 88.0%, 66% of the facts known (VIP, Gold)",
        "Haven't purchased in 90+ days",
        "Visits fell 75% against a usual month",
        "costs most: recency 15.0 points, support 13.0 points, nps 1.0 points",
    ]
    assert [(g["action"], g["rule"]) for g in one["gate"]] == [
        ("hold", "contact-v1 window"),
        ("send", "contact-v1 open"),
    ]
    assert one["gate"][0]["until"] == UNTIL.isoformat().replace("+00:00", "Z")
    [attempt] = one["attempts"]
    assert (attempt["outcome"], attempt["provider_id"]) == ("accepted", "ses-0100018f")
    [outcome] = one["outcomes"]
    assert (outcome["kind"], outcome["provider"], outcome["did"]) == ("delivered", "ses", "the mailbox has it")
    assert "Asha" not in json.dumps(reply.body) and "miss you" not in json.dumps(reply.body)


def test_the_message_is_shown_to_operators_who_ask_for_it(told: Served) -> None:
    told.role = "viewer"
    assert told.get(f"/v1/why/{ID}", message="true").status == 403
    told.role = "operator"
    assert told.get(f"/v1/why/{ID}", message="true").body["outreach"]["message"]["body"] == "We miss you,\nAsha Rao"
    assert told.get(f"/v1/why/{ID}").body["outreach"]["message"] is None


def test_a_replay_asks_the_gate_again_and_says_what_is_different_now(told: Served) -> None:
    """The story's gate held a message at three in the afternoon, which the real one would not do."""
    assert [g["replayed"] for g in told.get(f"/v1/why/{ID}").body["outreach"]["gate"]] == [None, None]
    held, sent = told.get(f"/v1/why/{ID}", replay="true").body["outreach"]["gate"]
    assert held["replayed"] == "different"
    assert held["replay_because"].startswith("it was hold, and is send now")
    # 19:31 UTC is one in the morning in India.
    assert (sent["replayed"], "it was send, and is hold now" in sent["replay_because"]) == ("different", True)


def test_what_the_real_gate_decided_is_decided_the_same(company: Served) -> None:
    with company.database.transaction() as transaction:
        planned(transaction)
        PostgresJournal(transaction).record([decided(asked(at), at=at) for at in (NOW, OPEN_AT)])
    gate = company.get(f"/v1/why/{ID}", replay="true").body["outreach"]["gate"]
    assert [(g["action"], g["replayed"], g["replay_because"]) for g in gate] == [
        ("send", "same", "it decides the same"), ("hold", "same", "it decides the same"),
    ]  # fmt: skip


def test_why_says_what_a_held_message_waits_for_and_who_touched_it(company: Served) -> None:
    with company.database.transaction() as transaction:
        planned(transaction, held=True)
        PostgresCases(transaction).open([CASE], now=NOW)
    one = company.get(f"/v1/why/{ID}").body["outreach"]
    assert (
        one["waits"]
        == "it waits for a person; it is withdrawn by itself if it has not gone by 2026-03-09 09:30 UTC"
    )
    assert (one["gate"], one["attempts"], one["touched"]) == ([], [], [])
    assert [case["state"] for case in one["cases"]] == ["open"]
    company.write("POST", f"/v1/cases/{CASE.case_id}/take")
    company.now += timedelta(seconds=1)
    company.write("POST", f"/v1/cases/{CASE.case_id}/done", {"answer": "send"})
    one = company.get(f"/v1/why/{ID}").body["outreach"]
    assert (one["state"], one["waits"]) == (
        "scheduled", "it goes at 2026-03-02 09:30 UTC, if the gate lets it then",
    )  # fmt: skip
    assert [touch["action"] for touch in one["touched"]] == ["case.take", "case.finish"]


def test_an_id_that_is_an_outreachs_and_a_customers_is_the_outreachs_unless_one_says_so(told: Served) -> None:
    with told.database.transaction() as transaction:
        transaction.run("insert into customers (customer_id, updated_at) values (:id, now())", id=str(ID))
    both = told.get(f"/v1/why/{ID}").body
    assert both["kind"] == "outreach"
    assert both["resolved"].endswith("this is about the outreach: ask with kind=customer for the customer")
    other = told.get(f"/v1/why/{ID}", kind="customer").body
    assert (other["kind"], other["customer"]["customer_id"]) == ("customer", str(ID))
    assert "ask with kind=outreach" in other["resolved"]
    named = str(uuid4())
    with told.database.transaction() as transaction:
        transaction.run("insert into customers (customer_id, updated_at) values (:id, now())", id=named)
    alone = told.get(f"/v1/why/{named}").body
    assert (alone["kind"], alone["resolved"]) == ("customer", f"{named} is the id of a customer")


@pytest.mark.parametrize(
    ("subject", "query"), [("C404", {}), (str(UUID(int=1)), {}), ("C1", {"kind": "outreach"}), (str(ID), {})]
)
def test_what_is_not_there_is_said(company: Served, subject: str, query: dict[str, str]) -> None:
    assert company.get(f"/v1/why/{subject}", **query).status == 404


def test_a_customers_why_says_how_they_stand_and_what_was_done(told: Served) -> None:
    told.write("PATCH", "/v1/customers/C1", {"marketing_consent": True})
    one = told.get("/v1/why/C1").body["customer"]
    assert (one["contact"], one["segment"]) == ("yes", "VIP")
    assert {check["about"]: check["because"] for check in one["checks"]} == {
        "consent": "they said yes on 2026-03-02 (api)",
        "address": "e-mail and phone known",
        "case": "no case of theirs is open",
        "contacts": "contacted once in the last 28 days, last 2026-03-02 19:31 UTC",
    }
    assert [(last["state"], last["outreach_id"]) for last in one["last"]] == [("delivered", str(ID))]
    assert (one["next"], one["cases"]) == ([], [])
    assert one["decided"]["by"] == "churn"
    assert one["health"] < 50 and one["risk"] > 0.5
    assert "Asha" not in json.dumps(one) and "example" not in json.dumps(one) and "+91" not in json.dumps(one)


def test_what_stands_against_contacting_somebody_is_said_the_weightiest_first(company: Served) -> None:
    assert company.get("/v1/why/C1").body["customer"]["contact"] == "depends"
    with company.database.transaction() as transaction:
        planned(transaction, held=True)
        PostgresCases(transaction).open([CASE], now=NOW)
    waits = company.get("/v1/why/C1").body["customer"]
    assert waits["contact"] == "waits"
    assert waits["because"] == (
        "automated messages wait: a case (escalation) is not taken yet, due 2026-03-02 11:30 UTC"
    )
    assert [(one["state"], one["hold"]) for one in waits["next"]] == [("held", "person")]
    company.write("PATCH", "/v1/customers/C1", {"marketing_consent": False, "phone": None, "email": None})
    no = company.get("/v1/why/C1").body["customer"]
    assert no["contact"] == "no"
    assert no["because"] == (
        "they are not to be contacted: they said no on 2026-03-02 (api); neither e-mail nor phone is known"
    )


def test_an_address_that_is_suppressed_is_said_without_the_address(told: Served) -> None:
    """Whoever said so, and whether or not a message of ours brought it about."""
    told.now = NOW
    told.write("POST", "/v1/suppressions", {"phone": PHONE, "because": "they asked", "reason": "opted_out"})
    one = told.get("/v1/why/C1").body["customer"]
    assert one["contact"] == "no"
    assert "sms is suppressed since 2026-03-02 09:30 UTC: opted out" in one["because"]
    assert PHONE not in json.dumps(one)


def test_what_an_address_they_had_is_suppressed_for_says_nothing_of_their_new_one(
    told: Served,
) -> None:
    told.write("POST", "/v1/suppressions", {"phone": PHONE, "because": "they asked"})
    with told.database.transaction() as transaction:
        transaction.run("update outreach_suppressions set outreach_id = :id", id=ID)
    told.write("PATCH", "/v1/customers/C1", {"phone": "+919876500000", "marketing_consent": True})
    one = told.get("/v1/why/C1").body["customer"]
    assert (one["contact"], [check["about"] for check in one["checks"]]) == (
        "yes", ["consent", "address", "case", "contacts"],
    )  # fmt: skip


def test_the_timeline_tells_everything_once_newest_first(told: Served) -> None:
    told.write("PATCH", "/v1/customers/C1", {"language": "ta"})
    with told.database.transaction() as transaction:
        PostgresCases(transaction).open([CASE], now=NOW)
    told.write("POST", f"/v1/cases/{CASE.case_id}/take")
    shown = told.get("/v1/customers/C1/timeline", limit=200).body["items"]
    moments = [one["at"] for one in shown]
    assert moments == sorted(moments, reverse=True)
    assert {one["kind"] for one in shown} == {
        "decision", "outreach", "attempt", "outcome", "case", "purchase", "health", "change",
    }  # fmt: skip
    decisions = of_kind(told, "decision")
    # The planner and the gate decided at the same moment.
    assert decisions[0] == "the gate decided: send"
    assert set(decisions[1:]) == {"the gate decided: hold", "churn decided: propose"}
    assert of_kind(told, "outreach") == [
        "churn intervention by email is delivered", "churn intervention by email is planned",
    ]  # fmt: skip
    assert of_kind(told, "attempt") == ["attempt 1 by email: accepted (ses-0100018f)"]
    assert of_kind(told, "outcome") == ["ses says: delivered"]
    assert of_kind(told, "case") == ["the case is taken", "a case is opened: Take over C1 (VIP, Gold)"]
    assert of_kind(told, "purchase")[0] == "bought: 10.50"
    assert of_kind(told, "change") == ["customer change"]
    assert "Asha" not in json.dumps(shown)


def test_the_pages_of_a_timeline_hold_each_entry_once(told: Served) -> None:
    whole = told.get("/v1/customers/C1/timeline", limit=200).body["items"]
    pages, cursor = [], None
    while True:
        page = told.get("/v1/customers/C1/timeline", limit=2, **({"cursor": cursor} if cursor else {})).body
        pages += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == whole and len(whole) > 6


def test_a_timeline_is_of_somebody_who_is_known(told: Served) -> None:
    assert told.get("/v1/customers/C99/timeline").status == 404
    assert (
        told.get("/v1/customers/C7/timeline").body["items"] != told.get("/v1/customers/C1/timeline").body["items"]
    )
    assert told.get("/v1/customers/C1/timeline", kind="gossip").fields == {"kind"}
