"""`beforehand rehearse`: files that are refused with their remedy, and the screen, its one sentence first."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from rich.console import Console

from beforehand.errors import BeforehandError
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.rehearsal.report import (
    Change,
    ChannelLine,
    DayLine,
    Difference,
    ExampleLine,
    Play,
    ReasonLine,
    Report,
    Turned,
)
from beforehand_cli.commands.rehearse import _policy, _prices
from beforehand_cli.rehearsal_screen import RehearsalScreen
from beforehand_cli.rehearsals import Wanted, _why

BEGIN = datetime(2026, 11, 30, 4, tzinfo=UTC)
SENTENCE = "With this contact policy instead, 412 more customers would be contacted: 900 messages instead of 488."


def play() -> Play:
    example = ExampleLine(customer_id="C1", purpose=Purpose.POST_EVENT, channel=Channel.EMAIL, at=BEGIN,
                          because="it is 22:40 [there]")  # fmt: skip
    channel = ChannelLine(
        channel=Channel.EMAIL, mode="live", sends=True, stopped=False, set_up=True, per_minute=60, at_once=100,
        capacity=3600, sent=488, busiest=None, hours=(), full_hours=0, wait_median=0, wait_p99=3, wait_longest=5,
    )  # fmt: skip
    return Play(
        policy_version="contact-v1", began_with=500, planned=0, sent=488, held=3, skipped=9, expired=0, open=3,
        customers=480, days=(DayLine(day=BEGIN.date(), sent=488, waiting=3),), purposes=(),
        reasons=(ReasonLine(what="held", rule="send_window", messages=3, examples=(example,)),),
        channels=(channel,), costs=(), totals={}, unpriced=0, planners=(), sent_first=(), ticks=9,
    )  # fmt: skip


def report(difference: Difference | None = None) -> Report:
    return Report(
        rehearsal_id=UUID(int=1), begin=BEGIN, end=BEGIN + timedelta(days=1), zone="UTC", purposes=(), play=play(),
        difference=difference, seconds=2.5,
    )  # fmt: skip


def shown(found: Report) -> str:
    text = StringIO()
    RehearsalScreen(Console(file=text, width=200)).show(found)
    return text.getvalue()


def test_the_difference_is_the_first_sentence_and_names_who_changes() -> None:
    turned = Turned(customer_id="C7", purpose=Purpose.POST_EVENT, channel=Channel.EMAIL, before="held",
                    before_because="contacted 4 times", after="sent", after_because="sent at last")  # fmt: skip
    found = Difference(
        sentence=SENTENCE, customers_more=412, customers_fewer=0, costs={"USD": (3.5, 9.25)}, channels=(),
        reasons=(), messages=Change(name="messages", before=488, after=900), examples=(turned,),
        purposes=(Change(name="post_event", before=488, after=900),),
    )  # fmt: skip
    text = shown(report(found))
    assert text.splitlines()[0] == SENTENCE
    assert "C7 (post_event, email): held, contacted 4 times → sent, sent at last" in text
    assert "+412" in text
    assert ["cost", "USD", "3.50", "9.25", "+5.75"] in [line.split() for line in text.splitlines()]


def test_the_screen_says_what_goes_why_not_and_what_was_taken_for_granted() -> None:
    text = shown(report())
    assert "nothing was sent or kept (2.5s)" in text
    assert "488 messages would go to 480 customers; 9 skipped, 0 too late, 3 still open" in text
    assert "send window" in text and "C1: it is 22:40 [there]" in text
    assert "longest 5 min" in text and "Taken for granted: nobody buys" in text


def test_a_policy_may_be_a_whole_one_or_the_fields_that_are_another(tmp_path: Path) -> None:
    some, whole = tmp_path / "some.toml", tmp_path / "whole.json"
    some.write_text('budget = 2\nsend_windows = [{ hours = "10:00–18:00" }]\n', encoding="utf-8")
    whole.write_text('{"version": "contact-v1", "policy": {"budget": 9}}', encoding="utf-8")
    assert _policy(some)["budget"] == 2
    assert _policy(whole) == {"budget": 9}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("p.toml", "budget = 0", "budget: Input should be greater than or equal to 1"),
        ("p.toml", "bugdet = 2", "bugdet: Extra inputs"),
        ("p.toml", "budget =", "is not TOML"),
        ("p.json", "[]", "holds no table"),
        ("p.json", "{", "is not JSON"),
    ],
)
def test_a_policy_that_is_none_is_refused_before_anything_starts(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BeforehandError, match=told):
        _policy(tmp_path / name)


def test_prices_are_refused_by_their_field(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[[prices]]\nchannel = "sms"\npart = -1\n', encoding="utf-8")
    with pytest.raises(BeforehandError, match=r"mine.toml, prices.0.part"):
        _prices(path)


def test_what_is_asked_for_travels_and_what_is_not_is_left_out() -> None:
    event = Wanted(days=3, live=(Channel.SMS,)).event(UUID(int=1))
    assert event == f'{{"rehearsal_id": "{UUID(int=1)}", "days": 3, "purposes": [], "live": ["sms"]}}'


@pytest.mark.parametrize(
    ("execution", "told"),
    [
        (
            {"status": "FAILED", "error": "E", "cause": '{"errorMessage": "no such channel"}'},
            "failed: no such channel",
        ),
        ({"status": "TIMED_OUT"}, "timed out: without a word"),
        ({"status": "FAILED", "error": "Sandbox.Timedout", "cause": "not json"}, "failed: with Sandbox.Timedout"),
    ],
)
def test_a_rehearsal_that_failed_says_why(execution: dict[str, str], told: str) -> None:
    assert told in _why(execution)
