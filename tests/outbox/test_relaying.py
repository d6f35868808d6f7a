"""What the relay does with each command, whatever becomes of the others."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from beforehand.errors import NotNowError, RefusedError
from beforehand.events import Event
from beforehand.events.outbox import CommandDied, CommandsArrived
from beforehand.outbox import relay_wiring
from beforehand.outbox.model import LEASE, MOST_ATTEMPTS, Claimed, State, UnreachableError, pause_after
from beforehand.outbox.relaying import relay
from beforehand.settings.outbox import OutboxRelaySettings

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)


class Rows:
    """Rows in memory that note what is asked of them; those of `away` cannot be reached."""

    def __init__(self, *, attempts: int = 1, away: str = "") -> None:
        self.attempts, self.away = attempts, away
        self.noted: dict[str, tuple[Any, ...]] = {}

    def due(self, *, now: datetime, limit: int) -> list[str]:
        return ["a", "another's"]

    def claim(self, command_id: str, *, now: datetime, until: datetime) -> Claimed | None:
        assert until - now == LEASE
        if command_id == self.away:
            raise UnreachableError("DynamoDB answered InternalServerError")
        if command_id == "another's":
            return None
        payload = json.dumps({"due_at": NOW.isoformat()})
        return Claimed(
            command_id=command_id, kind="start_scan", key="k", payload=payload, round=1, attempts=self.attempts
        )

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
    rows: Rows, *ids: str, carrier: Callable[[Event], str] = start, letters: Letters | None = None
) -> dict[str, int]:
    answer = relay(ids, commands=rows, carriers={"start_scan": carrier}, dead_letters=letters or Letters(), now=NOW)
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
    assert rows.noted["a"] == (State.DEAD, f"it was tried {MOST_ATTEMPTS} times; the last time it is closed")


def test_what_ends_the_relay_itself_each_time_is_not_tried_for_ever() -> None:
    rows = Rows(attempts=MOST_ATTEMPTS + 1)
    assert tried(rows, "a", carrier=failing(AssertionError("tried once more"))) == {"dead": 1}
    assert rows.noted["a"] == (State.DEAD, f"none of {MOST_ATTEMPTS} attempts came to its end")


def test_nothing_is_buried_before_people_are_told() -> None:
    rows = Rows()
    given = {"carrier": failing(RefusedError("no")), "letters": Letters(away=True)}
    assert tried(rows, "a", "b", **given) == {"left": 2}
    assert rows.noted == {}


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
