"""The ledger through the API: lists with filters and pages, one outreach, and the moves that a person makes."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from beforehand.adapters.postgres import PostgresDatabase
from beforehand.outreach.cases import Kind, NewCase, Role
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.store import PostgresOutreach
from beforehand_cli.local.postgres import Postgres
from tests.api.served import NOW, Served
from tests.api.story import PROPOSAL, held_by_the_gate, planned, sent_and_delivered
from tests.conftest import connect

ID = PROPOSAL.outreach_id


@pytest.fixture
def ledger(served: Served) -> Served:
    """Five of C1 an hour apart, held; one of C2 by SMS that is scheduled."""
    with served.database.transaction() as transaction:
        desk = PostgresOutreach(transaction)
        theirs = [replace(PROPOSAL, step=n, due_at=NOW + timedelta(hours=n), held=True) for n in range(5)]
        other = replace(PROPOSAL, customer_id="C2", channel=Channel.SMS, purpose=Purpose.FOLLOW_UP)
        desk.propose([*theirs, other], now=NOW)
    return served


def test_outreach_is_listed_by_due_time_in_pages(ledger: Served) -> None:
    whole = ledger.get("/v1/outreach").body["items"]
    assert len(whole) == 6
    due = [one["due_at"] for one in whole]
    assert due == sorted(due, reverse=True)
    pages, cursor = [], None
    while True:
        page = ledger.get("/v1/outreach", limit=2, **({"cursor": cursor} if cursor else {})).body
        pages += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert pages == whole
    assert all("body" not in one and "subject" not in one for one in whole)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"state": "held"}, 5),
        ({"state": "scheduled"}, 1),
        ({"hold": "person"}, 5),
        ({"hold": "window"}, 0),
        ({"purpose": "follow_up"}, 1),
        ({"channel": "sms"}, 1),
        ({"customer": "C1"}, 5),
        ({"customer": "C1", "channel": "sms"}, 0),
        ({"due_from": (NOW + timedelta(hours=3)).isoformat()}, 2),
        ({"due_before": (NOW + timedelta(hours=3)).isoformat()}, 4),
    ],
)
def test_filters_are_all_to_hold(ledger: Served, filters: dict[str, str], found: int) -> None:
    assert len(ledger.get("/v1/outreach", **filters).body["items"]) == found


def test_a_moment_without_a_zone_and_a_state_that_is_none_are_refused(ledger: Served) -> None:
    assert ledger.get("/v1/outreach", due_from="2026-03-02T09:00:00").fields == {"due_from"}
    assert ledger.get("/v1/outreach", state="pending").fields == {"state"}


def test_one_outreach_is_shown_with_its_attempts(served: Served) -> None:
    with served.database.transaction() as transaction:
        planned(transaction)
        held_by_the_gate(transaction)
        sent_and_delivered(transaction)
    one = served.get(f"/v1/outreach/{ID}").body
    assert (one["state"], one["attempt"], one["state_because"]) == ("delivered", 1, "the mailbox has it")
    assert [(a["attempt"], a["outcome"]) for a in one["attempts"]] == [(1, "accepted")]
    assert served.get(f"/v1/outreach/{uuid4()}").status == 404
    assert served.get("/v1/outreach/C1").status == 404


def test_a_message_is_called_back_once_and_the_trail_has_who_did_it(ledger: Served) -> None:
    ledger.role = "operator"
    first = ledger.write("POST", f"/v1/outreach/{ID}/cancel")
    assert (first.status, first.body["outreach"]["state"], first.body["because"]) == (
        200, "cancelled", "a person cancelled it",
    )  # fmt: skip
    assert (first.body["outreach"]["next_at"], first.body["outreach"]["hold"]) == (None, None)
    again = ledger.write("POST", f"/v1/outreach/{ID}/cancel")
    assert (again.status, again.body["because"]) == (200, "it is cancelled already")
    ledger.role = "admin"
    [entry] = ledger.get("/v1/audit").body["items"]
    assert (entry["action"], entry["role"], entry["customer_id"]) == ("outreach.cancel", "operator", "C1")
    assert (entry["before"], entry["after"]) == (
        {"state": "held", "hold": "person"}, {"state": "cancelled", "hold": None},
    )  # fmt: skip


def test_a_message_that_waits_for_a_person_is_let_go(ledger: Served) -> None:
    later = NOW + timedelta(hours=2)
    ledger.now = later
    moved = ledger.write("POST", f"/v1/outreach/{ID}/release").body
    one = moved["outreach"]
    assert (one["state"], one["hold"], one["next_at"]) == ("scheduled", None, "2026-03-02T11:30:00Z")
    assert moved["because"] == "a person let it go; the gate looks at it next"
    again = ledger.write("POST", f"/v1/outreach/{ID}/release").body
    assert again["because"] == "it waits for nobody: it goes when it is due"


def test_what_is_too_late_is_said_plainly_and_nothing_moves(served: Served) -> None:
    with served.database.transaction() as transaction:
        planned(transaction)
        held_by_the_gate(transaction)
        sent_and_delivered(transaction)
    for move, why in (
        ("cancel", "it is too late: it was delivered"),
        ("release", "it waits for nobody: it was delivered"),
    ):
        told = served.write("POST", f"/v1/outreach/{ID}/{move}")
        assert (told.status, told.body["detail"]) == (409, f"The outreach stays as it is: {why}.")
        assert served.write("POST", f"/v1/outreach/{UUID(int=5)}/{move}").status == 404
    assert served.get(f"/v1/outreach/{ID}").body["state"] == "delivered"
    assert served.get("/v1/audit").body["items"] == []


def test_a_case_decides_about_the_message_that_waits_for_it(served: Served) -> None:
    wish = NewCase(
        kind=Kind.ESCALATION, customer_id="C1", cycle="c", outreach_id=ID, run_id=None, role=Role.OPERATOR,
        subject="Take over C1", because="b", priority=90, due_at=NOW,
    )  # fmt: skip
    with served.database.transaction() as transaction:
        planned(transaction, held=True)
        PostgresCases(transaction).open([wish], now=NOW)
    told = served.write("POST", f"/v1/outreach/{ID}/release")
    assert (told.status, str(wish.case_id) in told.body["detail"]) == (409, True)
    assert "stays open" in served.write("POST", f"/v1/outreach/{ID}/cancel").body["because"]


def test_whoever_claims_first_wins_and_the_other_is_told(served: Served, postgres: Postgres) -> None:
    """A claim under way holds the row; the cancel waits for it and then sees that it came too late."""
    with served.database.transaction() as transaction:
        planned(transaction)
    claim = connect(postgres)
    claim.run("begin")
    claim.run("update outreach set state = 'claimed', attempt = 1 where outreach_id = :id", id=ID)
    with ThreadPoolExecutor(1) as pool:
        own = Served(PostgresDatabase(lambda: connect(postgres)))
        waiting = pool.submit(own.write, "POST", f"/v1/outreach/{ID}/cancel")
        with closing(connect(postgres)) as watcher:
            while not watcher.run("select 1 from pg_stat_activity where wait_event = 'transactionid'"):
                assert not waiting.done()
        claim.run("commit")
        told = waiting.result()
    claim.close()
    assert told.status == 409
    assert "it is being sent now and cannot be called back" in told.body["detail"]
