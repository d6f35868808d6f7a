"""Sender, asker, provider and a person's opt-out in every order, with everybody killed or frozen at every step.

The services are the real ones; ledger and gates are in memory, and held to the real ones by other tests. A moment
is looked at once however it was reached, and from each one later ticks must bring everything to its end.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from beforehand.outreach.delivery import recording
from beforehand.outreach.delivery.model import LEASE, SETTLE, Ended, Move, Question, Told
from beforehand.outreach.delivery.settling import settle
from beforehand.outreach.model import Channel, State
from beforehand.outreach.outcomes import Kind
from tests.faults.interleaver import Explorer, FailingScheduleError, Happening
from tests.faults.world import NOW, Plan, World, a_tick, contact_of, delivery_of, world_of

CHANNELS = [Channel.EMAIL, Channel.WEBHOOK]
"""One that is blind, and one whose receiver takes a message once. To delivery, one that can be asked is blind."""

LOST = Plan.ACCEPTS_AND_ANSWER_IS_LOST


def passes(time: timedelta) -> Callable[[World], None]:
    def move_on(world: World) -> None:
        world.passed += time

    return move_on


def is_heard(world: World) -> None:
    world.ledger.heard(*world.taken[-1], Kind.SENT, now=world.now)


def is_marked(world: World) -> None:
    world.gates.suppressed.add(contact_of("C1"))


def is_committed(world: World) -> None:
    world.opted_out |= {"C1"}


def accepts_late(world: World) -> None:
    world.taken, world.hanging = world.taken + world.hanging, ()
    world.check()


LEASE_PASSES = Happening("the lease passes", passes(LEASE + timedelta(seconds=1)))
IT_SETTLES = Happening("a quarter of an hour passes", passes(SETTLE))
AN_EVENT = Happening("the provider's event comes", is_heard, lambda world: bool(world.taken))
OPT_OUT = (
    Happening("the opt-out is marked", is_marked),
    Happening("the opt-out is committed", is_committed, lambda world: bool(world.gates.suppressed)),
)
SWITCH = (
    Happening("the kill switch is set", lambda world: world.gates.switched.add("all")),
    Happening("it is let go", lambda world: world.gates.switched.clear(), lambda world: bool(world.gates.switched)),
)
LATE = Happening("the provider accepts late", accepts_late, lambda world: bool(world.hanging))


def claimed(channel: Channel, *plan: Plan) -> tuple[World, Callable[..., None]]:
    """A world in which a message was claimed, and the delivery of its chunk."""
    world = world_of(channel, [*plan, Plan.ACCEPTS])
    (chunk,) = world.tick("first").chunks
    return world, delivery_of(chunk)


def explored(
    channel: Channel, plan: Sequence[Plan], *happenings: Happening, losses: int = 0, sees_time: bool = False
) -> int:
    """Looks at a sender beside the tick that follows; returns how many orders were covered."""
    world, delivery = claimed(channel, *plan)
    world.senders_see_time = sees_time
    late = (LATE,) if Plan.HANGS in plan else ()
    found = Explorer().explore(
        world, {"sender": delivery, "tick": a_tick("second")}, happenings=(*happenings, *late), losses=losses
    )
    assert found.moments <= 5_000
    return found.schedules


@pytest.mark.parametrize(
    ("channel", "plan"),
    [*((Channel.EMAIL, plan) for plan in Plan), (Channel.WEBHOOK, LOST), (Channel.WEBHOOK, Plan.HANGS)],
)
def test_sender_asker_and_event_in_every_order(channel: Channel, plan: Plan) -> None:
    assert explored(channel, [plan], LEASE_PASSES, IT_SETTLES, AN_EVENT) > 5_000


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("plan", [Plan.ACCEPTS, Plan.THROTTLES])
def test_a_sender_whose_clocks_see_that_it_was_frozen_loses_nothing(channel: Channel, plan: Plan) -> None:
    assert explored(channel, [plan], LEASE_PASSES, AN_EVENT, sees_time=True) > 500


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("plan", [Plan.ACCEPTS, LOST])
def test_any_one_answer_of_the_gates_may_be_lost(channel: Channel, plan: Plan) -> None:
    assert explored(channel, [plan], LEASE_PASSES, AN_EVENT, losses=1) > 10_000


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("plan", [Plan.ACCEPTS, LOST, Plan.THROTTLES])
def test_nobody_is_contacted_whose_opt_out_was_marked_before_the_key(channel: Channel, plan: Plan) -> None:
    assert explored(channel, [plan], LEASE_PASSES, *OPT_OUT) > 10_000


@pytest.mark.parametrize(("channel", "plan"), [(Channel.EMAIL, Plan.ACCEPTS), (Channel.WEBHOOK, Plan.THROTTLES)])
def test_a_kill_switch_that_is_set_and_let_go_in_flight_loses_nothing(channel: Channel, plan: Plan) -> None:
    assert explored(channel, [plan], LEASE_PASSES, *SWITCH) > 10_000


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("plan", [Plan.ACCEPTS, Plan.THROTTLES])
def test_a_chunk_that_is_delivered_twice_at_once_is_sent_once(channel: Channel, plan: Plan) -> None:
    world, delivery = claimed(channel, plan)
    found = Explorer().explore(
        world, {"one": delivery, "the other": delivery}, happenings=(LEASE_PASSES, OPT_OUT[0]), losses=0
    )
    assert found.schedules > 10_000


@pytest.mark.parametrize("channel", CHANNELS)
def test_two_ticks_at_once_send_what_is_due_once(channel: Channel) -> None:
    found = Explorer().explore(
        world_of(channel, [Plan.ACCEPTS]), {"one": a_tick("one"), "the other": a_tick("the other")},
        happenings=(LEASE_PASSES, AN_EVENT),
    )  # fmt: skip
    assert found.schedules > 4_000


@pytest.mark.parametrize(("channel", "plan"), [(Channel.EMAIL, Plan.ACCEPTS), (Channel.WEBHOOK, Plan.THROTTLES)])
def test_a_sender_that_is_frozen_while_two_more_ticks_pass_contacts_nobody_again(
    channel: Channel, plan: Plan
) -> None:
    world, delivery = claimed(channel, plan)
    tasks = {"sender": delivery, "tick": a_tick("second"), "next tick": a_tick("third")}
    found = Explorer().explore(world, tasks, happenings=(LEASE_PASSES,))
    assert found.schedules > 10_000


@pytest.mark.parametrize("plan", [Plan.ACCEPTS, LOST, Plan.THROTTLES])
def test_a_database_that_is_restored_to_an_earlier_time_contacts_nobody_again(plan: Plan) -> None:
    before = world_of(Channel.EMAIL, [plan]).ledger

    def is_restored(world: World) -> None:
        world.ledger = before.copy()

    assert (
        explored(Channel.EMAIL, [plan], LEASE_PASSES, Happening("the database is restored", is_restored)) > 10_000
    )


@pytest.mark.soak
@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("first", list(Plan))
@pytest.mark.parametrize("then", list(Plan))
def test_whatever_happens_together(channel: Channel, first: Plan, then: Plan) -> None:
    explored(channel, [first, then], LEASE_PASSES, IT_SETTLES, AN_EVENT, losses=1)
    explored(channel, [first, then], LEASE_PASSES, *OPT_OUT, losses=1)
    explored(channel, [first, then], LEASE_PASSES, *SWITCH, losses=1)


def test_an_order_that_breaks_a_promise_is_told_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def takes_silence_for_proof(question: Question, told: Told | None, **named: object) -> Move | None:
        if told is None and question.state is State.UNKNOWN:
            return Move(
                outreach_id=question.outreach_id, fence=question.attempt, state=State.SCHEDULED, ended=Ended.VOID,
                because="there is no key", next_at=NOW,
            )  # fmt: skip
        return settle(question, told, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(recording, "settle", takes_silence_for_proof)
    with pytest.raises(FailingScheduleError) as failing:
        explored(Channel.EMAIL, [Plan.ACCEPTS], LEASE_PASSES, losses=1)
    lines = str(failing.value).splitlines()
    assert lines[0] == "somebody was contacted 2 times"
    assert lines[1] == "  0. a message is due"
    assert any("gates: void is not reached" in line for line in lines)
