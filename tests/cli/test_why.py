"""`beforehand why`, `timeline`, `audit`, `outreach`: a screen that fits whatever is in it; lists, moves, JSON."""

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer.testing
from rich.cells import cell_len

from beforehand_cli import api, main
from beforehand_cli.commands import shown
from beforehand_cli.deployment import Deployment
from beforehand_cli.why_screen import lines
from tests.cli.test_api_commands import signed_in

__all__ = ["signed_in"]
runner = typer.testing.CliRunner()
ID = "9beea417-dfd5-5ea3-bad5-8a3f386414b5"
AT = "2026-03-02T09:30:00Z"
LONG = "word " * 60 + "x" * 200
WIDE = "ग्राहक को वापस लाना " * 12 + "漢" * 120


def gate(**changes: Any) -> dict[str, Any]:
    given = {
        "decision_id": ID, "at": AT, "action": "hold", "because": "it is 22:40 where they live",
        "rule": "contact-v1 window", "until": "2026-03-03T02:30:00Z", "replayed": None,
        "replay_because": None,
    }  # fmt: skip
    return {**given, **changes}


def case(**changes: Any) -> dict[str, Any]:
    given = {
        "case_id": ID, "kind": "escalation", "state": "open", "subject": "Take over C100088 (VIP, Gold)",
        "because": "a VIP's risk is critical", "opened_at": AT, "due_at": AT, "taken_by": None, "taken_at": None,
        "done_by": None, "done_at": None, "answer": None, "otherwise": None, "otherwise_at": None,
        "otherwise_because": None,
    }  # fmt: skip
    return {**given, **changes}


def outreach(**changes: Any) -> dict[str, Any]:
    one = {
        "outreach_id": ID, "customer_id": "C100088", "purpose": "churn_intervention", "cycle": "2026-03-02",
        "step": 0, "channel": "email", "language": "hi", "state": "held", "since": AT,
        "because": "it is 22:40 where they live", "hold": "window", "waits": "it waits for their send window",
        "due_at": AT, "next_at": AT, "not_after": AT, "policy_version": "contact-v1", "follows_id": None,
        "planned": {
            "at": AT, "by": "churn", "action": "propose", "because": "health 30.0%, churn risk 88.0%",
            "rule": "churn default-v1", "reasons": ["health 30.0%, churn risk 88.0%"], "run_id": None,
        },
        "gate": [gate()], "attempts": [], "outcomes": [], "cases": [], "touched": [], "message": None,
    }  # fmt: skip
    return document(outreach={**one, **changes})


def customer(**changes: Any) -> dict[str, Any]:
    line = {
        "outreach_id": ID, "purpose": "churn_intervention", "channel": "email", "state": "held", "hold": "person",
        "since": AT, "due_at": AT, "next_at": None, "because": "health 30%", "state_because": None,
    }  # fmt: skip
    one = {
        "customer_id": "C100088", "segment": "VIP", "loyalty_tier": "Gold", "language": "hi",
        "zone": "Asia/Kolkata", "country": "IN", "contact": "waits", "because": "automated messages wait: a case",
        "checks": [{"about": "consent", "answer": "yes", "because": "they said yes"}],
        "health": 30.0, "risk": 0.88, "coverage": 0.66, "at_risk_since": "2026-02-01",
        "decided": outreach()["outreach"]["planned"], "last": [{**line, "state": "sent"}], "next": [line],
        "cases": [case()],
    }  # fmt: skip
    return document(customer={**one, **changes})


def document(**one: Any) -> dict[str, Any]:
    kind = next(iter(one))
    whole = {"kind": kind, "subject": ID, "resolved": f"{ID} is the id of one", "as_of": AT}
    return {**whole, "outreach": None, "customer": None, **one}


