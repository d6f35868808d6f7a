"""How channels are run, through the API on a real database and a real table of gates."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from beforehand.adapters.postgres import PostgresDatabase
from beforehand_cli.local.postgres import Postgres
from tests.api import served
from tests.api.served import NOW, Served
from tests.conftest import forget
from tests.contracts.conftest import Aws
from tests.contracts.test_gates import gates_table
from tests.outbox.endpoint import forget_clients, reached
from tests.outreach.desk import Desk, proposal


@pytest.fixture
def api(
    aws: Aws, database: PostgresDatabase, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    with reached(aws):
        settings = served.SETTINGS.model_copy(update={"gates_table": gates_table(aws)})
        monkeypatch.setattr(served, "SETTINGS", settings)
        yield Served(database)
        for table in ("outreach_attempts", "outreach"):
            forget(postgres, table)
        with database.transaction() as transaction:
            transaction.run("update outreach_channels set mode = 'dry_run', per_minute = 60, at_once = 100")


def waiting(database: PostgresDatabase, count: int) -> None:
    """Messages that a channel in dry run holds."""
    with database.transaction() as transaction:
        desk = Desk(transaction)
        proposals = [proposal(f"W{number}", due_at=NOW) for number in range(count)]
        desk.propose(*(replace(one, not_after=NOW.replace(year=2027)) for one in proposals))
        desk.claim(NOW)


def states(database: PostgresDatabase) -> set[str]:
    with database.transaction() as transaction:
        found = transaction.rows("select state from outreach where customer_id like 'W%'")
    return {row["state"] for row in found}


def email(api: Served) -> dict[str, object]:
    return next(one for one in api.get("/v1/channels").body["items"] if one["channel"] == "email")


def test_a_new_deployment_sends_nothing_before_somebody_says_so(api: Served) -> None:
    shown = api.get("/v1/channels").body["items"]
    assert {one["channel"]: one["mode"] for one in shown} == {
        "email": "dry_run", "sms": "dry_run", "webhook": "dry_run",
    }  # fmt: skip


@pytest.mark.parametrize(("waits", "state"), [("send", "scheduled"), ("cancel", "cancelled")])
def test_enabling_a_channel_says_what_becomes_of_what_waited(
    api: Served, database: PostgresDatabase, waits: str, state: str
) -> None:
    waiting(database, 3)
    assert email(api)["dry_run"] == 3
    changed = api.write("PATCH", "/v1/channels/email", {"mode": "live", "waiting": waits}).body
    said = {"send": "3 that waited for it are due now", "cancel": "3 that waited for it are cancelled"}[waits]
    assert changed["because"] == f"email is live, at most 60 a minute; {said}"
    assert states(database) == {state}
    again = api.write("PATCH", "/v1/channels/email", {"per_minute": 5}).body
    assert again["because"] == "email is live, at most 5 a minute"


def test_the_kill_switch_is_set_by_operators_and_let_go_by_admins(api: Served) -> None:
    api.role = "operator"
    stopped = api.write("POST", "/v1/channels/all/stop", {"because": "a wrong text went out"}).body
    assert stopped["stopped"] == ["all"]
    assert email(api)["stopped"] is True
    assert api.write("POST", "/v1/channels/all/resume", {"because": "mended"}).status == 403
    api.role = "admin"
    assert api.write("POST", "/v1/channels/all/resume", {"because": "mended"}).body["stopped"] == []
    assert email(api)["stopped"] is False


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PATCH", "/v1/channels/email", {"mode": "on"}, "mode"),
        ("PATCH", "/v1/channels/email", {"per_minute": 0}, "per_minute"),
        ("POST", "/v1/channels/all/stop", {}, "because"),
    ],
)
def test_what_is_wrong_is_named(api: Served, method: str, path: str, body: dict[str, object], field: str) -> None:
    answer = api.write(method, path, body)
    assert (answer.status, answer.fields) == (422, {field}), answer.body


def test_a_change_of_nothing_or_of_no_channel_is_refused(api: Served) -> None:
    answer = api.write("PATCH", "/v1/channels/email", {})
    assert (answer.status, "name at least one of" in str(answer.body)) == (422, True)
    assert api.write("PATCH", "/v1/channels/pigeon", {"mode": "off"}).status == 404


def test_a_table_of_gates_that_is_silent_is_said_so(api: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    forget_clients()
    answer = api.write("POST", "/v1/channels/all/stop", {"because": "a wrong text went out"})
    assert (answer.status, "try again" in answer.body["detail"]) == (503, True)
