"""`beforehand followups` and `beforehand emotions`, through the API's own code on a real database."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from beforehand_cli import main, terminal
from beforehand_cli.api import ApiRefusedError
from beforehand_cli.commands import shown
from tests.api.conftest import company, files, marks, served
from tests.api.served import NOW, Served
from tests.cli.serving_requests import api_of
from tests.cli.signed_in import sign_in

__all__ = ["company", "files", "marks", "served"]
runner = typer.testing.CliRunner()
DAY = timedelta(days=1)
CUSTOM = ("plan", "custom", "C1", "--channel", "sms", "--body", "Hello there.", "--due")


@pytest.fixture(autouse=True)
def desk(company: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """Somebody is signed in to a stage with a few customers."""
    sign_in(tmp_path, monkeypatch)
    made = api_of(company)
    monkeypatch.setattr(terminal.console, "width", 240)
    monkeypatch.setattr(shown, "_api", lambda _stage: made)
    return company


def run(*words: str, of: str = "followups", status: int = 0, typed: str | None = None) -> str:
    told = runner.invoke(main.app, [of, *words], input=typed)
    assert told.exit_code == status, told.output + str(told.exception)
    # Standard output is the terminal's own for rich, and may hold what the API logs.
    return "\n".join(line for line in told.output.splitlines() if not line.startswith('{"level"'))


def clock(moment: datetime) -> str:
    """A moment as it is typed, by the clock of this machine."""
    return f"{moment.astimezone():%Y-%m-%dT%H:%M:%S}"


def planned(*words: str) -> str:
    """The id of a follow-up that these words plan."""
    return str(json.loads(run(*words, "--json"))["job_id"])


def test_an_event_is_followed_up_once_and_the_second_time_it_is_said_why_not() -> None:
    words = ("plan", "post-event", "C1", "--event-at", clock(NOW), "--booking", "BK1", "--conversation", "conv_1")
    name = f"followup_C1_{int((NOW + DAY).timestamp())}"
    told = run(*words)
    assert told.startswith(f"{name} is due {(NOW + DAY).astimezone():%Y-%m-%d %H:%M:%S}")
    assert told.endswith("by post_event_neutral_emotion: 24 hours after their event; nobody knows how they felt")
    again = run(*words, "--delay-hours", "36")
    assert again == "Nothing was planned: an event of theirs within the tolerance is followed up already"
    one = json.loads(run("show", name, "--json"))
    assert (one["booking_id"], one["conversation_id"]) == ("BK1", "conv_1")


def test_each_other_kind_is_planned_by_ones_own_clock() -> None:
    silent = planned("plan", "re-engagement", "C1", "--last-activity", clock(NOW), "--inactive-days", "7")
    assert silent == f"reengagement_C1_{int((NOW + 7 * DAY).timestamp())}"
    assert planned("plan", "check-in", "C1", "--due", clock(NOW + DAY)) == f"checkin_C1_{stamp(NOW + DAY)}"
    assert planned(*CUSTOM, clock(NOW + DAY), "--key", "parcel-7") == f"custom_C1_{stamp(NOW + DAY)}"
    by_template = planned(
        "plan", "custom", "C1", "--due", clock(NOW + DAY), "--template", "appointment_reminder", "--channel", "sms",
        "--set", "starts_at=2026-03-09T10:00:00+00:00", "--set", "place=Main Street",
    )  # fmt: skip
    assert by_template == f"custom_C1_{stamp(NOW + DAY)}_2"


def stamp(moment: datetime) -> int:
    return int(moment.timestamp())


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "custom", "C1", "--due", "2026-03-09"),
        ("plan", "custom", "C1", "--due", "2026-03-09", "--body", "b", "--template", "t"),
        ("plan", "custom", "C1", "--due", "2026-03-09", "--body", "b", "--set", "a=1"),
        ("plan", "post-event", "C1"),
        ("plan", "post-event", "C1", "--event-at", "tomorrow"),
        ("reschedule", "custom_C1_1"),
        ("reschedule", "custom_C1_1", "--due", "2026-03-09", "--event-at", "2026-03-09"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_it_is_asked(words: tuple[str, ...]) -> None:
    run(*words, status=2)
    assert run("list") == "There is none."


def test_what_the_api_refuses_is_said_with_its_field() -> None:
    for words, said in (
        (("plan", "check-in", "C99"), "There is no such customer"),
        (("plan", "custom", "C1", "--due", "2031-01-01", "--body", "b", "--channel", "sms"), "due_at: the message"),
        (("show", "custom_C1_1"), "There is no such follow-up"),
        (("list", "--status", "held"), "status: "),
    ):
        told = runner.invoke(main.app, ["followups", *words])
        assert isinstance(told.exception, ApiRefusedError) and said in str(told.exception), told.output


def test_the_list_shows_what_is_asked_for_up_to_its_limit() -> None:
    jobs = [planned(*CUSTOM, clock(NOW + number * DAY)) for number in (1, 2, 3)]
    run("plan", "post-event", "C2", "--event-at", clock(NOW), "--booking", "BK2")
    run("cancel", jobs[0])
    assert all(job in run("list") for job in jobs)
    listed = lambda *words: [  # noqa: E731
        json.loads(line)["job_id"] for line in run("list", *words, "--json").splitlines()
    ]
    assert listed("--customer", "C1", "--status", "pending") == [jobs[2], jobs[1]]
    assert listed("--kind", "custom", "--limit", "1") == [jobs[2]]
    moments = ("--due-from", clock(NOW + 2 * DAY), "--due-before", clock(NOW + 3 * DAY))
    assert listed(*moments) == [jobs[1]]
    assert len(listed("--booking", "BK2")) == len(listed("--conversation", "booking_BK2")) == 1


def test_one_is_called_back_once_and_what_has_gone_stays(desk: Served) -> None:
    job_id = planned(*CUSTOM, clock(NOW + DAY))
    assert run("cancel", job_id) == f"{job_id} is cancelled: a person called it back"
    assert run("cancel", job_id) == f"{job_id} stays as it is: it is cancelled already"
    assert json.loads(run("cancel", job_id, "--json"))["cancelled"] is False
    assert "cancelled by" in run("show", job_id)


def test_one_is_moved_in_place_and_shown_with_its_moves() -> None:
    job_id = planned(*CUSTOM, clock(NOW + DAY))
    told = run("reschedule", job_id, "--due", clock(NOW + 2 * DAY), "--because", "they asked")
    assert told.startswith(f"{job_id} is due {(NOW + 2 * DAY).astimezone():%Y-%m-%d %H:%M:%S}")
    assert told.endswith(": they asked")
    assert "they asked" in run("show", job_id)
    event = planned("plan", "post-event", "C1", "--event-at", clock(NOW), "--delay-hours", "2")
    moved = json.loads(run("reschedule", event, "--event-at", clock(NOW + DAY), "--json"))
    due_at = datetime.fromisoformat(moved["followup"]["scheduled_at"])
    assert due_at == NOW + DAY + timedelta(hours=2)


def test_health_is_shown_and_is_json_for_programs() -> None:
    run(*CUSTOM, clock(NOW + DAY))
    assert "status             healthy" in run("health")
    told = json.loads(run("health", "--json"))
    assert (told["pending_jobs"], told["apscheduler_jobs"], told["executed_today"]) == (1, 1, 0)


def test_an_emotion_is_recorded_by_its_score_or_read_from_a_text(desk: Served) -> None:
    run("plan", "post-event", "C1", "--event-at", clock(NOW), "--conversation", "conv_1")
    told = run(
        "record", "C1", "--score", "0.9", "--conversation", "conv_1", "--at", clock(NOW - DAY), of="emotions"
    )
    assert told == "0.90 is kept: they do not feel bad; 1 waiting follow-up written anew"
    run("record", "C1", "--text", "-", "--language", "en", of="emotions", typed="It was a bad wasp.")
    told = run("list", "C1", of="emotions")
    assert "lexicon" in told and "given" in told and "wasp" not in told
    assert told.splitlines()[-1].startswith("After an event: post_event_")
    whole: dict[str, Any] = json.loads(run("list", "C1", "--limit", "1", "--json", of="emotions"))
    assert (len(whole["items"]), whole["items"][0]["read_by"]) == (1, "lexicon")
    assert json.loads(run("record", "C1", "--score", "0", "--json", of="emotions"))["score"] == 0


@pytest.mark.parametrize("words", [(), ("--score", "0.5", "--text", "b"), ("--score", "2"), ("--language", "en")])
def test_an_emotion_has_a_score_or_a_text(words: tuple[str, ...]) -> None:
    run("record", "C1", *words, of="emotions", status=2)
