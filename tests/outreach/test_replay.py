"""What the gate was told comes back from the journal as it was, and is decided again."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beforehand.outreach.delivery.deciding import decision_of
from beforehand.outreach.delivery.model import Due, Mode
from beforehand.outreach.gate.decide import decide
from beforehand.outreach.gate.facts import Entered, Inputs, NoFactsError, inputs_of
from beforehand.outreach.gate.legal import shipped
from beforehand.outreach.gate.model import MARGIN, Action, Contact, Person, Planned, Verdict
from beforehand.outreach.gate.replay import Replayed, replay
from beforehand.outreach.model import Channel, Purpose, State
from beforehand.outreach.policy import ContactPolicy

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
POLICY, LAWS = ContactPolicy(), shipped()
CHANNELS = st.frozensets(st.sampled_from(Channel))
MOMENTS = st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, ZoneInfo("Asia/Kolkata")]),
)  # fmt: skip
PEOPLE = st.builds(
    Person, customer_id=st.just("C1"), zone=st.sampled_from([None, "Asia/Kolkata", "America/Chicago"]),
    country=st.sampled_from([None, "IN", "US", "FR"]), region=st.sampled_from([None, "FL", "TX"]),
    consent=st.none() | st.booleans(), preferred_channel=st.none() | st.sampled_from(Channel), reachable=CHANNELS,
    suppressed=CHANNELS, case_open=st.booleans(),
)  # fmt: skip
PLANS = st.builds(
    Planned, outreach_id=st.just(UUID(int=1)), purpose=st.sampled_from(Purpose), channel=st.sampled_from(Channel),
    due_at=MOMENTS, not_after=MOMENTS, automated=st.booleans(),
)  # fmt: skip
CONTACTS = st.builds(
    Contact, outreach_id=st.uuids(), purpose=st.sampled_from(Purpose), channel=st.sampled_from(Channel), at=MOMENTS
)
INPUTS = st.builds(
    Inputs, person=PEOPLE, planned=PLANS, history=st.lists(CONTACTS, max_size=6).map(tuple),
    policy_version=st.just(POLICY.version), as_of=MOMENTS, margin=st.just(MARGIN),
)  # fmt: skip


def gate(inputs: Inputs) -> Verdict:
    """The real one."""
    return decide(
        inputs.person, inputs.planned, inputs.history, POLICY, LAWS, as_of=inputs.as_of, margin=inputs.margin
    )


def entered(inputs: Inputs, verdict: Verdict, **others: Any) -> Entered:
    """The entry that delivery makes, as it comes back from the database."""
    plan = inputs.planned
    due = Due(
        outreach_id=plan.outreach_id, customer_id="C1", purpose=plan.purpose, channel=plan.channel,
        state=State.SCHEDULED, attempt=0, due_at=plan.due_at, not_after=plan.not_after, automated=plan.automated,
        language="en", subject="s", body="b", template=None, variables=None, state_because=None,
    )  # fmt: skip
    made = decision_of(
        due, inputs.person, inputs.history, verdict, because="as it was said", mode=Mode.LIVE,
        policy_version=inputs.policy_version, run_id=UUID(int=3), now=inputs.as_of,
    )  # fmt: skip
    given = {
        "decision_id": UUID(int=5), "decided_at": made.decided_at, "customer_id": "C1", "rule": made.rule,
        "outreach_id": plan.outreach_id, "action": str(made.action),
        "facts": json.loads(json.dumps(dict(made.facts))),
    }  # fmt: skip
    return Entered(**{**given, **others})


@given(inputs=INPUTS)
def test_what_the_gate_was_told_comes_back_as_it_was_and_is_decided_the_same(inputs: Inputs) -> None:
    entry = entered(inputs, gate(inputs))
    assert inputs_of(entry) == inputs
    again = replay(entry, gate)
    assert (again.same, again.because) == (True, "it decides the same")


PLAIN = Inputs(
    person=Person(customer_id="C1", zone="Asia/Kolkata", country="IN", consent=True, reachable=frozenset(Channel)),
    planned=Planned(
        outreach_id=UUID(int=1), purpose=Purpose.FOLLOW_UP, channel=Channel.EMAIL, due_at=NOW + timedelta(hours=1),
        not_after=NOW + timedelta(days=1),
    ),
    history=(), policy_version=POLICY.version, as_of=NOW, margin=MARGIN,
)  # fmt: skip


def otherwise(**changes: object) -> Replayed:
    """A replay by a gate that has changed since."""
    changed: Callable[[Inputs], Verdict] = lambda inputs: replace(gate(inputs), **changes)  # type: ignore[arg-type]  # noqa: E731
    return replay(entered(PLAIN, gate(PLAIN)), changed)


def test_what_is_decided_otherwise_now_is_named() -> None:
    assert gate(PLAIN).rule == "due"
    assert otherwise(action=Action.SEND).because == "it was hold, and is send now"
    assert otherwise(rule="window").because == "it was decided by the rule due, and is by window now"
    told = otherwise(until=None).because
    assert told == "it was until 2026-03-02T10:30:00+00:00, and is until no moment now"
    assert otherwise(action=Action.SEND).same is False


def test_what_was_decided_before_a_margin_was_left_is_replayed_without_one() -> None:
    """At 19:58 a message went, and at the last second of its time, too."""
    at = datetime(2026, 3, 2, 19, 58, tzinfo=ZoneInfo("Asia/Kolkata")).astimezone(UTC)
    plan = replace(PLAIN.planned, due_at=NOW, not_after=at + timedelta(seconds=1))
    late = replace(PLAIN, planned=plan, as_of=at, margin=timedelta(0))
    was = entered(late, gate(late))
    assert was.action == "send"
    facts = {name: value for name, value in was.facts.items() if name != "margin_seconds"}
    assert replay(replace(was, facts=facts), gate).same is True
    assert (
        replay(was, gate).because == "it was send, and is expire now; it was decided by the rule open, and is by "
        "send_window now"
    )


def test_other_words_are_no_other_decision() -> None:
    assert otherwise(because="other words").same is True


def test_a_policy_or_facts_that_are_gone_are_said_and_nothing_is_made_up() -> None:
    gone = replay(entered(PLAIN, gate(PLAIN)), lambda _: None)
    assert (gone.same, gone.because) == (None, "there is no policy contact-v1 here that could be decided by")
    whole = entered(PLAIN, gate(PLAIN)).facts
    for facts in (
        {},
        {"policy_version": "contact-v1"},
        {**whole, "due_at": "yesterday"},
        {**whole, "channel": "fax"},
    ):
        told = replay(entered(PLAIN, gate(PLAIN), facts=facts), gate)
        assert (told.same, "does not hold what the gate was told" in told.because) == (None, True)
    with pytest.raises(NoFactsError):
        inputs_of(entered(PLAIN, gate(PLAIN), facts={}))
