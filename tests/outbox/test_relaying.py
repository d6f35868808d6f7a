"""What the relay does with each command, whatever becomes of the others."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from beforehand.adapters import sqs, step_functions
from beforehand.errors import NotNowError, RefusedError
from beforehand.events import Event
from beforehand.events.outbox import CommandDied, CommandsArrived
from beforehand.outbox import relay_wiring
from beforehand.outbox.model import (
    LEASE,
    MOST_ATTEMPTS,
    RELAY_MAY_RUN,
    Claimed,
    State,
    UnreachableError,
    pause_after,
)
from beforehand.outbox.relay_wiring import WORKS_SECONDS
from beforehand.outbox.relaying import relay
from beforehand.outbox.table import DynamoCommands
from beforehand.settings.outbox import OutboxRelaySettings
from tests.outbox.endpoint import forget_clients

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)


class Rows:
    """Rows in memory that note what is asked of them; those of `away` cannot be reached."""

    def __init__(self, *, attempts: int = 1, away: str = "", **said: Any) -> None:
        self.attempts, self.away = attempts, away
        self.said: dict[str, Any] = {
            "kind": "start_scan",
            "payload": json.dumps({"due_at": NOW.isoformat()}),
            "round": 1,
            **said,
        }
        self.noted: dict[str, tuple[Any, ...]] = {}

    def due(self, *, now: datetime, limit: int) -> list[str]:
        return ["a", "another's"]

    def claim(self, command_id: str, *, now: datetime, until: datetime) -> Claimed | None:
        assert until - now == LEASE
        if command_id == self.away:
            raise UnreachableError("DynamoDB answered InternalServerError")
        if command_id == "another's":
            return None
        return Claimed(command_id=command_id, key="k", attempts=self.attempts, **self.said)

    def postpone(self, claimed: Claimed, *, until: datetime, because: str) -> None:
        self.noted[claimed.command_id] = ("waits", until - NOW, because)

    def end(self, claimed: Claimed, state: State, *, now: datetime, because: str) -> None:
        self.noted[claimed.command_id] = (state, because)


class Letters:
    """Dead letters in memory; none is taken while the queue is `away`."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.sent: list[CommandDied] = []

    def send(self, document: CommandDied) -> None:
        if self.away:
            raise NotNowError("SQS did not take a message")
        self.sent.append(document)


def start(_: Event) -> str:
    return "it was started"


def failing(error: Exception) -> Callable[[Event], str]:
    def fail(_: Event) -> str:
        raise error

    return fail


def tried(
    rows: Rows,
    *ids: str,
    carrier: Callable[[Event], str] = start,
    letters: Letters | None = None,
    time_left: Callable[[], bool] = lambda: True,
) -> dict[str, int]:
    answer = relay(
        ids,
        commands=rows,
        carriers={"start_scan": carrier},
        dead_letters=letters or Letters(),
        time_left=time_left,
        now=NOW,
    )
    return {name: count for name, count in answer if count}


def test_each_is_carried_out_and_another_s_is_let_be() -> None:
    rows = Rows()
    assert tried(rows, "a", "another's", "b") == {"done": 2, "skipped": 1}
    assert rows.noted == {"a": (State.DONE, "it was started"), "b": (State.DONE, "it was started")}


def test_one_whose_row_gives_no_answer_is_left_and_the_rest_go_on() -> None:
    rows = Rows(away="a")
    assert tried(rows, "a", "b") == {"left": 1, "done": 1}
    assert set(rows.noted) == {"b"}


@pytest.mark.parametrize(
    ("error", "because"),
    [
        (NotNowError("Step Functions answered 503"), "Step Functions answered 503"),
        (ZeroDivisionError("of C100042, Asha"), "it failed with ZeroDivisionError"),
    ],
)
def test_what_another_attempt_may_mend_waits_for_it(error: Exception, because: str) -> None:
    rows = Rows(attempts=3)
    assert tried(rows, "a", carrier=failing(error)) == {"waiting": 1}
    assert rows.noted == {"a": ("waits", pause_after(3), because)}


def test_what_is_refused_dies_at_once_and_people_are_told() -> None:
    rows, letters = Rows(), Letters()
    assert tried(rows, "a", carrier=failing(RefusedError("no such machine")), letters=letters) == {"dead": 1}
    assert rows.noted == {"a": (State.DEAD, "no such machine")}
    assert [(letter.command_id, letter.because) for letter in letters.sent] == [("a", "no such machine")]


def test_the_last_attempt_that_fails_is_the_end() -> None:
    rows = Rows(attempts=MOST_ATTEMPTS)
    assert tried(rows, "a", carrier=failing(NotNowError("it is closed"))) == {"dead": 1}
    assert rows.noted["a"] == (State.DEAD, f"it was tried {MOST_ATTEMPTS} times; the last time: it is closed")


