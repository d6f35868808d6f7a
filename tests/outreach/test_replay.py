"""What the gate was told comes back from the journal as it was, and is decided again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beforehand.outreach.gate.facts import Inputs, NoFactsError, entry, facts_of, inputs_of, is_news
from beforehand.outreach.gate.model import Action, Contact, Person, Planned, Verdict
from beforehand.outreach.gate.replay import Entered, Replayed, replay
from beforehand.outreach.model import Channel, Hold, Purpose

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SOME = st.none() | st.text(max_size=5)
CHANNELS = st.frozensets(st.sampled_from(Channel))
MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, ZoneInfo("Asia/Kolkata")]),
)  # fmt: skip
PEOPLE = st.builds(
    Person, customer_id=st.just("C1"), zone=SOME, country=SOME, region=SOME, consent=st.none() | st.booleans(),
    preferred_channel=st.none() | st.sampled_from(Channel), reachable=CHANNELS, suppressed=CHANNELS,
    case_open=st.booleans(),
)  # fmt: skip
PLANS = st.builds(
    Planned, outreach_id=st.just(UUID(int=1)), purpose=st.sampled_from(Purpose), channel=st.sampled_from(Channel),
    due_at=MOMENTS, not_after=MOMENTS, automated=st.booleans(),
)  # fmt: skip
CONTACTS = st.builds(
    Contact, outreach_id=st.uuids(), purpose=st.sampled_from(Purpose), channel=st.sampled_from(Channel), at=MOMENTS
)
INPUTS = st.builds(
    Inputs, person=PEOPLE, planned=PLANS, history=st.lists(CONTACTS, max_size=3).map(tuple),
    policy_version=st.just("contact-v1"), as_of=MOMENTS,
)  # fmt: skip


def by_expiry(inputs: Inputs) -> Verdict:
    """A gate of one rule: what is too old expires, what is not due is held, all else goes."""
    if inputs.as_of >= inputs.planned.not_after:
        return Verdict(action=Action.EXPIRE, rule="expiry", because="it is too old")
    if inputs.as_of < inputs.planned.due_at:
        because = f"it is due at {inputs.planned.due_at.isoformat()}"
        return Verdict(
            action=Action.HOLD, rule="due", because=because, until=inputs.planned.due_at, hold=Hold.WINDOW
        )
    return Verdict(action=Action.SEND, rule="open", because="nothing stands against it")


def entered(inputs: Inputs, verdict: Verdict) -> Entered:
    decision = entry(inputs, verdict)
    assert decision.outreach_id is not None and decision.customer_id is not None
    return Entered(
        decision_id=UUID(int=5), customer_id=decision.customer_id, outreach_id=decision.outreach_id,
        action=str(decision.action), because=decision.because, rule=decision.rule,
        facts=json.loads(json.dumps(decision.facts)),
    )  # fmt: skip


@given(inputs=INPUTS)
def test_what_the_gate_was_told_comes_back_as_it_was_and_is_decided_the_same(inputs: Inputs) -> None:
    facts = json.loads(json.dumps(facts_of(inputs, by_expiry(inputs))))
    back = inputs_of("C1", inputs.planned.outreach_id, facts)
    assert replace(back, history=()) == replace(inputs, history=())
    assert sorted(back.history, key=lambda c: c.outreach_id) == sorted(inputs.history, key=lambda c: c.outreach_id)
    again = replay(entered(inputs, by_expiry(inputs)), by_expiry)
    assert (again.same, again.because) == (True, "it decides the same")


PLAIN = Inputs(
    person=Person(customer_id="C1", zone="Asia/Kolkata", country="IN", consent=True, reachable=frozenset(Channel)),
    planned=Planned(
        outreach_id=UUID(int=1), purpose=Purpose.FOLLOW_UP, channel=Channel.EMAIL, due_at=NOW + timedelta(hours=1),
        not_after=NOW + timedelta(days=1),
    ),
    history=(), policy_version="contact-v1", as_of=NOW,
)  # fmt: skip


def otherwise(**changes: object) -> Replayed:
    """A replay by a gate that has changed since."""
    return replay(entered(PLAIN, by_expiry(PLAIN)), lambda inputs: replace(by_expiry(inputs), **changes))


def test_what_is_decided_otherwise_now_is_named() -> None:
    assert otherwise(action=Action.SEND).because == "it was hold, and is send now"
    assert otherwise(rule="window").because == "it was decided by the rule due, and is by window now"
    assert "it was until 2026-03-02T10:30:00+00:00, and is until no moment now" in otherwise(until=None).because
    assert otherwise(because="other words").because == "the action is the same, but its because is now: other words"
    assert otherwise(action=Action.SEND).same is False


def test_a_policy_or_facts_that_are_gone_are_said_and_nothing_is_made_up() -> None:
    gone = replay(entered(PLAIN, by_expiry(PLAIN)), lambda _: None)
    assert (gone.same, "contact-v1 is not kept" in gone.because) == (None, True)
    for facts in ({}, {"policy": "contact-v1"}, {**facts_of(PLAIN, by_expiry(PLAIN)), "as_of": "yesterday"}):
        told = replay(replace(entered(PLAIN, by_expiry(PLAIN)), facts=facts), by_expiry)
        assert (told.same, "does not hold what the gate was told" in told.because) == (None, True)
    assert replay(entered(PLAIN, by_expiry(PLAIN)), None).because == "there is no gate here that could be asked"
    with pytest.raises(NoFactsError):
        inputs_of("C1", UUID(int=1), {})


def test_the_entry_names_policy_and_rule_and_holds_no_run() -> None:
    decision = entry(PLAIN, by_expiry(PLAIN))
    assert (decision.capability, decision.kind, decision.action) == ("outreach", "gate", "hold")
    assert (decision.rule, decision.run_id, decision.decided_at) == ("contact contact-v1 due", None, NOW)


def test_the_same_answer_again_is_no_news_whatever_time_of_day_it_names() -> None:
    first = entry(PLAIN, by_expiry(PLAIN))
    later = entry(replace(PLAIN, as_of=NOW + timedelta(minutes=1)), replace(by_expiry(PLAIN), because="it is 9:31"))
    assert is_news(None, first)
    assert not is_news((str(first.action), first.rule), later)
    sent = entry(
        replace(PLAIN, as_of=NOW + timedelta(hours=2)), by_expiry(replace(PLAIN, as_of=NOW + timedelta(hours=2)))
    )
    assert is_news((str(first.action), first.rule), sent)
