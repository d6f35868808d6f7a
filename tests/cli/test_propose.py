"""`beforehand outreach propose`: what it asks of the API, and what it shows."""

import json
from datetime import datetime
from typing import Any

import httpx
import pytest
import typer.testing

from beforehand_cli import api, main
from beforehand_cli.commands import propose as module
from beforehand_cli.deployment import Deployment
from tests.cli.signed_in import sign_in

runner = typer.testing.CliRunner()
ID = "430f1eaa-89c9-5ebf-99f3-4a345237d6aa"
GATE = {"action": "send", "because": "nothing stands against it", "rule": "open", "until": None, "hold": None,
        "policy_version": "contact-v1"}  # fmt: skip
PLANNED = {
    "outreach_id": ID, "kept": True, "new": True, "state": "scheduled", "hold": None,
    "due_at": "2026-03-02T09:30:00Z", "not_after": "2026-03-09T09:30:00Z", "gate": GATE, "message": None,
    "because": "the gate would let it go: nothing stands against it",
}  # fmt: skip
SHOWN = {
    "subject": "[A] parcel", "text": "नमस्ते,\n\nyour parcel [red] is here.", "html": None, "language": "hi",
    "because": "in Hindi, as they prefer", "template_version": 0, "segments": 2,
}  # fmt: skip
TEMPLATE = {"languages": [{"variables": {"starts_at": "datetime", "price": "money?", "place": "text?"}}]}


@pytest.fixture
def answer() -> dict[str, Any]:
    """What the API answers to a proposal; a test changes it."""
    return dict(PLANNED)


@pytest.fixture
def asked(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> list[httpx.Request]:
    """The requests of somebody who is signed in."""
    sign_in(tmp_path_factory.mktemp("session"), monkeypatch)
    requests: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=TEMPLATE if request.method == "GET" else answer)

    made = api.Api(Deployment(stage="dev"), transport=httpx.MockTransport(reply))
    monkeypatch.setattr(module, "of_api", lambda _stage: made)
    return requests


def run(*words: str, status: int = 0) -> str:
    told = runner.invoke(main.app, ["outreach", "propose", *words, "--stage", "dev"])
    assert told.exit_code == status, told.output + str(told.exception)
    return told.output


def sent(asked: list[httpx.Request]) -> Any:
    request = asked[-1]
    assert (request.method, request.url.path) == ("POST", "/v1/outreach")
    assert request.headers["Idempotency-Key"]
    return json.loads(request.content)


def test_a_text_is_proposed_with_nothing_that_was_not_said(asked: list[httpx.Request]) -> None:
    told = run("C1", "--channel", "email", "--subject", "Parcel", "--body", "It is here.")
    assert told == f"{ID} is scheduled: the gate would let it go: nothing stands against it\n"
    assert sent(asked) == {
        "customer_id": "C1", "channel": "email", "purpose": "manual", "subject": "Parcel", "body": "It is here.",
    }  # fmt: skip


def test_all_that_is_said_is_asked_for_and_moments_are_by_ones_own_clock(asked: list[httpx.Request]) -> None:
    run("C1", "--channel", "sms", "--body", "b", "--due", "2026-03-04T10:00:00", "--not-after", "2026-03-05",
        "--priority", "0", "--purpose", "custom", "--cycle", "parcel-7", "--follows", ID, "--hold", "--automated",
        "--because", "it came back", "--language", "ta")  # fmt: skip
    asked_for = sent(asked)
    assert datetime.fromisoformat(asked_for.pop("due_at")) == datetime(2026, 3, 4, 10).astimezone()
    assert datetime.fromisoformat(asked_for.pop("not_after")) == datetime(2026, 3, 5).astimezone()
    assert asked_for == {
        "customer_id": "C1", "channel": "sms", "purpose": "custom", "body": "b", "priority": 0, "cycle": "parcel-7",
        "follows": ID, "hold": True, "automated": True, "because": "it came back", "language": "ta",
    }  # fmt: skip


def test_a_template_is_filled_with_values_of_the_types_that_it_declares(asked: list[httpx.Request]) -> None:
    run("C1", "--template", "appointment_reminder", "--set", "starts_at=2026-03-09T10:00:00Z",
        "--set", "price=12.50 INR", "--set", "place=A = B")  # fmt: skip
    assert asked[0].url.path == "/v1/templates/appointment_reminder"
    assert sent(asked)["variables"] == {
        "starts_at": "2026-03-09T10:00:00Z", "price": {"amount": "12.50", "currency": "INR"}, "place": "A = B",
    }  # fmt: skip


def test_a_preview_shows_the_message_as_it_is(asked: list[httpx.Request], answer: dict[str, Any]) -> None:
    answer.update(kept=False, new=False, state=None, message=SHOWN, because="nothing is kept; it would go")
    told = run("C1", "--body", "b", "--preview")
    assert sent(asked)["preview"] is True
    assert told.startswith("Subject: [A] parcel\n\nनमस्ते,\n\nyour parcel [red] is here.\n")
    assert told.endswith("in Hindi, as they prefer; 2 segments\nnothing is kept; it would go\n")


def test_what_was_there_already_is_said(asked: list[httpx.Request], answer: dict[str, Any]) -> None:
    answer.update(new=False, state="sent", because="a manual for parcel-7 is planned already: it is sent")
    assert "is not new, sent: a manual for parcel-7 is planned already" in run("C1", "--body", "b")


def test_json_is_what_the_api_said(asked: list[httpx.Request]) -> None:
    assert json.loads(run("C1", "--body", "b", "--json")) == PLANNED


@pytest.mark.parametrize(
    "words",
    [(), ("--body", "b", "--template", "t"), ("--body", "b", "--set", "a=1"), ("--template", "t", "--set", "a")],
)
def test_what_says_nothing_or_two_things_is_refused_before_it_is_asked(
    asked: list[httpx.Request], words: tuple[str, ...]
) -> None:
    run("C1", *words, status=2)
    assert all(request.method == "GET" for request in asked)
