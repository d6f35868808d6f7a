"""The marks of who must not be contacted: senders see them, and no lift takes away what another has just said."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from beforehand.outreach.delivery.gates import Begun, DynamoGates
from beforehand.outreach.model import Channel
from beforehand.outreach.suppression import marks as module
from beforehand.outreach.suppression.marks import DynamoMarks
from beforehand.outreach.suppression.model import MarksUnreachableError
from tests.contracts.conftest import Aws
from tests.contracts.lossy import cut
from tests.contracts.test_gates import gates_table
from tests.outbox.endpoint import forget_clients, reached

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HASH = "c0ffee"


@pytest.fixture
def table(aws: Aws) -> Iterator[str]:
    with reached(aws):
        yield gates_table(aws)


@pytest.fixture
def marks(table: str) -> DynamoMarks:
    return DynamoMarks(table)


def begin(table: str) -> Begun:
    return DynamoGates(table).begin(uuid4(), 1, channel=Channel.EMAIL, contact=HASH, nonce="mine", now=NOW)


def test_a_sender_is_refused_while_a_mark_stands(marks: DynamoMarks, table: str) -> None:
    assert begin(table) is Begun.MINE
    marks.put(HASH, by="ledger", now=NOW)
    assert begin(table) is Begun.SUPPRESSED
    assert marks.remove(HASH, makers=["ledger"])
    assert begin(table) is Begun.MINE


def test_a_mark_names_each_that_made_it_once(marks: DynamoMarks) -> None:
    assert marks.makers(HASH) == frozenset()
    for by in ("ledger", "ses#1", "ledger"):
        marks.put(HASH, by=by, now=NOW)
    assert marks.makers(HASH) == {"ledger", "ses#1"}


def test_a_mark_goes_only_with_all_that_made_it(marks: DynamoMarks) -> None:
    assert not marks.remove(HASH, makers=["ledger"]), "there is none"
    marks.put(HASH, by="ledger", now=NOW)
    marks.put(HASH, by="ses#1", now=NOW)
    for others in (["ledger"], ["ledger", "ses#2"], ["ledger", "ses#1", "ses#2"]):
        assert not marks.remove(HASH, makers=others)
    assert marks.remove(HASH, makers=["ses#1", "ledger"]), "in whatever order"
    assert marks.makers(HASH) == frozenset()


def test_a_lift_never_takes_away_what_is_said_at_the_same_moment(marks: DynamoMarks) -> None:
    taken = set()
    for number in range(20):
        contact = f"{HASH}{number}"
        marks.put(contact, by="ledger", now=NOW)
        with ThreadPoolExecutor(2) as pool:
            lift = pool.submit(marks.remove, contact, makers=["ledger"])
            pool.submit(marks.put, contact, by="ses#1", now=NOW).result()
        taken.add(lift.result())
        assert marks.makers(contact) == ({"ses#1"} if lift.result() else {"ledger", "ses#1"})
    assert taken <= {True, False}


def test_those_that_are_not_marked_are_named_in_their_order(marks: DynamoMarks) -> None:
    hashes = [f"{HASH}{number}" for number in range(100)]
    for one in hashes[::2]:
        marks.put(one, by="ledger", now=NOW)
    assert marks.missing(hashes) == hashes[1::2]
    assert marks.missing([]) == []


@pytest.mark.parametrize("reaches", [True, False], ids=["after it was written", "before it was written"])
def test_a_mark_whose_answer_was_lost_is_put_again(
    marks: DynamoMarks, monkeypatch: pytest.MonkeyPatch, reaches: bool
) -> None:
    cut(monkeypatch, module._dynamodb(), "UpdateItem", reaches=reaches, times=1)
    marks.put(HASH, by="ledger", now=NOW)
    assert marks.makers(HASH) == {"ledger"}
    cut(monkeypatch, module._dynamodb(), "UpdateItem", reaches=reaches, times=9)
    with pytest.raises(MarksUnreachableError):
        marks.put(HASH, by="ses#1", now=NOW)
    assert ("ses#1" in marks.makers(HASH)) is reaches


def test_a_lift_whose_answer_was_lost_is_told_apart_at_the_next_sweep(
    marks: DynamoMarks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK repeats it and finds nothing, so it says False; the sweep asks who marked it, and hears nobody."""
    marks.put(HASH, by="ledger", now=NOW)
    cut(monkeypatch, module._dynamodb(), "DeleteItem", reaches=True, times=1)
    assert marks.remove(HASH, makers=["ledger"]) is False
    assert marks.makers(HASH) == frozenset()


def test_a_table_that_gives_no_answer_is_never_taken_for_nobody(
    marks: DynamoMarks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    forget_clients()
    for call in (
        lambda: marks.put(HASH, by="ledger", now=NOW),
        lambda: marks.makers(HASH),
        lambda: marks.missing([HASH]),
        lambda: marks.remove(HASH, makers=["ledger"]),
    ):
        with pytest.raises(MarksUnreachableError):
            call()
