"""The commands about templates: what they ask of the API, and what they show."""

import json
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer.testing

from beforehand.clock import now
from beforehand.outreach.messages.template_files import read
from beforehand_cli import api, main, sessions
from beforehand_cli.commands import templates
from beforehand_cli.deployment import Deployment

runner = typer.testing.CliRunner()
TEMPLATE = {
    "name": "welcome",
    "language": "hi",
    "version": 2,
    "origin": "own",
    "subject": 'A "quoted" word',
    "body": "\nनमस्ते,\n\n{{ note }} \\ [red]",
    "variables": {"note": "text", "on": "date?", "price": "money", "count": "number"},
    "note": "",
    "created_by": "u",
    "created_at": "2026-03-02T09:30:00Z",
    "restored_from": None,
}
WHOLE = {"name": "welcome", "languages": [TEMPLATE], "versions": []}
PREVIEW = {
    "name": "welcome", "version": 2, "language": "hi", "because": "in Hindi, as they prefer",
    "frame_because": "with the footer in Hindi, as the message is", "subject": "s", "text": "t", "html": "<p>t</p>",
    "segments": None, "examples": ["note"],
}  # fmt: skip


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, Any]]:
    """What somebody who is signed in asks of the API; it answers what `answers` says."""
    monkeypatch.setattr(sessions.typer, "get_app_dir", lambda _: str(tmp_path))
    place = sessions.Place(api="https://api.example", client_id="c", region="eu-west-1")
    session = sessions.Session(
        user="a@example.com", place=place, access_token="t", refresh_token="r", until=now() + timedelta(minutes=10)
    )
    (tmp_path / "session-dev.json").write_text(session.model_dump_json())
    sent: list[tuple[str, str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        sent.append((request.method, request.url.path, body))
        return httpx.Response(200, json=ANSWERS[f"{request.method} {request.url.path}"])

    made = api.Api(Deployment(stage="dev"), transport=httpx.MockTransport(answer))
    monkeypatch.setattr(templates, "_api", lambda _stage: made)
    return sent


ANSWERS: dict[str, Any] = {
    "GET /v1/templates": {
        "items": [{"name": "welcome", "languages": [{"language": "hi", "version": 2, "origin": "own"}],
                   "variables": {"note": "text"}, "note": ""}],
        "next_cursor": None,
    },
    "GET /v1/templates/welcome": WHOLE,
    "GET /v1/templates/welcome/hi": TEMPLATE,
    "PUT /v1/templates/welcome/hi": {"template": TEMPLATE, "because": "version 3 is used from now on"},
    "POST /v1/templates/welcome/hi/restore": {"template": TEMPLATE, "because": "version 3 says again"},
    "POST /v1/templates/welcome/preview": PREVIEW,
}  # fmt: skip


def run(*words: str, status: int = 0) -> str:
    told = runner.invoke(main.app, ["templates", *words, "--stage", "dev"])
    assert told.exit_code == status, told.output
    return told.output


def test_lists_templates(asked: list[Any]) -> None:
    assert "welcome  hi 2" in run("list")
    assert json.loads(run("list", "--json"))["languages"][0]["version"] == 2


def test_what_is_shown_of_a_language_is_the_file_that_can_be_set(asked: list[Any], tmp_path: Path) -> None:
    file = tmp_path / "welcome" / "hi.toml"
    file.parent.mkdir()
    run("show", "welcome", "--language", "hi", "--to", str(file))
    assert read(file).body == TEMPLATE["body"]
    shown = run("show", "welcome", "--language", "hi")
    assert tomllib.loads(shown)["variables"] == TEMPLATE["variables"]
    assert run("set", str(file)) == "welcome in hi: version 3 is used from now on\n"
    method, path, body = asked[-1]
    assert (method, path, body["expected_version"]) == ("PUT", "/v1/templates/welcome/hi", 2)
    assert {field: body[field] for field in templates.FIELDS} == {f: TEMPLATE[f] for f in templates.FIELDS}


@pytest.mark.parametrize(
    "text", ["", "a", "a\n'''b", "a\nb'", "a\tb\nc", '\\\n"', "a\x7f\x01\nb", "\n\n", "न\n\u2028"]
)
def test_any_text_is_read_from_the_file_as_it_was(text: str) -> None:
    assert tomllib.loads(templates.as_file({**TEMPLATE, "body": text}))["body"] == text


def test_a_template_is_shown_in_all_its_languages(asked: list[Any]) -> None:
    assert "own" in run("show", "welcome")
    assert json.loads(run("show", "welcome", "--json")) == WHOLE
    run("show", "welcome", "--version", "1", status=2)


def test_a_preview_sends_values_by_their_types(asked: list[Any], tmp_path: Path) -> None:
    words = [
        word
        for value in ("name=Asha", "note=a=b", "price=12.50 INR", "count=2", "on=")
        for word in ("--set", value)
    ]
    page = tmp_path / "page.html"
    told = run("preview", "welcome", "--language", "hi", "--html", str(page), *words)
    assert asked[-1][2] == {
        "channel": "email",
        "language": "hi",
        "variables": {
            "name": "Asha",
            "note": "a=b",
            "price": {"amount": "12.50", "currency": "INR"},
            "count": 2,
            "on": None,
        },
    }
    assert page.read_text() == "<p>t</p>"
    assert "in Hindi, as they prefer" in told and "examples: note" in told


def test_goes_back_to_an_older_version(asked: list[Any]) -> None:
    run("restore", "welcome", "--language", "hi", "--version", "1")
    assert asked[-1] == ("POST", "/v1/templates/welcome/hi/restore", {"version": 1, "expected_version": 2})


@pytest.mark.parametrize("text", ["subject = ", "subject = 's'\nbody = 'b'\nhtml = 'x'"])
def test_a_file_that_is_no_template_is_refused(asked: list[Any], tmp_path: Path, text: str) -> None:
    file = tmp_path / "hi.toml"
    file.write_text(text)
    run("set", str(file), status=2)
    run("preview", "welcome", "--set", "name", status=2)
    run("preview", "welcome", "--set", "count=many", status=2)
