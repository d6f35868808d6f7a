"""`beforehand suppressions`: what it asks of the API, what it shows, and that it shows no address."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer.testing

from beforehand_cli import api, main, terminal
from beforehand_cli.commands import suppressions
from beforehand_cli.deployment import Deployment
from tests.cli.signed_in import sign_in

runner = typer.testing.CliRunner()
ID = "430f1eaa-89c9-5ebf-99f3-4a345237d6aa"
PATH = "/v1/suppressions"
ONE = {
    "suppression_id": ID, "contact_hash": "c0ffee", "channel": "email", "reason": "manual", "source": "operator",
    "because": "they [moved] away", "since": "2026-03-02T09:30:00Z", "outreach_id": None, "added_by": "u",
    "lifted_at": None, "lifted_by": None, "lift_because": None, "consent": None,
}  # fmt: skip
LIFTED = {**ONE, "suppression_id": ID.replace("4", "5"), "lifted_at": "2026-03-03T10:00:00Z"}


@pytest.fixture
def answers() -> dict[str, Any]:
    """What the API answers, by method and path; a test changes it."""
    return {
        f"GET {PATH}": {"items": [ONE, LIFTED], "next_cursor": None},
        f"POST {PATH}": ONE,
        f"POST {PATH}/find": {"suppressed": True, "suppressions": [ONE]},
        f"POST {PATH}/{ID}/lift": {"because": "it is lifted", "suppression": LIFTED},
    }


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any]) -> list[httpx.Request]:
    """The requests of somebody who is signed in."""
    sign_in(tmp_path, monkeypatch)
    monkeypatch.setattr(terminal.console, "width", 200)
    requests: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=answers[f"{request.method} {request.url.path}"])

    made = api.Api(Deployment(stage="dev"), transport=httpx.MockTransport(reply))
    monkeypatch.setattr(suppressions, "_api", lambda _stage: made)
    return requests


def run(*words: str, status: int = 0) -> str:
    told = runner.invoke(main.app, ["suppressions", *words, "--stage", "dev"])
    assert told.exit_code == status, told.output + str(told.exception)
    return told.output


def sent(asked: list[httpx.Request]) -> tuple[str, Any]:
    assert asked[-1].headers["Idempotency-Key"]
    return asked[-1].url.path, json.loads(asked[-1].content)


def test_the_list_shows_why_and_since_when_and_ids_that_can_be_typed(asked: list[httpx.Request]) -> None:
    told = run("list", "--lifted", "--limit", "7")
    assert dict(asked[-1].url.params) == {"limit": "7", "lifted": "true"}
    words = " ".join(told.split())
    for text in (ID, LIFTED["suppression_id"], "manual", "they [moved] away"):
        assert text in words
    for moment in (ONE["since"], LIFTED["lifted_at"]):
        assert f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d}" in words
    run("list")
    assert asked[-1].url.params["lifted"] == "false"
    assert json.loads(run("list", "--json")) == [ONE, LIFTED]


def test_an_address_is_looked_for_in_the_body_and_never_in_a_path(
    asked: list[httpx.Request], answers: dict[str, Any]
) -> None:
    assert "they [moved] away" in run("find", "--email", "asha@example.com")
    assert sent(asked) == (f"{PATH}/find", {"email": "asha@example.com"})
    assert "asha" not in str(asked[-1].url)
    answers[f"POST {PATH}/find"] = {"suppressed": False, "suppressions": []}
    assert run("find", "--phone", "+919876543210") == "The address is not suppressed.\n"
    assert json.loads(run("find", "--phone", "+919876543210", "--json"))["suppressed"] is False


@pytest.mark.parametrize(("words", "reason"), [((), "manual"), (("--opted-out",), "opted_out")])
def test_an_address_is_suppressed_with_its_because(
    asked: list[httpx.Request], words: tuple[str, ...], reason: str
) -> None:
    told = run("add", "--email", "asha@example.com", "--because", "they moved away", *words)
    assert sent(asked) == (PATH, {"email": "asha@example.com", "because": "they moved away", "reason": reason})
    assert ID in told
    assert "asha" not in told


def test_a_lift_carries_the_person_s_own_word_where_there_is_one(asked: list[httpx.Request]) -> None:
    assert run("lift", ID, "--because", "a mistake") == "It is lifted.\n"
    assert sent(asked) == (f"{PATH}/{ID}/lift", {"because": "a mistake"})
    run("lift", ID, "--because", "they came back", "--consent", "by phone on Monday")
    assert sent(asked)[1] == {"because": "they came back", "consent": "by phone on Monday"}


@pytest.mark.parametrize("words", [(), ("--email", "a@example.com", "--phone", "+919876543210")])
@pytest.mark.parametrize("verb", [("find",), ("add", "--because", "x")])
def test_one_address_is_named_and_not_two(
    asked: list[httpx.Request], verb: tuple[str, ...], words: tuple[str, ...]
) -> None:
    assert "--email or --phone" in run(*verb, *words, status=2)
    assert asked == []
