"""`beforehand policy`: what it shows, what it asks the API for, and what it says of a file that is none."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer.testing

from beforehand.clock import now
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.policy_document import PolicyDocument
from beforehand_cli import api, main, sessions
from beforehand_cli.commands import policy
from beforehand_cli.deployment import Deployment

runner = typer.testing.CliRunner()
SHOWN = {
    "version": "contact-v2",
    "policy": PolicyDocument.of(ContactPolicy()).model_dump(mode="json"),
    "because": "we write too often",
    "created_at": "2026-03-02T09:30:00Z",
    "created_by": "asha",
    "active_from": "2026-03-02T09:30:00Z",
}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """Somebody who is signed in asks an API that knows one version; returns what it was asked."""
    monkeypatch.setattr(sessions.typer, "get_app_dir", lambda _: str(tmp_path))
    session = sessions.Session(
        user="a@example.com",
        place=sessions.Place(api="https://api.example", client_id="c", region="eu-west-1"),
        access_token="t", refresh_token="r",
        until=now() + timedelta(minutes=10),
    )  # fmt: skip
    (tmp_path / "session-dev.json").write_text(session.model_dump_json())
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=ANSWERS[request.url.path])

    made = api.Api(Deployment(stage="dev"), transport=httpx.MockTransport(answer))
    monkeypatch.setattr(policy, "_api", lambda _stage: made)
    return requests


ANSWERS: dict[str, Any] = {
    "/v1/contact-policy": SHOWN,
    "/v1/contact-policy/restore": SHOWN,
    "/v1/contact-policies": {"items": [SHOWN], "next_cursor": None},
    "/v1/contact-policy/try": {
        "action": "hold",
        "because": "it is 22:40 on Monday in Asia/Kolkata",
        "rule": "send_window",
        "until": "2026-03-03T03:30:00Z",
        "hold": "window",
        "policy_version": "contact-v2",
    },
}


def run(*words: str) -> str:
    told = runner.invoke(main.app, ["policy", *words, "--stage", "dev"])
    assert told.exit_code == 0, told.output + str(told.exception)
    return told.output


def test_the_policy_is_shown_in_lines_that_people_read(asked: list[httpx.Request]) -> None:
    told = run("show", "--at", "2026-03-02T09:30")
    assert "contact-v2" in told
    assert "09:00–20:00 on Mon, Tue, Wed, Thu, Fri, Sat" in told
    assert "churn_intervention 7" in told
    assert asked[0].url.params["at"] == "2026-03-02T09:30:00+00:00"


def test_the_history_names_who_and_why(asked: list[httpx.Request]) -> None:
    told = run("history")
    assert "asha" in told
    assert "we write too often" in told
    assert json.loads(run("history", "--json"))["version"] == "contact-v2"


def test_what_is_shown_as_json_can_be_set_and_names_its_version(asked: list[httpx.Request], tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(run("show", "--json"), encoding="utf-8")
    run("set", str(file), "--because", "two are enough")
    sent = json.loads(asked[-1].content)
    assert (asked[-1].method, asked[-1].url.path) == ("PUT", "/v1/contact-policy")
    assert sent == {"expected_version": "contact-v2", "because": "two are enough", "policy": SHOWN["policy"]}
    run("set", str(file), "--because", "x", "--from", "contact-v1")
    assert json.loads(asked[-1].content)["expected_version"] == "contact-v1"


def test_a_version_is_restored_over_the_newest(asked: list[httpx.Request]) -> None:
    run("restore", "contact-v1", "--because", "too strict")
    assert json.loads(asked[-1].content) == {
        "version": "contact-v1", "expected_version": "contact-v2", "because": "too strict",
    }  # fmt: skip


def test_the_gate_is_tried_for_a_customer(asked: list[httpx.Request]) -> None:
    told = run("try", "C1", "--channel", "sms", "--at", "2026-03-02T17:10", "--by-hand")
    assert told.startswith("hold until ")
    assert "it is 22:40 on Monday in Asia/Kolkata (send_window, contact-v2)" in told
    assert json.loads(asked[-1].content) == {
        "customer_id": "C1", "channel": "sms", "purpose": "churn_intervention",
        "at": "2026-03-02T17:10:00+00:00", "automated": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "problem"), [("{", "is not JSON"), ("[]", "holds no JSON object"), (None, "cannot be read")]
)
def test_a_file_that_holds_no_policy_is_refused_with_the_remedy(
    asked: list[httpx.Request], tmp_path: Path, text: str | None, problem: str
) -> None:
    file = tmp_path / "policy.json"
    if text is not None:
        file.write_text(text)
    told = runner.invoke(main.app, ["policy", "set", str(file), "--because", "x", "--stage", "dev"])
    assert isinstance(told.exception, policy.UnreadablePolicyError)
    assert problem in str(told.exception)
    assert "policy show --json" in str(told.exception)
    assert not asked
