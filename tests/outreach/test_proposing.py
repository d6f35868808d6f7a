"""How a wish for a message becomes a proposal: its cycle and step, its times, whether a person asked for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from beforehand.outreach.model import Purpose, State
from beforehand.outreach.proposing import (
    AHEAD,
    LASTS,
    CannotFollowError,
    Followed,
    Place,
    UnfitTimeError,
    is_automated,
    place,
    times,
)

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
EARLIER = Followed(
    outreach_id=UUID(int=7), customer_id="C1", cycle="spring", step=2, state=State.DELIVERED
)  # fmt: skip


def placed(cycle: str | None = None, followed: Followed | None = None, user: str = "u", key: str = "k") -> Place:
    return place("C1", cycle=cycle, user=user, key=key, followed=followed)


def test_the_same_write_is_the_same_cycle_and_another_user_or_key_another() -> None:
    assert placed() == placed()
    assert len({placed().cycle, placed(user="v").cycle, placed(key="l").cycle}) == 3
    assert placed(cycle="spring") == Place(cycle="spring", step=0, follows_id=None)


def test_what_follows_takes_the_next_step_of_the_same_cycle() -> None:
    assert placed(followed=EARLIER) == Place(cycle="spring", step=3, follows_id=EARLIER.outreach_id)
    assert placed(cycle="summer", followed=EARLIER).cycle == "summer"


@pytest.mark.parametrize("state", State)
def test_only_what_is_over_is_followed(state: State) -> None:
    over = {State.SENT, State.DELIVERED, State.SKIPPED, State.EXPIRED, State.CANCELLED, State.FAILED}
    followed = replace(EARLIER, state=state, case_id=UUID(int=9))
    if state in over:
        assert placed(followed=followed).step == 3
    else:
        with pytest.raises(CannotFollowError, match=r"^it "):
            placed(followed=followed)


def test_what_nobody_could_tell_about_is_followed_once_its_case_is_done() -> None:
    assert placed(followed=replace(EARLIER, state=State.REVIEW, case_id=None)).step == 3


def test_what_is_followed_is_the_same_customers() -> None:
    with pytest.raises(CannotFollowError, match="another customer's"):
        placed(followed=replace(EARLIER, customer_id="C2"))


@pytest.mark.parametrize(
    ("purpose", "said", "automated"),
    [
        (Purpose.MANUAL, None, False),
        (Purpose.MANUAL, True, True),
        (Purpose.CUSTOM, None, True),
        (Purpose.CUSTOM, False, False),
    ],
)
def test_what_is_by_hand_is_not_automated_unless_said(purpose: Purpose, said: bool | None, automated: bool) -> None:
    assert is_automated(purpose, said) is automated


def test_a_message_may_go_from_when_it_is_due_for_a_week() -> None:
    later = NOW + timedelta(days=3)
    assert times(None, None, now=NOW) == (NOW, NOW + LASTS)
    assert times(later, None, now=NOW) == (later, later + LASTS)
    assert times(NOW - timedelta(hours=1), None, now=NOW)[0] == NOW, "what was due already is due now"


@pytest.mark.parametrize(
    ("due", "ends", "field"),
    [
        (timedelta(0), timedelta(0), "not_after"),
        (timedelta(hours=2), timedelta(hours=1), "not_after"),
        (timedelta(0), AHEAD + timedelta(seconds=1), "not_after"),
        (AHEAD + timedelta(seconds=1), None, "due_at"),
    ],
)
def test_times_that_do_not_fit_are_named(due: timedelta, ends: timedelta | None, field: str) -> None:
    with pytest.raises(UnfitTimeError) as refused:
        times(NOW + due, None if ends is None else NOW + ends, now=NOW)
    assert refused.value.field == field
