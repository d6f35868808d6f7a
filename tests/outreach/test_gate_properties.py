"""What holds of the gate whatever it is asked: it always answers, lets nothing through, and never grows kinder."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from beforehand.outreach.gate.decide import decide
from beforehand.outreach.gate.laws import LegalWindow
from beforehand.outreach.gate.legal import shipped
from beforehand.outreach.gate.model import MARGIN, Action, Contact, Person, Planned, Verdict
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policy import ContactPolicy, Nature, draw
from beforehand.outreach.windows import SendWindow

LEGAL = shipped()
AROUND = datetime(2026, 3, 28, 12, tzinfo=UTC)
ZONES = [None, "Asia/Kolkata", "America/New_York", "America/Los_Angeles", "Europe/Berlin", "Pacific/Apia", "UTC"]
COUNTRIES = [None, "IN", "US", "DE", "WS", "ZZ"]
REGIONS = [None, "FL", "CA", "WA"]
HOURS = timedelta(hours=1)

moments = st.integers(-60 * 24 * 40, 60 * 24 * 40).map(lambda minutes: AROUND + timedelta(minutes=minutes))
channels = st.sampled_from(list(Channel))
purposes = st.sampled_from(
    [Purpose.CHURN_INTERVENTION, Purpose.POST_EVENT, Purpose.EXPIRING_POLICY, Purpose.MANUAL]
)
people = st.builds(
    Person,
    customer_id=st.sampled_from(["C1", "C2", "C3", "C4"]),
    zone=st.sampled_from(ZONES),
    country=st.sampled_from(COUNTRIES),
    region=st.sampled_from(REGIONS),
    consent=st.sampled_from([True, True, True, None, False]),
    preferred_channel=st.none() | channels,
    reachable=st.just(frozenset(Channel)) | st.frozensets(channels),
    suppressed=st.just(frozenset()) | st.frozensets(channels),
    case_open=st.booleans(),
)
plans = st.builds(
    Planned,
    outreach_id=st.just(UUID(int=0)),
    purpose=purposes,
    channel=channels,
    due_at=moments,
    not_after=moments.map(lambda at: at + timedelta(days=20)),
    automated=st.booleans(),
)
histories = st.lists(
    st.builds(Contact, outreach_id=st.integers(0, 9).map(lambda n: UUID(int=n)), purpose=purposes, channel=channels,
              at=moments),
    max_size=6,
)  # fmt: skip
windows = st.builds(
    SendWindow,
    opens=st.integers(0, 23).map(time),
    closes=st.integers(0, 23).map(time),
    days=st.frozensets(st.integers(1, 7), min_size=1),
)
policies = st.builds(
    ContactPolicy,
    budget=st.integers(1, 4),
    holdout_shares=st.sampled_from([{}, {Purpose.CHURN_INTERVENTION: 0.5}]),
    send_windows=st.lists(windows, min_size=1, max_size=2).map(tuple),
    channel_windows=st.sampled_from([{}, {Channel.SMS: (SendWindow(opens=time(12), closes=time(14)),)}]),
    consent_required=st.frozensets(st.sampled_from(list(Nature))),
    home_zone=st.sampled_from(["UTC", "Asia/Tokyo"]),
)


def asked(
    person: Person, planned: Planned, history: Sequence[Contact], policy: ContactPolicy, at: datetime
) -> Verdict:
    return decide(person, planned, history, policy, LEGAL, as_of=at)


def objections(
    person: Person, planned: Planned, history: Sequence[Contact], policy: ContactPolicy, at: datetime
) -> list[str]:
    """Every rule that a message would break now, said once more, plainly and one by one."""
    found = []
    nature = Nature.MARKETING if planned.purpose in policy.marketing else Nature.SERVICE
    if at + MARGIN > planned.not_after:
        found.append("too late")
    if at < planned.due_at:
        found.append("too early")
    if planned.channel not in person.reachable or planned.channel in person.suppressed:
        found.append("not reachable")
    if person.consent is False or (person.consent is None and nature in policy.consent_required):
        found.append("no consent")
    return (
        found
        + rests(person, planned, history, policy, at)
        + [
            rule
            for later in range(3)
            for rule in hours(person, planned, policy, nature, at + timedelta(minutes=later))
        ]
    )


def rests(
    person: Person, planned: Planned, history: Sequence[Contact], policy: ContactPolicy, at: datetime
) -> list[str]:
    found = []
    others = [contact for contact in history if contact.outreach_id != planned.outreach_id]
    if planned.automated:
        share = policy.holdout_shares.get(planned.purpose, 0)
        if draw(person.customer_id, planned.purpose, policy.holdout_salt) < share:
            found.append("held out")
        if person.case_open:
            found.append("case")
        rest = policy.cool_downs.get(planned.purpose, timedelta(0))
        if any(one.purpose is planned.purpose and at - one.at < rest for one in others):
            found.append("cool-down")
        if len([one for one in others if at - one.at < policy.budget_period]) >= policy.budget:
            found.append("budget")
        if person.preferred_channel in person.reachable - person.suppressed - {planned.channel}:
            found.append("preference")
    return found


def hours(person: Person, planned: Planned, policy: ContactPolicy, nature: Nature, at: datetime) -> list[str]:
    found = []
    zone = person.zone or (None if person.country in ("US", "IN", "DE", "WS") else policy.home_zone)
    if zone is not None:
        open_at = policy.channel_windows.get(planned.channel, policy.send_windows)
        if not any(is_open(window, zone, at) for window in open_at):
            found.append("send window")
        country = person.country or {
            "Asia/Kolkata": "IN",
            "America/New_York": "US",
            "America/Los_Angeles": "US",
        }.get(zone)
        if any(not is_open(law.windows[0], zone, at) for law in laws(country, person.region, planned, nature)):
            found.append("law")
    return found


def laws(country: str | None, region: str | None, planned: Planned, nature: Nature) -> list[LegalWindow]:
    return [
        law
        for law in LEGAL.windows
        if law.country == country
        and (law.region is None or region is None or law.region == region)
        and planned.channel in law.channels
        and nature in law.natures
    ]


def is_open(window: SendWindow, zone: str, at: datetime) -> bool:
    """By the clock on the wall, which is right on all days but those on which it is changed."""
    there = at.astimezone(ZoneInfo(zone))
    clock, today, yesterday = there.time(), there.isoweekday(), (there.isoweekday() - 2) % 7 + 1
    if window.opens < window.closes:
        return today in window.days and window.opens <= clock < window.closes
    return (today in window.days and clock >= window.opens) or (yesterday in window.days and clock < window.closes)


def on_a_usual_day(person: Person, at: datetime, policy: ContactPolicy) -> bool:
    there = ZoneInfo(person.zone or policy.home_zone)
    return len({(at + hours * HOURS).astimezone(there).utcoffset() for hours in range(-48, 49, 4)}) == 1


def every_message_gets_one_whole_answer(
    person: Person, planned: Planned, history: list[Contact], policy: ContactPolicy, at: datetime
) -> None:
    verdict = asked(person, planned, history, policy, at)
    assert verdict.because
    assert verdict.rule
    assert (verdict.until is not None) == (verdict.hold is not None) == (verdict.action is Action.HOLD)
    if verdict.until is not None:
        assert at < verdict.until <= planned.not_after
    assert verdict == asked(person, planned, list(reversed(history)), policy, at)


def a_message_goes_exactly_when_no_rule_objects(
    person: Person, planned: Planned, history: list[Contact], policy: ContactPolicy, at: datetime
) -> None:
    verdict = asked(person, planned, history, policy, at)
    against = objections(person, planned, history, policy, at)
    if not on_a_usual_day(person, at, policy):
        against = [one for one in against if one not in ("send window", "law")]
    if verdict.action is Action.SEND:
        assert not against
    elif (person.zone or person.country in (None, "ZZ")) and on_a_usual_day(person, at, policy):
        assert against


def a_hold_that_ends_lets_go_or_says_why_not(
    person: Person, planned: Planned, history: list[Contact], policy: ContactPolicy, at: datetime
) -> None:
    verdict = asked(person, planned, history, policy, at)
    if verdict.until is None:
        return
    again = asked(person, planned, history, policy, verdict.until)
    if person.case_open and planned.automated:
        assert again.rule in ("case", "expiry")
    elif person.zone or person.country != "US":
        assert again.action is Action.SEND
    else:
        assert again.action is Action.SEND or again.because
    before = asked(person, planned, history, policy, verdict.until - timedelta(minutes=1))
    assert before.action is not Action.SEND or before.until == verdict.until


def more_history_never_lets_a_message_go(
    person: Person,
    planned: Planned,
    history: list[Contact],
    more: list[Contact],
    policy: ContactPolicy,
    at: datetime,
) -> None:
    less, full = (asked(person, planned, one, policy, at) for one in (history, history + more))
    if full.action is Action.SEND:
        assert less.action is Action.SEND
    if less.until is not None and full.until is not None:
        assert full.until >= less.until


def what_a_person_sends_is_never_held_by_what_is_for_machines(
    person: Person, planned: Planned, history: list[Contact], policy: ContactPolicy, at: datetime
) -> None:
    verdict = asked(person, replace(planned, automated=False), history, policy, at)
    assert verdict.rule not in ("holdout", "preference", "case", "cool_down", "budget")


@settings(max_examples=800, deadline=None)
@given(people, plans, histories, histories, policies, moments)
def test_whatever_is_asked_all_of_this_holds(
    person: Person,
    planned: Planned,
    history: list[Contact],
    more: list[Contact],
    policy: ContactPolicy,
    at: datetime,
) -> None:
    # To draw a person with a policy takes ten times as long as to ask the gate: each is held to everything.
    every_message_gets_one_whole_answer(person, planned, history, policy, at)
    a_message_goes_exactly_when_no_rule_objects(person, planned, history, policy, at)
    a_hold_that_ends_lets_go_or_says_why_not(person, planned, history, policy, at)
    more_history_never_lets_a_message_go(person, planned, history, more, policy, at)
    what_a_person_sends_is_never_held_by_what_is_for_machines(person, planned, history, policy, at)
