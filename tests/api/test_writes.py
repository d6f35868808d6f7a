"""Writes that are sent twice, at once or otherwise; scans, imports and cases through the API."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from beforehand.adapters.postgres import PostgresDatabase
from beforehand.names import Schedule
from beforehand.outreach.cases import Kind, NewCase, Role
from beforehand.outreach.cases_store import PostgresCases
from beforehand.schedules.model import next_due, run_id_of
from beforehand.schedules.store import PostgresRuns
from beforehand_cli.local.postgres import Postgres
from tests.api.served import NOW, Served
from tests.conftest import connect

AT_ONCE = 8


def commands(served: Served) -> int:
    with served.database.transaction() as transaction:
        return len(transaction.rows("select 1 from outbox_commands"))


def test_the_same_key_does_nothing_twice_and_is_answered_the_same(served: Served) -> None:
    key = str(uuid4())
    first = served.write("POST", "/v1/scans", {}, key=key)
    served.now += timedelta(minutes=3)
    again = served.write("POST", "/v1/scans", {}, key=key)
    assert (first.status, again.status) == (202, 202)
    assert again.body == first.body
    assert again.headers["Idempotency-Replayed"] == "true"
    assert commands(served) == 1


def test_the_same_key_for_something_else_is_refused(served: Served) -> None:
    key = str(uuid4())
    served.write("POST", "/v1/scans", {"max_interventions": 5}, key=key)
    for path, body in (("/v1/scans", {"max_interventions": 6}), ("/v1/scans", {})):
        told = served.write("POST", path, body, key=key)
        assert (told.status, told.fields) == (422, {"Idempotency-Key"})
    assert commands(served) == 1


def test_the_same_body_written_otherwise_is_the_same(served: Served) -> None:
    key = str(uuid4())
    body = '{"max_interventions": 5, "risk_threshold": 0.5}'
    first = served.write("POST", "/v1/scans", body, key=key)
    again = served.write("POST", "/v1/scans", '{"risk_threshold":0.50,"max_interventions":5}', key=key)
    assert again.body == first.body


def test_a_key_belongs_to_its_user(served: Served) -> None:
    key = str(uuid4())
    served.write("POST", "/v1/scans", {}, key=key)
    served.user, served.now = "another", NOW + timedelta(seconds=1)
    assert served.write("POST", "/v1/scans", {}, key=key).status == 202
    assert commands(served) == 2


def test_a_write_that_was_refused_may_be_sent_again_with_its_key(served: Served) -> None:
    key, later = str(uuid4()), (NOW + timedelta(minutes=10)).isoformat()
    assert served.write("POST", "/v1/scans", {"due_at": later}, key=key).status == 422
    served.now += timedelta(minutes=10)
    assert served.write("POST", "/v1/scans", {"due_at": later}, key=key).status == 202


def test_many_at_once_with_one_key_have_one_effect(served: Served, postgres: Postgres) -> None:
    key, together = str(uuid4()), threading.Barrier(AT_ONCE)

    def send(number: int) -> tuple[int, object]:
        own = Served(PostgresDatabase(lambda: connect(postgres)), now=NOW + timedelta(seconds=number))
        together.wait()
        reply = own.write("POST", "/v1/scans", {}, key=key)
        return reply.status, reply.body["run_id"]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(send, range(AT_ONCE)))
    assert {status for status, _ in replies} == {202}
    assert len({run_id for _, run_id in replies}) == 1
    assert commands(served) == 1


def test_who_waited_for_one_that_fails_does_it_instead(served: Served, postgres: Postgres) -> None:
    """The first holds the key and is rolled back; the second, which waited, has the effect."""
    key = str(uuid4())
    first = connect(postgres)
    first.run("begin")
    first.run(
        "insert into api_idempotency (user_id, key, request, asked_at) values (:user, :key, 'x', now())",
        user=served.user, key=key,
    )  # fmt: skip
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(served.write, "POST", "/v1/scans", {}, key=key)
        with closing(connect(postgres)) as watcher:
            while not watcher.run("select 1 from pg_stat_activity where wait_event = 'transactionid'"):
                assert not waiting.done()
        first.run("rollback")
        assert waiting.result().status == 202
    first.close()
    assert commands(served) == 1


def test_keys_are_forgotten_after_a_day(served: Served) -> None:
    key = str(uuid4())
    first = served.write("POST", "/v1/scans", {}, key=key)
    served.now += timedelta(hours=25)
    again = served.write("POST", "/v1/scans", {}, key=key)
    assert again.body["run_id"] != first.body["run_id"]
    with served.database.transaction() as transaction:
        assert len(transaction.rows("select 1 from api_idempotency")) == 1


def test_a_scan_is_asked_for_by_a_command_that_is_handed_over(served: Served) -> None:
    told = served.write("POST", "/v1/scans", {"risk_threshold": 0.7})
    assert told.status == 202
    assert UUID(told.body["run_id"]) == run_id_of(Schedule.CHURN_SCAN, NOW)
    with served.database.transaction() as transaction:
        [command] = transaction.rows("select kind, payload from outbox_commands")
    assert command["kind"] == "start_scan"
    assert command["payload"] == {"due_at": NOW.isoformat(), "risk_threshold": 0.7}
    assert len(served.handed_over) == 1
    again = served.write("POST", "/v1/scans", {"due_at": NOW.isoformat()})
    assert (again.status, again.fields) == (409, {"due_at"})


def test_a_scan_that_ran_is_not_run_again(served: Served) -> None:
    with served.database.transaction() as transaction:
        PostgresRuns(transaction).open(schedule=Schedule.CHURN_SCAN, due_at=NOW, execution="e", options={}, now=NOW)
    told = served.write("POST", "/v1/scans", {"due_at": NOW.isoformat()})
    assert (told.status, commands(served)) == (409, 0)
    shown = served.get(f"/v1/scans/{run_id_of(Schedule.CHURN_SCAN, NOW)}").body
    assert (shown["state"], shown["left_alone"], shown["candidates"]) == ("running", None, [])
    assert served.get(f"/v1/scans/{uuid4()}").status == 404


def test_scans_and_statistics_count_what_is_finished(served: Served) -> None:
    for number in range(3):
        due_at = NOW - timedelta(minutes=number)
        with served.database.transaction() as transaction:
            runs = PostgresRuns(transaction)
            opened = runs.open(
                schedule=Schedule.CHURN_SCAN, due_at=due_at, execution=str(number), options={}, now=NOW
            )
            if number:
                runs.finish(opened.run_id, statistics={"proposed": 5 * number, "at_risk": 20}, now=NOW)
    told = served.get("/v1/statistics").body
    assert (told["scans"], told["at_risk_found"], told["proposed"]) == (2, 40, 15)
    assert told["proposed_per_scan"] == 7.5
    assert told["next_scan_at"] == "2026-03-02T09:35:00Z"
    first = served.get("/v1/scans", limit=2).body
    last = served.get("/v1/scans", limit=2, cursor=first["next_cursor"]).body
    assert [one["proposed"] for one in first["items"] + last["items"]] == [None, 5, 10]


def test_a_due_time_is_never_the_moment_itself() -> None:
    assert next_due(NOW, minutes=30) == NOW + timedelta(minutes=30)
    assert next_due(NOW - timedelta(microseconds=1), minutes=30) == NOW


@pytest.fixture
def case(served: Served) -> str:
    wish = NewCase(
        kind=Kind.ESCALATION, customer_id="C1", cycle="2026-03", outreach_id=None, run_id=None, role=Role.OPERATOR,
        subject="Call C1", because="health 20%", priority=90, due_at=NOW,
    )  # fmt: skip
    with served.database.transaction() as transaction:
        PostgresCases(transaction).open([wish], now=NOW)
    return str(wish.case_id)


def test_one_person_takes_a_case_and_ends_it(served: Served, case: str) -> None:
    served.role = "operator"
    assert served.write("POST", f"/v1/cases/{case}/done", {"answer": "handled"}).status == 409
    assert served.write("POST", f"/v1/cases/{case}/take").body["case"]["taken_by"] == served.user
    [listed] = served.get("/v1/cases").body["items"]
    assert (listed["case_id"], listed["state"]) == (case, "taken")
    served.user = "another"
    told = served.write("POST", f"/v1/cases/{case}/take")
    assert (told.status, "has it" in told.body["detail"]) == (409, True)
    served.role = "admin"
    assert served.write("POST", f"/v1/cases/{case}/done", {"answer": "maybe"}).fields == {"answer"}
    assert served.write("POST", f"/v1/cases/{case}/done", {"answer": "handled"}).body["case"]["state"] == "done"
    assert served.get("/v1/cases").body["items"] == []
    assert len(served.get("/v1/cases", state="done").body["items"]) == 1
    assert served.write("POST", f"/v1/cases/{uuid4()}/take").status == 404