def crowded(text: str, times: int) -> list[dict[str, Any]]:
    """Both screens with everything on them, many times over, and long words everywhere."""
    attempt = {
        "attempt": 1, "channel": "email", "policy_version": "v", "claimed_at": AT, "ended_at": AT,
        "outcome": "refused", "provider_id": text, "because": text,
    }  # fmt: skip
    outcome = {
        "at": AT, "received_at": AT, "provider": "ses", "event_id": "e", "attempt": 1, "kind": "bounced",
        "did": text,
    }  # fmt: skip
    touch = {"at": AT, "who": text, "role": "admin", "action": "case.take", "because": text}
    planned = {**outreach()["outreach"]["planned"], "because": text, "reasons": [text] * times}
    line = {**customer()["customer"]["next"][0], "because": text}
    check = {"about": "consent", "answer": "no", "because": text}
    return [
        outreach(
            planned=planned, gate=[gate(because=text)] * times, attempts=[attempt] * times,
            outcomes=[outcome] * times, cases=[case(subject=text, state="taken", taken_by=text)] * times,
            touched=[touch] * times,
        ),
        customer(
            decided=planned, cases=[case(because=text)] * times, last=[line] * times, next=[line] * times,
            checks=[check] * 5,
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("text", [LONG, WIDE, "short"])
@pytest.mark.parametrize("everything", [False, True])
def test_no_line_is_wider_than_the_screen_whatever_is_in_it(text: str, everything: bool) -> None:
    for one in crowded(text, 9):
        for line in lines(one, zone=UTC, everything=everything):
            assert cell_len(line.text) <= 80, line.text


@pytest.mark.parametrize("times", [1, 2, 9, 200])
def test_it_is_one_screen_however_much_happened_and_says_that_there_is_more(times: int) -> None:
    for one in crowded(LONG, times):
        shown = lines(one, zone=UTC, everything=False)
        assert len(shown) <= 45
        assert any("--all" in line.text for line in shown) is (times > 1)
        everything = lines(one, zone=UTC, everything=True)
        assert not any("--all" in line.text for line in everything)
        assert len(everything) > len(shown)


def test_of_what_happened_the_last_is_shown() -> None:
    many = [gate(at=f"2026-03-0{day}T09:30:00Z", because=f"look {day}") for day in range(1, 8)]
    text = "\n".join(line.text for line in lines(outreach(gate=many), zone=UTC, everything=False))
    assert [f"look {day}" in text for day in range(1, 8)] == [False] * 4 + [True] * 3
    assert "… and 4 more: --all" in text


def test_a_screen_reads_from_what_it_is_to_who_touched_it() -> None:
    text = [line.text for line in lines(outreach(), zone=UTC, everything=False)]
    assert text == [
        f"WHY       outreach {ID}",
        "          churn intervention by email for C100088, in hi",
        "          as of 02 Mar 09:30 UTC",
        "─" * 80,
        "HELD      since 02 Mar 09:30",
        "          it is 22:40 where they live",
        "          it waits for their send window",
        "",
        "PLANNED   02 Mar 09:30  propose, by churn default-v1",
        "          · health 30.0%, churn risk 88.0%",
        "",
        "GATE      02 Mar 09:30  hold until 03 Mar 02:30, by contact-v1 window",
        "            it is 22:40 where they live",
    ]


def answering(monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, Any]) -> list[httpx.Request]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        status, body = answers[len(asked) - 1]
        return httpx.Response(status, json=body)

    made = api.Api(Deployment(stage="dev"), transport=httpx.MockTransport(answer))
    monkeypatch.setattr(shown, "_api", lambda _stage: made)
    return asked


def test_what_is_asked_for_is_asked_of_the_api(signed_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, (200, outreach()), (200, customer()))
    told = runner.invoke(main.app, ["why", ID, "--message", "--replay", "--kind", "outreach"])
    assert told.exit_code == 0 and f"outreach {ID}" in told.stdout
    assert dict(asked[0].url.params) == {"kind": "outreach", "message": "true", "replay": "true"}
    told = runner.invoke(main.app, ["why", "C100088", "--json"])
    assert json.loads(told.stdout) == customer()
    assert (asked[1].url.path, dict(asked[1].url.params)) == ("/v1/why/C100088", {})


@pytest.mark.parametrize(("found", "status"), [("same", 0), ("different", 3), ("cannot tell", 0)])
def test_a_replay_that_decides_otherwise_ends_with_a_status_of_its_own(
    signed_in: Path, monkeypatch: pytest.MonkeyPatch, found: str, status: int
) -> None:
    answering(monkeypatch, (200, outreach(gate=[gate(replayed=found, replay_because="for a reason")])))
    told = runner.invoke(main.app, ["why", ID, "--replay"])
    assert (told.exit_code, f"replayed: {found}: for a reason" in told.stdout) == (status, True)


def test_markup_in_what_is_shown_is_not_read(signed_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = {
        "subject": "[red]Hello[/red]", "body": "[/]", "language": "hi", "template": None, "template_version": None,
        "variables": None,
    }  # fmt: skip
    entry = {"at": AT, "kind": "purchase", "title": "[bold]bought", "because": "[/]"}
    answering(monkeypatch, (200, outreach(message=message)), (200, {"items": [entry], "next_cursor": None}))
    assert "[red]Hello[/red]" in runner.invoke(main.app, ["why", ID, "--message"]).stdout
    told = runner.invoke(main.app, ["timeline", "C100088", "--kind", "purchase"]).stdout
    assert "2026-03-02        purchase  [bold]bought · [/]" in told


def test_the_trail_shows_from_what_to_what(signed_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {
        "audit_id": ID, "at": AT, "who": "u", "role": "admin", "action": "channel.enable",
        "subject_kind": "channel", "subject_id": "email", "customer_id": None, "before": {"mode": "dry_run"},
        "after": {"mode": "live"}, "because": "b", "request_id": None,
    }  # fmt: skip
    asked = answering(monkeypatch, *[(200, {"items": [entry], "next_cursor": None})] * 2)
    told = runner.invoke(main.app, ["audit", "--action", "channel.enable", "--since", "2026-03-01"]).stdout
    assert "channel.enable email" in told
    assert "  by u (admin): b\n  mode: dry_run → live" in told
    params = dict(asked[0].url.params)
    assert params["action"] == "channel.enable" and params["since"].startswith("2026-03-01T00:00:00")
    assert json.loads(runner.invoke(main.app, ["audit", "--json"]).stdout) == entry


def test_the_ledger_is_listed_and_a_message_called_back(signed_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = {
        "due_at": AT, "customer_id": "C100088", "purpose": "churn_intervention", "channel": "email",
        "state": "cancelled", "hold": None, "next_at": None, "outreach_id": ID,
    }  # fmt: skip
    moved = {"outreach": one, "because": "a person cancelled it"}
    page = {"items": [one], "next_cursor": None}
    late = {"detail": "The outreach stays as it is: it is too late: it was sent."}
    asked = answering(monkeypatch, (200, page), (200, moved), (409, late), (200, one))
    listed = runner.invoke(main.app, ["outreach", "list", "--state", "held", "--customer", "C100088"])
    assert ID in listed.stdout
    assert dict(asked[0].url.params) == {"limit": "20", "state": "held", "customer": "C100088"}
    told = runner.invoke(main.app, ["outreach", "cancel", ID])
    assert f"{ID} is cancelled: a person cancelled it" in told.stdout
    assert asked[1].url.path == f"/v1/outreach/{ID}/cancel"
    refused = runner.invoke(main.app, ["outreach", "release", ID])
    assert "it is too late: it was sent. (409)" in str(refused.exception)
    assert "churn_intervention" in runner.invoke(main.app, ["outreach", "show", ID]).stdout
