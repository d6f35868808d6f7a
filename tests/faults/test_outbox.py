"""Commands between the real database and the local endpoint, while things go wrong."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from beforehand.adapters import step_functions
from beforehand.adapters.postgres import PostgresDatabase
from beforehand.adapters.step_functions import StepFunctions
from beforehand.errors import RefusedError
from beforehand.events.outbox import StartScan
from beforehand.ids import from_content
from beforehand.outbox import model
from beforehand.outbox.copying import NEWEST
from beforehand.outbox.model import LEASE, MOST_ATTEMPTS, Command, Filed, UnreachableError, pause_after
from beforehand.outbox.scans import start_scan
from beforehand.outbox.table import HURRIED, DynamoCommands
from beforehand.outbox.wiring import HANDS_OVER_SECONDS, hand_over
from beforehand.results import Status
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect
from tests.contracts.conftest import Aws
from tests.outbox.endpoint import Outside, add, answered, forget_clients, reached, settled, state_of

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
COMMAND = start_scan(NOW)
NO_ANSWER = "http://127.0.0.1:9"


@pytest.fixture
def outside(aws: Aws, database: PostgresDatabase) -> Iterator[Outside]:
    aws.local()
    with reached(aws):
        yield Outside(aws)
    with database.transaction() as transaction:
        transaction.run("delete from outbox_commands")


def earlier(count: int) -> list[Command]:
    """Commands of as many due times before."""
    return [start_scan(NOW - timedelta(minutes=minute)) for minute in range(1, count + 1)]


def killed(work: Callable[[], Any]) -> None:
    """Does the work in a process of its own, which must end by its own SIGKILL."""
    child = os.fork()
    if child == 0:
        forget_clients()
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.fault(37)
@pytest.mark.parametrize(
    ("dies_in", "there"), [("table.DynamoCommands.put", {}), ("store.PostgresOutbox.copied", {"state": "ready"})]
)
def test_a_caller_that_is_killed_after_its_commit_has_its_command_carried_out_once(
    outside: Outside,
    database: PostgresDatabase,
    postgres: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    dies_in: str,
    there: dict[str, str],
) -> None:
    def ask() -> None:
        own = PostgresDatabase(lambda: connect(postgres))
        monkeypatch.setattr(f"beforehand.outbox.{dies_in}", die)
        add(own, COMMAND, now=NOW)
        hand_over(own, outside.table)

    killed(ask)
    assert state_of(database, COMMAND)[0] == "pending"
    assert there.items() <= outside.row(COMMAND).items() and bool(there) == bool(outside.row(COMMAND))
    assert outside.sweep(database, now=NOW) == {"copied": 1, "under_way": 1}
    assert outside.relay(now=NOW) == {"done": 1}
    assert outside.sweep(database, now=NOW) == {"done": 1}
    assert state_of(database, COMMAND)[0] == "done"
    assert len(settled(outside, count=1)) == 1


@pytest.mark.fault(38)
@pytest.mark.parametrize(
    ("dies_in", "started", "said"),
    [
        ("adapters.step_functions.StepFunctions.start", 0, "was started"),
        ("outbox.table.DynamoCommands.end", 1, "was started before, perhaps with other options than these"),
    ],
)
def test_a_relay_that_is_killed_before_or_after_the_start_starts_one(
    outside: Outside,
    database: PostgresDatabase,
    monkeypatch: pytest.MonkeyPatch,
    dies_in: str,
    started: int,
    said: str,
) -> None:
    add(database, COMMAND, now=NOW)
    assert hand_over(database, outside.table).because == "1 handed over"

    def relay_and_die() -> None:
        monkeypatch.setattr(f"beforehand.{dies_in}", die)
        outside.relay(now=NOW)

    killed(relay_and_die)
    assert len(settled(outside, count=started)) == started
    assert outside.row(COMMAND)["state"] == "ready"
    assert outside.relay(now=NOW + timedelta(seconds=30)) == {}
    assert outside.relay(now=NOW + LEASE) == {"done": 1}
    assert len(settled(outside, count=1)) == 1
    row = outside.row(COMMAND)
    assert (row["state"], row["attempts"]) == ("done", "2")
    assert said in row["because"]


@pytest.mark.fault(39)
def test_poison_among_commands_dies_and_keeps_nobody(
    outside: Outside, database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = earlier(4)
    add(database, *good, now=NOW)
    outside.sweep(database, now=NOW)
    number, text = {"N": "1"}, {"S": "one"}
    outside.put("no-round", attempts=number, payload={"S": "{}"})
    outside.put("a-round-in-words", attempts=number, round=text)
    outside.put("attempts-in-words", attempts=text, round=number)
    outside.put("no-payload", attempts=number, round=number)
    for kind, payload in (("of_a_later_release", {}), ("start_scan", {"due_at": "soon"})):
        poison = Filed(
            command_id=from_content(kind), kind=kind, key="k", payload=payload, round=1, added_at=NOW
        )  # fmt: skip
        outside.commands.put(poison)
    start = StepFunctions.start

    def stumble(self: StepFunctions, machine: str, *, name: str, input: str) -> bool:
        if "08:57" in input:
            raise ZeroDivisionError
        return start(self, machine, name=name, input=input)

    monkeypatch.setattr(StepFunctions, "start", stumble)
    assert outside.relay(now=NOW) == {"done": 3, "dead": 4, "waiting": 3}
    assert {(letter["command_id"], letter["because"].partition(": ")[2]) for letter in outside.letters()} == {
        ("no-round", "its round or its attempts are no number"),
        ("a-round-in-words", "its round or its attempts are no number"),
        ("attempts-in-words", "its round or its attempts are no number"),
        ("no-payload", "its payload is no JSON"),
    }
    assert outside.row(good[2])["because"] == "it failed with ZeroDivisionError"
    monkeypatch.undo()
    assert outside.relay(now=NOW + pause_after(1)) == {"done": 1, "waiting": 2}
    assert len(settled(outside, count=4)) == 4
    moment = NOW + pause_after(1)
    for attempts in range(2, MOST_ATTEMPTS):
        moment += pause_after(attempts)
        last = outside.relay(now=moment)
    assert last == {"dead": 2}
    assert {letter["because"].partition("; ")[2] for letter in outside.letters()} == {
        "the last time: There is no kind of command 'of_a_later_release'; the kinds are start_scan",
        "the last time: start_scan refused: due_at: Input should be a valid datetime or date, input is too short",
    }


@pytest.mark.fault(20)
def test_while_the_table_is_down_callers_are_answered_and_their_commands_are_carried_out_later(
    outside: Outside, database: PostgresDatabase
) -> None:
    with pytest.MonkeyPatch.context() as down:
        down.setenv("AWS_ENDPOINT_URL", NO_ANSWER)
        forget_clients()
        add(database, COMMAND, now=NOW)
        handed = hand_over(database, outside.table)
        assert (handed.status, handed.because) == (Status.FAILED, "not handed over yet (UnreachableError)")
    forget_clients()
    assert state_of(database, COMMAND)[0] == "pending"
    assert outside.sweep(database, now=NOW) == {"copied": 1, "under_way": 1}
    assert outside.relay(now=NOW) == {"done": 1}
    assert len(settled(outside, count=1)) == 1


@pytest.mark.fault(29)
def test_what_the_next_release_adds_waits_for_it_and_is_carried_out_once(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = start_scan(NOW)
    of_the_next = Filed(
        command_id=asked.command_id, kind=asked.kind, key=asked.key, payload={**asked.payload, "dry_run": False},
        round=1, added_at=NOW,
    )  # fmt: skip
    outside.commands.put(of_the_next)
    assert outside.relay(now=NOW) == {"waiting": 1}
    assert outside.row(asked)["because"] == "start_scan refused: dry_run: Extra inputs are not permitted"
    assert outside.letters() == []

    class NextStartScan(StartScan):
        dry_run: bool

    monkeypatch.setattr(model, "PAYLOADS", {"start_scan": NextStartScan})
    assert outside.relay(now=NOW + pause_after(1)) == {"done": 1}
    assert len(settled(outside, count=1)) == 1


def test_a_table_that_hangs_is_asked_once_and_not_waited_for(
    outside: Outside, database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert HURRIED["connect_seconds"] + HURRIED["read_seconds"] + HANDS_OVER_SECONDS <= 2
    add(database, *earlier(9), now=NOW)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        forget_clients()
        assert hand_over(database, outside.table).because == "not handed over yet (UnreachableError)"
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_table_that_is_slow_costs_a_caller_one_copy(
    outside: Outside, database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, put = earlier(5), DynamoCommands.put

    def slowly(self: DynamoCommands, filed: Filed) -> None:
        time.sleep(HANDS_OVER_SECONDS)
        put(self, filed)

    monkeypatch.setattr(DynamoCommands, "put", slowly)
    add(database, *slow, now=NOW)
    assert hand_over(database, outside.table).because == "1 handed over"
    assert sorted(state_of(database, one)[0] for one in slow) == ["copied"] + ["pending"] * 4


def test_a_caller_hands_over_its_own_command_and_not_the_backlog(
    outside: Outside, database: PostgresDatabase
) -> None:
    backlog, own = earlier(30), start_scan(NOW)
    add(database, *backlog, now=NOW - timedelta(minutes=1))
    add(database, own, now=NOW)
    assert hand_over(database, outside.table).status == Status.DONE
    assert state_of(database, own)[0] == "copied"
    left = [one for one in backlog if state_of(database, one)[0] == "pending"]
    assert len(left) > 30 - NEWEST
    assert outside.sweep(database, now=NOW) == {"copied": len(left), "under_way": 31}


def test_what_the_table_refuses_for_good_dies_and_the_others_are_copied(
    outside: Outside, database: PostgresDatabase
) -> None:
    first, too_long, last = earlier(3)
    add(database, first, too_long, last, now=NOW)
    with database.transaction() as transaction:
        transaction.run(
            "update outbox_commands set payload = jsonb_build_object('due_at', repeat('x', 500000)), added_at = :at"
            " where command_id = :id",
            id=too_long.command_id, at=NOW - timedelta(minutes=1),
        )  # fmt: skip
    with pytest.raises(RefusedError, match="refused 1 commands for good; they are dead"):
        outside.sweep(database, now=NOW)
    state, because = state_of(database, too_long)
    assert (state, because.partition(": ")[0]) == ("dead", "DynamoDB refused it")
    assert "size" in because
    assert [state_of(database, one)[0] for one in (first, last)] == ["copied", "copied"]
    assert outside.sweep(database, now=NOW) == {"under_way": 2}


def test_while_the_table_takes_nothing_outcomes_are_learned_and_the_sweep_says_aloud_that_it_could_not_copy(
    outside: Outside, database: PostgresDatabase
) -> None:
    done, waiting = earlier(2)
    add(database, done, now=NOW)
    hand_over(database, outside.table)
    assert outside.relay(now=NOW) == {"done": 1}
    add(database, waiting, now=NOW)
    answered(outside.commands._dynamodb(), "dynamodb.PutItem", status=400, code="AccessDeniedException")
    with pytest.raises(UnreachableError, match="DynamoDB answered AccessDeniedException"):
        outside.sweep(database, now=NOW)
    assert [state_of(database, one)[0] for one in (done, waiting)] == ["done", "pending"]
    forget_clients()
    assert outside.sweep(database, now=NOW) == {"copied": 1, "under_way": 1}


def test_a_row_whose_state_nobody_knows_is_told_of_and_keeps_no_other(
    outside: Outside, database: PostgresDatabase
) -> None:
    odd, good = earlier(2)
    add(database, odd, good, now=NOW)
    outside.sweep(database, now=NOW)
    outside.put(str(odd.command_id), state={"S": "asleep"})
    assert outside.relay(now=NOW) == {"done": 1, "skipped": 1}
    assert outside.sweep(database, now=NOW) == {"done": 1, "under_way": 1}
    assert state_of(database, odd) == ("copied", "its row is not as commands are written: its state is 'asleep'")


@pytest.mark.fault(34)
def test_a_start_that_is_refused_dies_at_once_with_its_because_and_can_be_asked_for_again(
    outside: Outside, database: PostgresDatabase
) -> None:
    add(database, COMMAND, now=NOW)
    hand_over(database, outside.table)
    elsewhere = outside.settings.model_copy(update={"scan_machine": outside.machine + "-of-another"})
    assert outside.relay(now=NOW, settings=elsewhere) == {"dead": 1}
    (letter,) = outside.letters()
    assert letter["because"] == "Step Functions refused it: StateMachineDoesNotExist"
    assert outside.sweep(database, now=NOW) == {"dead": 1}
    assert state_of(database, COMMAND) == ("dead", "Step Functions refused it: StateMachineDoesNotExist")
    add(database, COMMAND, now=NOW)
    hand_over(database, outside.table)
    assert outside.relay(now=NOW) == {"done": 1}
    assert len(settled(outside, count=1)) == 1


@pytest.mark.fault(21)
def test_a_service_that_is_throttled_is_asked_again_less_and_less_often_and_at_last_people_are_told(
    outside: Outside, database: PostgresDatabase
) -> None:
    add(database, COMMAND, now=NOW)
    hand_over(database, outside.table)
    moment = NOW
    answered(step_functions._client(), "sfn.StartExecution", status=400, code="ThrottlingException")
    for attempts in range(1, MOST_ATTEMPTS):
        assert outside.relay(now=moment) == {"waiting": 1}
        assert outside.row(COMMAND)["attempts"] == str(attempts)
        moment += pause_after(attempts)
        assert outside.relay(now=moment - timedelta(seconds=1)) == {}
    assert outside.letters() == []
    assert outside.relay(now=moment) == {"dead": 1}
    (letter,) = outside.letters()
    assert letter["because"] == "it was tried 10 times; the last time: Step Functions answered ThrottlingException"
    assert outside.executions() == []
