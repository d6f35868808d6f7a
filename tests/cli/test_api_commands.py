"""The commands over the API: what they show, and what they say when they cannot."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer.testing

from beforehand.clock import now
from beforehand_cli import api, main, sessions, users
from beforehand_cli.commands import shown
from beforehand_cli.deployment import Deployment

runner = typer.testing.CliRunner()


@pytest.fixture
def signed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody who is signed in to a stage in AWS."""
    monkeypatch.setattr(sessions.typer, "get_app_dir", lambda _: str(tmp_path))
    session = sessions.Session(
        user="a@example.com",
        place=sessions.Place(api="https://api.example", client_id="c", region="eu-west-1"),
        access_token="t", refresh_token="r",
        until=now() + timedelta(minutes=10),
    )  # fmt: skip
    (tmp_path / "session-dev.json").write_text(session.model_dump_json())
    return tmp_path


def answering(monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, Any]) -> list[httpx.Request]:
    """The API gives these answers one after the other; returns what it was asked."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        status, body = answers[len(asked) - 1]
        return httpx.Response(status, json=body)

    made = api.Api(Deployment(stage="dev"), transport=httpx.MockTransport(answer))
    monkeypatch.setattr(shown, "_api", lambda _stage: made)
    return asked


def test_who_is_not_signed_in_is_told_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions.typer, "get_app_dir", lambda _: str(tmp_path))
    with pytest.raises(sessions.NotSignedInError, match="beforehand login --stage dev"):
        api.Api(Deployment(stage="dev")).get("/v1/me")


@pytest.mark.parametrize(
    "words",
    [
        ["--api", "https://api.example"],
        ["--api", "https://api.example", "--client-id", "c"],
        ["--api", "http://api.example", "--client-id", "c", "--region", "eu-west-1"],
    ],
)
def test_a_place_is_named_whole_and_is_https(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    told = runner.invoke(main.app, ["login", "--stage", "dev", "--email", "a@example.com", *words])
    assert told.exit_code == 2


def test_a_token_that_is_refused_is_told_as_not_signed_in(signed_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, (401, {"message": "Unauthorized"}))
    told = runner.invoke(main.app, ["statistics", "--stage", "dev"])
    assert isinstance(told.exception, sessions.NotSignedInError)


def test_lists_are_read_page_by_page_up_to_the_limit(signed_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = dict.fromkeys(("name", "segment", "loyalty_tier", "language", "country", "marketing_consent"))
    pages = [
        (
            200,
            {
                "items": [{**row, "customer_id": f"C{n}", "name": "[red]Asha"} for n in range(200)],
                "next_cursor": "x",
            },
        ),
        (200, {"items": [{**row, "customer_id": "C200"}], "next_cursor": "y"}),
    ]
    asked = answering(monkeypatch, *pages)
    told = runner.invoke(main.app, ["customers", "--limit", "201", "--segment", "VIP", "--json"])
    assert [json.loads(line)["customer_id"] for line in told.stdout.splitlines()] == [f"C{n}" for n in range(201)]
    assert [dict(request.url.params) for request in asked] == [
        {"limit": "200", "segment": "VIP"},
        {"limit": "1", "cursor": "x", "segment": "VIP"},
    ]
    assert asked[0].headers["Authorization"] == "Bearer t"


def test_a_name_is_shown_as_it_is_written(signed_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = dict.fromkeys(("segment", "loyalty_tier", "language", "country"))
    one = {**row, "customer_id": "C1", "name": "[red]Asha", "marketing_consent": False}
    answering(monkeypatch, (200, {"items": [one], "next_cursor": None}))
    told = runner.invoke(main.app, ["customers"]).stdout
    assert "[red]Asha" in told and "no" in told and "–" in told


def test_a_refusal_names_the_fields_and_a_fault_its_request(
    signed_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = {"detail": "The query does not fit.", "errors": [{"field": "segment", "problem": "is none"}]}
    answering(monkeypatch, (400, refused), (500, {"detail": "The fault is ours.", "request_id": "r-1"}))
    told = runner.invoke(main.app, ["risk"]).exception
    assert str(told) == "The query does not fit. (400)\n  segment: is none"
    assert "request r-1" in str(runner.invoke(main.app, ["risk"]).exception)


def test_an_id_cannot_lead_elsewhere(signed_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, (404, {"detail": "There is no such customer."}))
    runner.invoke(main.app, ["risk", "../../v1/me?x=1"])
    assert asked[0].url.raw_path == b"/v1/customers/..%2F..%2Fv1%2Fme%3Fx%3D1/risk"


def test_every_write_has_a_key_of_its_own(signed_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = {"case": {"subject": "Call C1"}, "because": "you take it"}
    asked = answering(monkeypatch, (200, moved), (200, moved))
    assert "Call C1: you take it" in runner.invoke(main.app, ["cases", "take", "1"]).stdout
    runner.invoke(main.app, ["cases", "done", "1", "--answer", "send"])
    keys = {request.headers["Idempotency-Key"] for request in asked}
    assert len(keys) == 2
    assert json.loads(asked[1].content) == {"answer": "send"}


def test_passwords_are_long_and_of_every_kind() -> None:
    made = {users.new_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        assert len(password) >= 14
        assert any(map(str.islower, password)) and any(map(str.isupper, password))
        assert any(map(str.isdigit, password)) and set(password) & set(users.SIGNS)


PREVIEWED = {
    "position": 1, "customer_id": "C1", "health": 20.0, "risk": 0.95, "level": "critical", "coverage": 1.0,
    "rank": 7.1, "health_now": 35.0, "risk_now": 0.82, "segment": "VIP", "loyalty_tier": "Gold",
    "lifetime_value": 1200.0, "standing": "free",
    "because": "Health would be 20.0%, churn risk 95.0%; 100% of what counts is known; now health is 35.0%.",
    "contributions": [
        {"factor": "relative_value", "weight": 10, "share": 0.25, "lost": 7.5, "because": "Has brought 0.4 times"}
    ],
}  # fmt: skip
PREVIEW = {
    "profile": "procx-v1", "day": "2026-03-02", "health_threshold": 40, "risk_threshold": 0.6,
    "customers": 1_000_000, "looked_at": 7613, "items": [PREVIEWED],
}  # fmt: skip


def test_a_preview_asks_for_what_was_named_and_shows_whom_it_found(
    signed_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, *[(200, PREVIEW)] * 3)
    told = runner.invoke(main.app, ["risk", "preview", "--profile", "procx-v1", "--limit", "3", "--segment", "VIP"])
    assert told.exit_code == 0, told.output
    assert dict(asked[0].url.params) == {"profile": "procx-v1", "segment": "VIP", "limit": "3"}
    assert asked[0].url.path == "/v1/risk/preview"
    assert "By procx-v1, with a health below 40 or a risk of 60% or more" in told.stdout
    assert "7,613 looked at" in told.stdout.replace("\n", " ")
    assert "C1" in told.stdout and "relative value" not in told.stdout
    assert "relative value" in runner.invoke(main.app, ["risk", "preview", "--why"]).stdout
    assert json.loads(runner.invoke(main.app, ["risk", "preview", "--json"]).stdout) == PREVIEW


def test_a_preview_before_the_first_scan_says_so(signed_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, (200, {**PREVIEW, "day": None, "items": []}))
    assert "Nobody is scored yet" in runner.invoke(main.app, ["risk", "preview"]).stdout


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (["C1"], "/v1/customers/C1/risk"),
        (["show", "preview"], "/v1/customers/preview/risk"),
        (["--min-risk", "0.8"], "/v1/risk"),
        ([], "/v1/risk"),
    ],
)
def test_risk_shows_where_no_command_is_named(
    words: list[str], path: str, signed_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, (404, {"detail": "There is none."}))
    runner.invoke(main.app, ["risk", *words])
    assert asked[0].url.path == path
