"""Cases go from open to taken to done, by the moves that there are and no others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from beforehand.outreach.cases import (
    NOBODY,
    Answer,
    Case,
    Kind,
    NewCase,
    Person,
    Role,
    State,
    fall_through,
    finish,
    give_back,
    moves,
    take,
)
from beforehand.results import Status

AT = datetime(2026, 1, 15, 9, tzinfo=UTC)
ASHA = Person(name="asha@example.com", role=Role.OPERATOR)
RAVI = Person(name="ravi@example.com", role=Role.OPERATOR)
ADMIN = Person(name="admin@example.com", role=Role.ADMIN)
NEW = NewCase(
    kind=Kind.ESCALATION, customer_id="C1", cycle="2026-01-15", outreach_id=None, run_id=None, role=Role.OPERATOR,
    subject="Take over C1", because="a VIP's risk is critical", priority=85, due_at=AT + timedelta(hours=2),
)  # fmt: skip
OPEN = Case(
    case_id=NEW.case_id, kind=NEW.kind, customer_id="C1", cycle=NEW.cycle, outreach_id=None, run_id=None,
    role=Role.OPERATOR, subject=NEW.subject, because=NEW.because, priority=85, state=State.OPEN, opened_at=AT,
    due_at=NEW.due_at,
)  # fmt: skip
TAKEN = replace(OPEN, state=State.TAKEN, taken_by=ASHA.name, taken_at=AT)
DONE = replace(TAKEN, state=State.DONE, done_by=ASHA.name, done_at=AT, answer=Answer.HANDLED)


def test_the_same_occasion_is_the_same_case() -> None:
    assert replace(NEW, because="another", priority=1).case_id == NEW.case_id
    assert replace(NEW, cycle="2026-01-16").case_id != NEW.case_id


@pytest.mark.parametrize(
    ("case", "by", "status", "because"),
    [
        (OPEN, ASHA, Status.DONE, "asha@example.com takes it, in time"),
        (TAKEN, ASHA, Status.SKIPPED, "you have it already"),
        (TAKEN, RAVI, Status.FAILED, "asha@example.com has it"),
        (TAKEN, ADMIN, Status.FAILED, "asha@example.com has it"),
        (DONE, RAVI, Status.FAILED, "asha@example.com has done it: handled"),
        (replace(OPEN, role=Role.ADMIN), ASHA, Status.FAILED, "it needs the role admin"),
        (replace(OPEN, role=Role.ADMIN), ADMIN, Status.DONE, "admin@example.com takes it, in time"),
    ],
)
def test_one_person_takes_a_case(case: Case, by: Person, status: Status, because: str) -> None:
    move = take(case, by=by, at=AT)
    assert (move.status, move.because) == (status, because)
    expected = (State.TAKEN, by.name, AT) if status is Status.DONE else (case.state, case.taken_by, case.taken_at)
    assert (move.case.state, move.case.taken_by, move.case.taken_at) == expected


@pytest.mark.parametrize(
    ("case", "by", "status", "because"),
    [
        (TAKEN, ASHA, Status.DONE, "asha@example.com answers handled, in time"),
        (TAKEN, ADMIN, Status.DONE, "admin@example.com answers handled, in time"),
        (TAKEN, RAVI, Status.FAILED, "asha@example.com has it"),
        (OPEN, ASHA, Status.FAILED, "nobody has taken it; take it first"),
        (DONE, ASHA, Status.SKIPPED, "asha@example.com has done it: handled"),
        (DONE, RAVI, Status.FAILED, "asha@example.com has done it: handled"),
    ],
)
def test_who_has_it_ends_it(case: Case, by: Person, status: Status, because: str) -> None:
    move = finish(case, by=by, answer=Answer.HANDLED, at=AT)
    assert (move.status, move.because) == (status, because)
    assert (move.case.state is State.DONE) is (status is not Status.FAILED or case.state is State.DONE)


def test_it_says_how_late_somebody_was() -> None:
    assert take(OPEN, by=ASHA, at=NEW.due_at + timedelta(minutes=30)).because.endswith("30 minutes late")


@pytest.mark.parametrize("case", [OPEN, TAKEN, DONE])
def test_no_move_goes_back(case: Case) -> None:
    order = list(State)
    moves: list[Any] = [take(case, by=by, at=AT) for by in (ASHA, RAVI, ADMIN)]
    moves += [finish(case, by=by, answer=a, at=AT) for by, a in product((ASHA, RAVI, ADMIN), Answer)]
    assert all(order.index(move.case.state) >= order.index(case.state) for move in moves)


@pytest.mark.parametrize(
    ("case", "by", "status", "because"),
    [
        (TAKEN, ASHA, Status.DONE, "asha@example.com gives it back, in time"),
        (TAKEN, ADMIN, Status.DONE, "admin@example.com gives it back, in time"),
        (TAKEN, RAVI, Status.FAILED, "asha@example.com has it"),
        (OPEN, ASHA, Status.SKIPPED, "nobody has it"),
        (DONE, ASHA, Status.FAILED, "asha@example.com has done it: handled"),
    ],
)
def test_who_has_it_gives_it_back(case: Case, by: Person, status: Status, because: str) -> None:
    move = give_back(case, by=by, at=AT)
    assert (move.status, move.because) == (status, because)
    assert move.case == (OPEN if status is Status.DONE else case)


FALLS = replace(OPEN, otherwise=Answer.DISMISSED, otherwise_at=NEW.due_at)


@pytest.mark.parametrize(
    ("case", "at", "because"),
    [
        (FALLS, NEW.due_at - timedelta(seconds=1), "it waits for a person until 2026-01-15 11:00 UTC"),
        (OPEN, NEW.due_at, "it waits for a person"),
        (replace(FALLS, otherwise_because="it was cancelled"), NEW.due_at, "it waits for a person"),
        (replace(FALLS, state=State.TAKEN, taken_by="asha"), NEW.due_at, "asha has it"),
        (DONE, NEW.due_at, "asha@example.com has done it: handled"),
    ],
)
def test_a_case_does_not_fall_through_early_or_past_a_person(case: Case, at: datetime, because: str) -> None:
    move = fall_through(case, at=at)
    assert (move.status, move.because, move.case) == (Status.SKIPPED, because, case)


def test_a_case_falls_through_at_its_very_moment_and_once() -> None:
    move = fall_through(FALLS, at=NEW.due_at)
    assert move.because == "nobody took its case by 2026-01-15 11:00 UTC, so nothing is sent"
    assert (move.case.state, move.case.done_by, move.case.answer) == (State.DONE, NOBODY, Answer.DISMISSED)
    assert fall_through(move.case, at=NEW.due_at).status is Status.SKIPPED
    assert take(move.case, by=ASHA, at=AT).because == "nobody took it by 2026-01-15 11:00 UTC, so nothing is sent"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"otherwise": Answer.DISMISSED}, "go together"),
        ({"otherwise_at": AT}, "go together"),
        ({"otherwise": Answer.HANDLED, "otherwise_at": AT}, "cannot fall through to handled"),
        ({"otherwise": Answer.SEND, "otherwise_at": AT}, "no message that could be sent"),
        ({"otherwise": Answer.DISMISSED, "otherwise_at": AT, "kind": Kind.REVIEW}, "a review waits for a person"),
    ],
)
def test_a_default_that_makes_no_sense_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        replace(NEW, **changes)


@pytest.mark.parametrize("case", [OPEN, TAKEN, DONE, replace(OPEN, role=Role.ADMIN)])
@pytest.mark.parametrize("by", [ASHA, RAVI, ADMIN])
def test_what_somebody_is_offered_they_may_do_and_nothing_else(case: Case, by: Person) -> None:
    tried = {
        "take": take(case, by=by, at=AT),
        "done": finish(case, by=by, answer=Answer.HANDLED, at=AT),
        "give_back": give_back(case, by=by, at=AT),
    }
    assert set(moves(case, by=by)) == {name for name, move in tried.items() if move.status is Status.DONE}