LATER_RELEASES = [
    (
        {"kind": "send_mail"},
        "There is no kind of command 'send_mail'; the kinds are start_scan",
    ),
    (
        {"payload": json.dumps({"due_at": NOW.isoformat(), "dry_run": True})},
        "start_scan refused: dry_run: Extra inputs are not permitted",
    ),
]


@pytest.mark.parametrize(("said", "because"), LATER_RELEASES)
def test_what_a_later_release_added_waits_for_it(said: dict[str, Any], because: str) -> None:
    rows, letters = Rows(**said), Letters()
    assert tried(rows, "a", letters=letters) == {"waiting": 1}
    assert rows.noted == {"a": ("waits", pause_after(1), because)}
    assert letters.sent == []


@pytest.mark.parametrize(("said", "because"), LATER_RELEASES)
def test_what_no_release_knows_dies_after_the_usual_attempts(said: dict[str, Any], because: str) -> None:
    rows, letters = Rows(attempts=MOST_ATTEMPTS, **said), Letters()
    assert tried(rows, "a", letters=letters) == {"dead": 1}
    assert letters.sent[0].because == f"it was tried {MOST_ATTEMPTS} times; the last time: {because}"


@pytest.mark.parametrize(
    ("said", "problem"),
    [({"round": None}, "its round or its attempts are no number"), ({"payload": "{"}, "its payload is no JSON")],
)
def test_a_row_that_no_release_writes_dies_at_once(said: dict[str, Any], problem: str) -> None:
    rows, letters = Rows(**said), Letters()
    assert tried(rows, "a", letters=letters) == {"dead": 1}
    assert rows.noted == {"a": (State.DEAD, f"its row is not as commands are written: {problem}")}
    assert [letter.command_id for letter in letters.sent] == ["a"]


def test_what_there_is_no_time_for_is_left_as_it_is() -> None:
    rows, answers = Rows(), iter([True, True, False, False])
    assert tried(rows, "a", "b", "c", "d", time_left=lambda: next(answers)) == {"done": 2, "later": 2}
    assert set(rows.noted) == {"a", "b"}


def test_what_ends_the_relay_itself_each_time_is_not_tried_for_ever() -> None:
    rows = Rows(attempts=MOST_ATTEMPTS + 1)
    assert tried(rows, "a", carrier=failing(AssertionError("tried once more"))) == {"dead": 1}
    assert rows.noted["a"] == (State.DEAD, f"none of {MOST_ATTEMPTS} attempts came to its end")


def test_nothing_is_buried_before_people_are_told() -> None:
    rows = Rows()
    given = {"carrier": failing(RefusedError("no")), "letters": Letters(away=True)}
    assert tried(rows, "a", "b", **given) == {"left": 2}
    assert rows.noted == {}


def test_the_relay_ends_before_it_is_ended_and_that_before_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    forget_clients()
    table, states, queue = DynamoCommands("t")._dynamodb(), step_functions._client(), sqs._client()
    # One command that is claimed, tried, told and ended while nothing answers before its time is over.
    calls = (table, states, queue, table)
    assert WORKS_SECONDS + sum(map(longest, calls)) < RELAY_MAY_RUN.total_seconds() < LEASE.total_seconds()
    forget_clients()


def longest(client: Any) -> float:
    """How many seconds a call may last; botocore pauses for at most one before it asks a second time."""
    config = client.meta.config
    attempts = int(config.retries["total_max_attempts"])
    assert attempts <= 2
    return attempts * float(config.connect_timeout + config.read_timeout) + attempts - 1


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The relay as it is deployed, beside a table that answers questions and takes no change of the row `a`."""
    settings = OutboxRelaySettings(commands_table="t", scan_machine="m", dead_letters="q")
    monkeypatch.setattr(relay_wiring, "from_environment", lambda _: settings)
    monkeypatch.setattr(relay_wiring, "DynamoCommands", lambda _: Rows(away="a"))


@pytest.mark.usefixtures("away")
def test_a_batch_of_the_stream_never_fails_and_a_sweep_says_aloud_what_it_could_not_try() -> None:
    record = {"eventName": "INSERT", "dynamodb": {"Keys": {"command_id": {"S": "a"}}, "SequenceNumber": "1"}}
    told = CommandsArrived.model_validate({"Records": [record]})
    assert relay_wiring.relay(told).left == 1
    with pytest.raises(UnreachableError, match="1 of the commands that are due could not be tried"):
        relay_wiring.relay(CommandsArrived.model_validate({"due_at": NOW.isoformat()}))
