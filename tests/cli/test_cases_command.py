"""`beforehand cases`: what it asks of the API, what it shows, and the moves."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer.testing

from beforehand_cli import api, main, terminal
from beforehand_cli.commands import shown
from beforehand_cli.deployment import Deployment
from tests.cli.signed_in import sign_in

runner = typer.testing.CliRunner()
ID = "430f1eaa-89c9-5ebf-99f3-4a345237d6aa"
ELSE = "if nobody takes it by 2026-03-02 13:30 UTC, the message goes"
ONE = {
    "case_id": ID, "kind": "low_emotion", "customer_id": "C1", "subject": "See to [C1]", "state": "open",
    "due_at": "2026-03-02T13:30:00Z", "else_because": ELSE, "you_may": ["take"],
}  # fmt: skip
COUNTS = {
    "open": 3, "taken": 1, "overdue": 1,
    "kinds": [
        {"kind": "escalation", "open": 0, "taken": 1, "overdue": 1, "next_otherwise_at": None},
        {"kind": "review", "open": 0, "taken": 0, "overdue": 0, "next_otherwise_at": None},
        {"kind": "low_emotion", "open": 3, "taken": 0, "overdue": 0, "next_otherwise_at": None},
    ],
}  # fmt: skip
MOVED = {"case": ONE, "because": "you take it, in time"}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """The requests of somebody who is signed in."""
    sign_in(tmp_path, monkeypatch)
    monkeypatch.setattr(terminal.console, "width", 240)
    requests: list[httpx.Request] = []
    answers: dict[str, Any] = {
        "GET /v1/cases": {"items": [ONE], "next_cursor": None},
        "GET /v1/cases/statistics": COUNTS,
        f"GET /v1/cases/{ID}": ONE,
        **{f"POST /v1/cases/{ID}/{move}": MOVED for move in ("take", "give_back", "done")},
    }

    def reply(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=answers[f"{request.method} {request.url.path}"])

    made = api.Api(Deployment(stage="dev"), transport=httpx.MockTransport(reply))
    monkeypatch.setattr(shown, "_api", lambda _stage: made)
    return requests


def run(*words: str, status: int = 0) -> str:
    told = runner.invoke(main.app, ["cases", *words])
    assert told.exit_code == status, told.output + str(told.exception)
    return told.output


@pytest.mark.parametrize("words", [(), ("list",)])
def test_the_list_says_what_happens_otherwise_and_counts_by_kind(
    asked: list[httpx.Request], words: tuple[str, ...]
) -> None:
    told = run(*words)
    assert "See to [C1]" in told and ELSE in told and ID in told
    assert told.splitlines()[-1] == "escalation: 1 taken, 1 overdue; low emotion: 3 open"
    assert dict(asked[0].url.params) == {"limit": "20"}


def test_filters_are_asked_of_the_api_and_json_is_one_case_a_line(asked: list[httpx.Request]) -> None:
    told = run(
        "list", "--state", "open", "--kind", "low_emotion", "--role", "operator", "--customer", "C1", "--mine",
        "--overdue", "--may-take", "--limit", "7", "--json",
    )  # fmt: skip
    assert json.loads(told) == ONE
    [request] = asked
    assert dict(request.url.params) == {
        "limit": "7", "state": "open", "kind": "low_emotion", "role": "operator", "customer_id": "C1",
        "mine": "true", "overdue": "true", "may_take": "true",
    }  # fmt: skip


def test_one_case_is_shown_in_full(asked: list[httpx.Request]) -> None:
    told = run("show", ID)
    assert ELSE in told
    assert "you may       take" in told
    assert json.loads(run("show", ID, "--json")) == ONE


@pytest.mark.parametrize(
    ("words", "move", "body"),
    [
        (("take", ID), "take", None),
        (("give-back", ID), "give_back", None),
        (("done", ID, "--answer", "send"), "done", {"answer": "send"}),
    ],
)
def test_a_move_says_what_came_of_it(
    asked: list[httpx.Request], words: tuple[str, ...], move: str, body: dict[str, str] | None
) -> None:
    assert run(*words) == "See to [C1]: you take it, in time\n"
    assert asked[-1].url.path == f"/v1/cases/{ID}/{move}"
    assert asked[-1].headers["Idempotency-Key"]
    assert (json.loads(asked[-1].content) if asked[-1].content else None) == body
    assert json.loads(run(*words, "--json")) == MOVED


def test_a_case_is_ended_with_an_answer_and_never_by_chance(asked: list[httpx.Request]) -> None:
    run("done", ID, status=2)
    assert asked == []
