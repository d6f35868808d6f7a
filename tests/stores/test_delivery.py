"""Delivery on the real ledger: who is claimed, what the database refuses, and what becomes of each attempt."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from pg8000.exceptions import DatabaseError

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.outreach import casework
from beforehand.outreach.cases import Answer, Person, Role
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.channels.model import OPTED_OUT, Outcome
from beforehand.outreach.delivery import settling
from beforehand.outreach.delivery.claiming import CHUNK
from beforehand.outreach.delivery.model import LEASE, SETTLE, Mode
from beforehand.outreach.delivery.store import PostgresDelivery
from beforehand.outreach.gate.model import Action, Verdict
from beforehand.outreach.model import Channel, Hold
from beforehand.outreach.store import PostgresOutreach
from beforehand.results import Status
from tests.outreach.desk import NOW, Desk, proposal


@pytest.fixture
def desk(transaction: Transaction) -> Desk:
    desk = Desk(transaction)
    desk.mode(Mode.LIVE)
    return desk


def verdict(action: Action, **changes: object) -> Verdict:
    return Verdict(action=action, because=f"{action} it", rule="test", **changes)  # type: ignore[arg-type]


def test_a_message_goes_from_proposed_to_sent(desk: Desk) -> None:
    (one,) = desk.propose(proposal())
    (chunk,) = desk.claim().chunks
    assert (desk.state(one), [m.outreach_id for m in chunk.messages]) == ("claimed", [one])
    desk.send(chunk)
    assert desk.record(chunk).sent == 1
    assert (desk.state(one), desk.phone.taken) == ("sent", [one])
    (attempt,) = desk.attempts(one)
    assert (attempt["outcome"], attempt["provider_id"], attempt["policy_version"]) == (
        "accepted", "m-1", "contact-v1",
    )  # fmt: skip
    assert desk.claim(NOW + timedelta(days=1)).chunks == []


def test_what_is_not_due_or_belongs_to_another_channel_is_left(desk: Desk) -> None:
    desk.propose(proposal("C1", due_at=NOW + timedelta(seconds=1)), proposal("C2", channel=Channel.SMS))
    assert desk.claim().claimed == []


def test_the_most_urgent_go_first_and_no_more_than_the_rate_allows(desk: Desk) -> None:
    desk.mode(Mode.LIVE, per_minute=3)
    ids = desk.propose(*(proposal(f"C{n}", priority=n) for n in range(10)))
    assert {one.outreach_id for one in desk.claim().claimed} == set(ids[-3:])
    assert desk.claim(NOW + timedelta(seconds=54)).claimed == []
    assert {one.outreach_id for one in desk.claim(NOW + timedelta(seconds=59)).claimed} == set(ids[-6:-3])


def test_what_must_wait_keeps_nobody_behind_it_however_little_room_there_is(desk: Desk) -> None:
    desk.mode(Mode.LIVE, per_minute=1)
    ids = desk.propose(*(proposal(f"C{n}", priority=90 - n) for n in range(30)))
    hold = verdict(Action.HOLD, until=NOW + timedelta(hours=3), hold=Hold.WINDOW)
    desk.verdicts = {f"C{n}": hold for n in range(20)}
    claims = desk.claim()
    assert ([one.outreach_id for one in claims.claimed], len(claims.kept)) == ([ids[20]], 20)
    assert {desk.state(one) for one in ids[21:]} == {"scheduled"}


def test_what_waited_for_a_channel_is_let_go_by_the_tick_once_it_is_live_and_set_up(desk: Desk) -> None:
    """Whoever enables a channel in the middle of a tick, or sets it up later, strands nothing."""
    desk.mode(Mode.DRY_RUN)
    (one,) = desk.propose(proposal())
    desk.claim()
    assert desk.ledger.let_go(desk.available, now=NOW) == 0
    desk.mode(Mode.LIVE)
    assert desk.ledger.let_go({Channel.SMS}, now=NOW) == 0
    assert desk.ledger.let_go(desk.available, now=NOW) == 1
    assert [claimed.outreach_id for claimed in desk.claim().claimed] == [one]


def test_a_tick_without_time_leaves_what_is_due(desk: Desk) -> None:
    (one,) = desk.propose(proposal())
    desk.time_left = False
    assert desk.claim().claimed == []
    assert desk.state(one) == "scheduled"


def test_no_more_are_in_flight_than_the_channel_allows(desk: Desk) -> None:
    desk.mode(Mode.LIVE, at_once=2)
    desk.propose(*(proposal(f"C{n}") for n in range(5)))
    (chunk,) = desk.claim().chunks
    assert len(chunk.messages) == 2
    assert desk.claim(NOW + timedelta(minutes=2)).claimed == []
    desk.send(chunk)
    desk.record(chunk)
    assert len(desk.claim(NOW + timedelta(minutes=2)).claimed) == 2


def test_what_the_gate_keeps_stands_with_its_because_and_its_time(desk: Desk) -> None:
    until = NOW + timedelta(hours=3)
    held, skipped, expired = desk.propose(proposal("C1"), proposal("C2"), proposal("C3"))
    desk.verdicts = {
        "C1": verdict(Action.HOLD, until=until, hold=Hold.WINDOW),
        "C2": verdict(Action.SKIP),
        "C3": verdict(Action.EXPIRE),
    }
    desk.claim()
    row = desk.row(held)
    assert (row["state"], row["hold"], row["next_at"], row["state_because"]) == ("held", "window", until, "hold it")
    assert (desk.state(skipped), desk.state(expired)) == ("skipped", "expired")
    assert desk.row(skipped)["next_at"] is None
    desk.verdicts = {}
    assert [one.outreach_id for one in desk.claim(until).claimed] == [held]


def test_the_same_decision_is_entered_once_however_often_it_is_made(desk: Desk) -> None:
    (one,) = desk.propose(proposal())
    for minutes in range(3):
        again = NOW + timedelta(minutes=minutes)
        desk.verdicts = {"C1": verdict(Action.HOLD, until=again + timedelta(minutes=1), hold=Hold.WINDOW)}
        desk.claim(again)
    entered = desk.transaction.rows("select action, facts from journal_decisions where outreach_id = :one", one=one)
    assert [entry["action"] for entry in entered] == ["hold"]
    assert entered[0]["facts"]["zone"] == "Asia/Kolkata"


def test_a_channel_in_dry_run_holds_what_would_have_gone(desk: Desk) -> None:
    desk.mode(Mode.DRY_RUN)
    (one,) = desk.propose(proposal())
    assert desk.claim().claimed == []
    row = desk.row(one)
    assert (row["state"], row["hold"]) == ("held", "dry_run")
    assert row["state_because"] == "email is in dry run; it would have gone now"


def test_a_channel_that_nobody_has_set_up_holds_what_would_have_gone(desk: Desk) -> None:
    desk.available = frozenset({Channel.SMS})
    (one,) = desk.propose(proposal())
    assert desk.claim().claimed == []
    row = desk.row(one)
    assert (row["hold"], row["state_because"]) == ("dry_run", "email is not set up in this deployment")


@pytest.mark.parametrize("stop", ["off", "switch"])
def test_a_channel_that_is_off_or_stopped_is_not_looked_at(desk: Desk, stop: str) -> None:
    if stop == "off":
        desk.mode(Mode.OFF)
    else:
        desk.gates.switched.add("all")
    (one,) = desk.propose(proposal())
    assert desk.claim().claimed == []
    assert desk.state(one) == "scheduled"


@pytest.mark.parametrize("held", [True, False])
def test_what_waited_too_long_expires_whatever_it_waited_for(desk: Desk, held: bool) -> None:
    (one,) = desk.propose(proposal(held=held))
    until = NOW + timedelta(days=7)
    assert desk.ledger.expire(until - timedelta(seconds=1)) == 0
    assert desk.ledger.expire(until) == 1
    row = desk.row(one)
    assert (row["state"], row["hold"], row["next_at"]) == ("expired", None, None)
    assert row["state_because"].startswith("it had to go before 2026-12-04 12:00 UTC")


@pytest.mark.parametrize(
    ("mode", "held", "why"),
    [
        (Mode.OFF, False, "email was off"),
        (Mode.LIVE, False, "email's rate was used up or a kill switch was on"),
        (Mode.OFF, True, "it waited for a person"),
    ],
)
def test_what_expires_without_having_been_looked_at_says_what_kept_it(
    desk: Desk, mode: Mode, held: bool, why: str
) -> None:
    (one,) = desk.propose(proposal(held=held))
    desk.transaction.run("update outreach set state_because = null where outreach_id = :id", id=one)
    desk.mode(mode)
    desk.ledger.expire(NOW + timedelta(days=7))
    assert desk.row(one)["state_because"] == f"it had to go before 2026-12-04 12:00 UTC; {why}"


def test_a_definite_no_is_tried_again_later_and_ends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "MOST_REFUSALS", 5)
    desk.phone.outcomes = [Outcome.NOT_NOW] * 5
    (one,) = desk.propose(proposal())
    now, states = NOW, []
    for _ in range(5):
        (chunk,) = desk.claim(now).chunks
        desk.send(chunk, now)
        desk.record(chunk, now)
        states.append(desk.state(one))
        now += timedelta(hours=1)
    assert states == ["scheduled"] * 4 + ["failed"]
    assert [attempt["outcome"] for attempt in desk.attempts(one)] == ["not_now"] * 5
    assert desk.row(one)["state_because"] == "it said not_now; it was tried 5 times"


def test_a_message_whose_sender_never_came_goes_again(desk: Desk) -> None:
    (one,) = desk.propose(proposal())
    desk.claim()
    later = NOW + LEASE
    assert desk.ask(later - timedelta(seconds=1)).scheduled == 0
    assert desk.ask(later).scheduled == 1
    (chunk,) = desk.claim(later).chunks
    assert chunk.messages[0].attempt == 2
    desk.send(chunk, later)
    desk.record(chunk, later)
    assert (desk.state(one), desk.phone.taken) == ("sent", [one])


def test_a_lost_answer_goes_to_a_person_and_never_again_by_itself(desk: Desk) -> None:
    desk.phone.outcomes = [Outcome.UNKNOWN]
    (one,) = desk.propose(proposal())
    (chunk,) = desk.claim().chunks
    desk.send(chunk)
    assert desk.record(chunk).unknown == 1
    for later in (LEASE, LEASE + SETTLE - timedelta(seconds=1)):
        desk.ask(NOW + later)
        assert desk.state(one) == "unknown"
    assert desk.ask(NOW + LEASE + SETTLE).review == 1
    (case,) = desk.transaction.rows("select kind, because from outreach_cases where outreach_id = :one", one=one)
    assert case["kind"] == "review"
    assert desk.claim(NOW + timedelta(days=1)).claimed == []
    assert desk.phone.taken == [one]


@pytest.mark.parametrize(
    ("answer", "becomes"), [(Answer.HANDLED, "sent"), (Answer.SEND, "scheduled"), (Answer.DISMISSED, "review")]
)
def test_only_a_person_says_what_became_of_a_lost_answer(desk: Desk, answer: Answer, becomes: str) -> None:
    desk.phone.outcomes = [Outcome.UNKNOWN]
    (one,) = desk.propose(proposal())
    (chunk,) = desk.claim().chunks
    desk.send(chunk)
    desk.record(chunk)
    desk.ask(NOW + LEASE + SETTLE)
    cases = PostgresCases(desk.transaction)
    (case,) = cases.page(state=None, after=None, limit=9)
    asha = Person(name="asha", role=Role.OPERATOR)
    casework.take(case.case_id, by=asha, cases=cases, now=NOW)
    move = casework.finish(
        case.case_id, by=asha, answer=answer, cases=cases, desk=PostgresOutreach(desk.transaction), now=NOW
    )
    assert (move.status, desk.state(one)) == (Status.DONE, becomes)
    assert len(desk.claim(NOW + timedelta(hours=1)).claimed) == (answer is Answer.SEND)


def test_a_record_that_comes_too_late_is_fenced(desk: Desk) -> None:
    (one,) = desk.propose(proposal())
    (first,) = desk.claim().chunks
    desk.ask(NOW + LEASE)
    (second,) = desk.claim(NOW + LEASE).chunks
    assert desk.send(first, NOW + LEASE).void == 1
    assert desk.record(first, NOW + LEASE).sent == 0
    stale = desk.settle([(one, 1)], NOW + LEASE)
    assert (stale.fenced, stale.scheduled) == (1, 0), "a list from before the second claim settles nothing"
    assert desk.state(one) == "claimed"
    desk.send(second, NOW + LEASE)
    desk.record(second, NOW + LEASE)
    assert desk.phone.taken == [one]


def test_recording_twice_changes_nothing(desk: Desk) -> None:
    (one,) = desk.propose(proposal())
    (chunk,) = desk.claim().chunks
    desk.send(chunk)
    desk.record(chunk)
    before = desk.row(one)
    assert desk.record(chunk, NOW + timedelta(minutes=1)).sent == 0
    assert desk.row(one) == before


@pytest.mark.parametrize(
    "move",
    [
        lambda desk, one: desk.transaction.run("update outreach set state = 'delivered'"),
        lambda desk, one: desk.transaction.run("update outreach set attempt = -1"),
        lambda desk, one: desk.transaction.run("delete from outreach"),
        lambda desk, one: desk.transaction.run("insert into outreach_moves values ('sent', 'scheduled')"),
    ],
    ids=["skips a state", "forgets an attempt", "forgets a message", "makes a law"],
)
def test_the_database_refuses_what_is_not_legal(desk: Desk, move: Callable[..., object]) -> None:
    (one,) = desk.propose(proposal())
    with pytest.raises(DatabaseError):
        move(desk, one)


def test_one_tick_claims_at_a_time(database: PostgresDatabase, transaction: Transaction) -> None:
    with database.transaction() as other:
        assert PostgresDelivery(other).begin() is not None
        assert PostgresDelivery(transaction).begin() is None
    assert PostgresDelivery(transaction).begin() is not None


def test_a_person_lets_a_held_message_go_and_it_is_claimed(desk: Desk) -> None:
    (one,) = desk.propose(proposal(held=True))
    assert desk.claim().claimed == []
    PostgresOutreach(desk.transaction).release(one, now=NOW)
    assert [claimed.outreach_id for claimed in desk.claim().claimed] == [one]


def test_a_chunk_is_told_by_its_name_alone(desk: Desk) -> None:
    desk.propose(*(proposal(f"C{n}") for n in range(CHUNK + 10)))
    desk.mode(Mode.LIVE, per_minute=100)
    chunks = desk.claim().chunks
    assert [len(chunk.messages) for chunk in chunks] == [CHUNK, 10]
    for chunk in chunks:
        assert {(m.outreach_id, m.attempt) for m in chunk.messages} == set(desk.ledger.chunk(chunk.chunk))
    assert desk.ledger.chunk(str(uuid4())) == []


def suppressions(desk: Desk, outreach_id: UUID) -> list[tuple[str, str, str]]:
    found = desk.transaction.rows(
        "select contact_hash, channel, reason from outreach_suppressions where outreach_id = :one", one=outreach_id
    )
    return [(row["contact_hash"], row["channel"], row["reason"]) for row in found]


def test_whom_the_provider_knows_to_want_no_more_is_suppressed_before_the_end_is_written(desk: Desk) -> None:
    desk.phone.outcomes, desk.phone.rule = [Outcome.REFUSED], OPTED_OUT
    (one,) = desk.propose(proposal("C1"))
    (chunk,) = desk.claim().chunks
    desk.send(chunk)
    desk.marks.down = True
    assert desk.record(chunk).open == 1
    assert (desk.state(one), suppressions(desk, one)) == ("claimed", [])
    desk.marks.down = False
    assert desk.record(chunk).failed == 1
    contact = chunk.messages[0].contact
    assert (desk.state(one), suppressions(desk, one)) == ("failed", [(contact, "email", "opted_out")])
    assert contact in desk.gates.suppressed
    desk.record(chunk)
    assert len(suppressions(desk, one)) == 1
    desk.propose(proposal("C1", cycle="another"))
    (later,) = desk.claim(NOW + timedelta(minutes=2)).chunks
    assert desk.send(later).suppressed == 1


def test_a_refusal_of_another_kind_suppresses_nobody(desk: Desk) -> None:
    desk.phone.outcomes = [Outcome.REFUSED]
    (one,) = desk.propose(proposal())
    (chunk,) = desk.claim().chunks
    desk.send(chunk)
    assert desk.record(chunk).failed == 1
    assert (suppressions(desk, one), desk.gates.suppressed) == ([], set())
