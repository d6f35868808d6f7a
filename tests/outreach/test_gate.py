"""The gate decides one message for one person: each rule, their order, and the first moment that suits them all."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from beforehand.outreach.gate.decide import CASE_LOOK, decide
from beforehand.outreach.gate.laws import Legal
from beforehand.outreach.gate.model import MARGIN, Action, Contact, Person, Planned, Verdict
from beforehand.outreach.model import Channel, Hold, Purpose
from beforehand.outreach.policy import ContactPolicy, Nature
from beforehand.outreach.windows import SendWindow

KOLKATA = ZoneInfo("Asia/Kolkata")
MONDAY = datetime(2026, 11, 30, 12, tzinfo=KOLKATA).astimezone(UTC)
DAY = timedelta(days=1)
PERSON = Person(
    customer_id="C1", zone="Asia/Kolkata", country="IN", consent=True,
    reachable=frozenset({Channel.EMAIL, Channel.SMS}),
)  # fmt: skip
PLANNED = Planned(
    outreach_id=UUID(int=1), purpose=Purpose.CHURN_INTERVENTION, channel=Channel.EMAIL,
    due_at=MONDAY - DAY, not_after=MONDAY + 60 * DAY,
)  # fmt: skip
POLICY = ContactPolicy(
    holdout_shares={},
    send_windows=(SendWindow(opens=time(9), closes=time(20), days=frozenset(range(1, 7))),),
)
NO_LAWS = Legal()


def contact(
    ago: timedelta, purpose: Purpose = Purpose.CHURN_INTERVENTION, number: int = 2, channel: Channel = Channel.EMAIL
) -> Contact:
    return Contact(outreach_id=UUID(int=number), purpose=purpose, channel=channel, at=MONDAY - ago)


def asked(
    person: Person = PERSON, planned: Planned = PLANNED, history: tuple[Contact, ...] = (),
    policy: ContactPolicy = POLICY, at: datetime = MONDAY,
) -> Verdict:  # fmt: skip
    return decide(person, planned, history, policy, NO_LAWS, as_of=at)


def there(hour: int, minute: int = 0, day: int = 30) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=KOLKATA).astimezone(UTC)


def test_a_message_goes_when_nothing_stands_against_it() -> None:
    verdict = asked()
    assert (verdict.action, verdict.until, verdict.hold) == (Action.SEND, None, None)
    assert verdict.because == "nothing stands against it: it is 12:00 on Monday in Asia/Kolkata"


@pytest.mark.parametrize(
    ("person", "planned", "action", "rule", "because"),
    [
        (PERSON, replace(PLANNED, not_after=MONDAY), Action.EXPIRE, "expiry",
         "it had to go before 2026-11-30 06:30 UTC"),
        (PERSON, replace(PLANNED, channel=Channel.WEBHOOK), Action.SKIP, "address",
         "no address for webhook is known"),
        (replace(PERSON, suppressed=frozenset({Channel.EMAIL})), PLANNED, Action.SKIP, "suppression",
         "they are not to be contacted by email"),
        (replace(PERSON, consent=False), PLANNED, Action.SKIP, "consent", "they said no to being contacted"),
        (replace(PERSON, consent=None), PLANNED, Action.SKIP, "consent_unknown",
         "nobody knows whether they agree to marketing, and the policy wants a yes"),
        (replace(PERSON, preferred_channel=Channel.SMS), PLANNED, Action.SKIP, "preference",
         "they prefer to be reached by sms; propose it by that channel"),
    ],
)  # fmt: skip
def test_what_can_never_go_is_ended_at_once(
    person: Person, planned: Planned, action: Action, rule: str, because: str
) -> None:
    verdict = asked(person, planned)
    assert (verdict.action, verdict.rule, verdict.because) == (action, rule, because)
    assert (verdict.until, verdict.hold) == (None, None)


def test_one_without_a_known_consent_is_served_but_not_advertised_to() -> None:
    unknown = replace(PERSON, consent=None)
    service = replace(PLANNED, purpose=Purpose.EXPIRING_POLICY)
    assert asked(unknown, service).action is Action.SEND
    assert asked(unknown, policy=replace(POLICY, consent_required=frozenset())).action is Action.SEND
    strict = replace(POLICY, consent_required=frozenset(Nature))
    assert asked(unknown, service, policy=strict).rule == "consent_unknown"


def test_a_preference_counts_where_they_can_be_reached_by_it() -> None:
    by_phone = replace(PERSON, preferred_channel=Channel.VOICE)
    assert asked(by_phone).action is Action.SEND
    opted_out = replace(PERSON, preferred_channel=Channel.SMS, suppressed=frozenset({Channel.SMS}))
    assert asked(opted_out).action is Action.SEND


def test_the_holdout_is_left_alone_by_what_is_automated_and_by_its_purpose_only() -> None:
    everyone = replace(POLICY, holdout_shares={Purpose.CHURN_INTERVENTION: 1.0})
    verdict = asked(policy=everyone)
    assert (verdict.action, verdict.rule) == (Action.SKIP, "holdout")
    assert "100%" in verdict.because
    assert asked(planned=replace(PLANNED, automated=False), policy=everyone).action is Action.SEND
    assert asked(planned=replace(PLANNED, purpose=Purpose.POST_EVENT), policy=everyone).action is Action.SEND


def test_an_open_case_holds_what_is_automated_and_is_looked_at_again() -> None:
    in_hand = replace(PERSON, case_open=True)
    verdict = asked(in_hand)
    assert (verdict.action, verdict.hold, verdict.rule) == (Action.HOLD, Hold.CASE, "case")
    assert verdict.until == MONDAY + CASE_LOOK
    assert asked(in_hand, replace(PLANNED, automated=False)).action is Action.SEND
    soon = replace(PLANNED, not_after=MONDAY + CASE_LOOK / 2)
    assert asked(in_hand, soon).until == soon.not_after
    assert asked(in_hand, at=there(19, 30)).until == there(9, day=30) + DAY


def test_a_cool_down_ends_exactly_when_it_is_over() -> None:
    week = timedelta(days=7)
    verdict = asked(history=(contact(3 * DAY),))
    assert (verdict.action, verdict.hold, verdict.until) == (Action.HOLD, Hold.COOL_DOWN, MONDAY + 4 * DAY)
    assert verdict.because == "contacted for churn_intervention on 2026-11-27 06:30 UTC; 7 days are to pass"
    assert asked(history=(contact(week),)).action is Action.SEND
    assert asked(history=(contact(week - timedelta(microseconds=1)),)).action is Action.HOLD


def test_a_cool_down_is_of_one_purpose_and_not_of_the_message_itself() -> None:
    assert asked(history=(contact(DAY, Purpose.POST_EVENT),)).action is Action.SEND
    assert asked(history=(contact(DAY, number=1),)).action is Action.SEND


def test_a_budget_counts_all_purposes_and_channels_until_the_oldest_falls_out() -> None:
    history = tuple(
        contact(days * DAY, purpose, number, channel)
        for number, (days, purpose, channel) in enumerate(
            [(27, Purpose.POST_EVENT, Channel.SMS), (20, Purpose.FOLLOW_UP, Channel.VOICE),
             (14, Purpose.CHURN_INTERVENTION, Channel.EMAIL), (9, Purpose.RE_ENGAGEMENT, Channel.WEBHOOK)], start=2,
        )
    )  # fmt: skip
    verdict = asked(history=history)
    assert (verdict.action, verdict.hold, verdict.until) == (Action.HOLD, Hold.BUDGET, MONDAY + DAY)
    assert verdict.because == "contacted 4 times in 28 days, as often as is allowed"
    assert asked(history=history[1:]).action is Action.SEND
    assert asked(history=history, at=MONDAY + DAY).action is Action.SEND
    assert asked(planned=replace(PLANNED, automated=False), history=history).action is Action.SEND


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (there(8, 59), there(9)),
        (there(9), None),
        (there(19, 57), None),
        (there(19, 59), there(9) + DAY),
        (there(20), there(9) + DAY),
        (there(12, day=29), there(9)),
    ],
)
def test_a_send_window_is_half_open_and_in_their_own_zone(at: datetime, until: datetime | None) -> None:
    verdict = asked(at=at)
    assert (verdict.action, verdict.until) == (Action.SEND if until is None else Action.HOLD, until)
    assert until is None or verdict.hold is Hold.WINDOW


def test_a_window_must_be_open_for_as_long_as_a_message_may_be_on_its_way() -> None:
    """It may be handed to the provider up to the end of its lease, which begins with the decision."""
    closes, second = there(20), timedelta(seconds=1)
    assert asked(at=closes - MARGIN).action is Action.SEND
    late = asked(at=closes - MARGIN + second)
    assert (late.action, late.hold, late.until) == (Action.HOLD, Hold.WINDOW, there(9) + DAY)
    assert late.because == (
        "it is 19:57 on Monday in Asia/Kolkata, and messages go 09:00–20:00 Monday to Saturday, which ends too "
        "soon to be sure of sending in time"
    )


def test_windows_that_follow_each_other_are_one() -> None:
    noon = replace(POLICY, send_windows=(SendWindow(opens=time(9), closes=time(12)),
                                         SendWindow(opens=time(12), closes=time(20))))  # fmt: skip
    assert asked(policy=noon, at=there(11, 59)).action is Action.SEND
    always = replace(POLICY, send_windows=(SendWindow(opens=time(0), closes=time(0)),))
    assert asked(policy=always, at=there(23, 59)).action is Action.SEND
    gap = replace(POLICY, send_windows=(SendWindow(opens=time(9), closes=time(12)),
                                        SendWindow(opens=time(12, 1), closes=time(20))))  # fmt: skip
    assert asked(policy=gap, at=there(11, 58)).until == there(12, 1)


def test_a_window_that_is_shorter_than_a_message_may_be_on_its_way_lets_none_go() -> None:
    brief = replace(POLICY, send_windows=(SendWindow(opens=time(9), closes=time(9, 2)),))
    verdict = asked(policy=brief, at=there(9))
    assert verdict.action is not Action.SEND
    assert "which ends too soon" in verdict.because


def test_a_message_whose_end_comes_while_it_may_be_on_its_way_expires() -> None:
    ends = replace(PLANNED, not_after=MONDAY + MARGIN)
    assert asked(planned=ends).action is Action.SEND
    verdict = asked(planned=ends, at=MONDAY + timedelta(seconds=1))
    assert (verdict.action, verdict.rule) == (Action.EXPIRE, "expiry")
    assert verdict.because == (
        "it has to go before 2026-11-30 06:33 UTC, and that is too soon to be sure of sending in time"
    )
    assert asked(replace(PERSON, case_open=True), ends, at=MONDAY + timedelta(seconds=1)).action is Action.EXPIRE


def test_what_may_go_says_how_long_it_is_welcome() -> None:
    assert asked().within == there(20)
    assert asked(planned=replace(PLANNED, not_after=MONDAY + timedelta(hours=1))).within == MONDAY + timedelta(
        hours=1
    )


def test_a_closed_window_is_told_by_their_clock() -> None:
    assert asked(at=there(22, 40)).because == (
        "it is 22:40 on Monday in Asia/Kolkata, and messages go 09:00–20:00 Monday to Saturday"
    )


def test_a_channel_may_have_windows_of_its_own() -> None:
    nights = (SendWindow(opens=time(22), closes=time(2), days=frozenset({1})),)
    policy = replace(POLICY, channel_windows={Channel.EMAIL: nights})
    assert asked(policy=policy).until == there(22)
    assert asked(policy=policy, at=there(23)).action is Action.SEND
    assert asked(policy=policy, at=there(1, 57) + DAY).action is Action.SEND
    assert asked(policy=policy, at=there(2) + DAY).until == there(22) + 7 * DAY
    assert asked(planned=replace(PLANNED, channel=Channel.SMS), policy=policy).action is Action.SEND


def test_of_several_holds_the_moment_is_the_first_that_suits_all() -> None:
    """The cool-down ends on a Saturday night; that is followed by a Sunday."""
    policy = replace(POLICY, cool_downs={Purpose.CHURN_INTERVENTION: timedelta(days=5, hours=9)})
    verdict = asked(history=(contact(timedelta(0)),), policy=policy)
    assert (verdict.hold, verdict.until) == (Hold.COOL_DOWN, there(9) + 7 * DAY)
    assert verdict.because.endswith("it is 21:00 on Saturday in Asia/Kolkata, and messages go 09:00–20:00 "
                                    "Monday to Saturday")  # fmt: skip


def test_what_could_only_go_too_late_expires_at_once_and_says_what_stood_in_the_way() -> None:
    verdict = asked(planned=replace(PLANNED, not_after=MONDAY + 4 * DAY), history=(contact(3 * DAY),))
    assert (verdict.action, verdict.rule) == (Action.EXPIRE, "cool_down")
    assert verdict.because == (
        "it has to go before 2026-12-04 06:30 UTC, and cannot: contacted for churn_intervention on "
        "2026-11-27 06:30 UTC; 7 days are to pass"
    )
    later = replace(PLANNED, not_after=MONDAY + 4 * DAY + MARGIN)
    assert asked(planned=later, history=(contact(3 * DAY),)).action is Action.HOLD


def test_one_of_whom_only_the_country_is_known_is_contacted_when_it_is_day_in_all_of_it() -> None:
    american = replace(PERSON, zone=None, country="US")
    at = datetime(2026, 11, 30, 15, tzinfo=UTC)
    verdict = asked(american, at=at)
    everywhere = datetime(2026, 11, 30, 9, tzinfo=ZoneInfo("America/Adak"))
    assert (verdict.action, verdict.until) == (Action.HOLD, everywhere)
    assert "zones of US, as theirs is not known" in verdict.because
    assert asked(american, at=everywhere).action is Action.SEND
    assert asked(replace(PERSON, zone=None, country="IN")).action is Action.SEND


def test_one_of_whom_nothing_is_known_is_contacted_when_it_is_day_at_home() -> None:
    nowhere = replace(PERSON, zone=None, country=None)
    tokyo = replace(POLICY, home_zone="Asia/Tokyo")
    assert asked(nowhere, policy=tokyo).because == (
        "nothing stands against it: it is 15:30 on Monday in Asia/Tokyo, the home zone, as their own is not known"
    )
    assert asked(replace(nowhere, zone="Mars/Base"), policy=tokyo).action is Action.SEND


def test_zones_that_never_share_a_day_hold_a_message_and_never_let_it_go() -> None:
    antarctic = replace(PERSON, zone=None, country="AQ")
    narrow = replace(POLICY, send_windows=(SendWindow(opens=time(12), closes=time(13)),))
    forever = replace(PLANNED, not_after=MONDAY + 3650 * DAY)
    verdict = asked(antarctic, forever, policy=narrow)
    assert verdict.action is Action.HOLD
    assert verdict.until is not None
    assert verdict.until > MONDAY
    assert asked(antarctic, forever, policy=narrow, at=verdict.until).action is Action.HOLD


def test_what_is_not_due_waits_until_it_is() -> None:
    verdict = asked(planned=replace(PLANNED, due_at=MONDAY + 2 * timedelta(hours=1)))
    assert (verdict.action, verdict.rule, verdict.until) == (Action.HOLD, "due", MONDAY + timedelta(hours=2))
