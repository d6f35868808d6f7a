"""What a report means: the same in whatever order they come, and however often."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beforehand.outreach.model import State
from beforehand.outreach.outcomes import MEANS, NOT_REACHED, RANK, Kind, consequence

SENT = [State.CLAIMED, State.UNKNOWN, State.REVIEW, State.SENT]
OVER = [State.SKIPPED, State.EXPIRED, State.CANCELLED]


def after(state: State, kinds: list[Kind], *, attempt: int = 1) -> State:
    for kind in kinds:
        state = (state, *consequence(state, 1, kind, of_attempt=attempt).through)[-1]
    return state


@given(state=st.sampled_from(SENT), kinds=st.lists(st.sampled_from(Kind), min_size=1, max_size=6), data=st.data())
def test_the_end_is_the_same_in_whatever_order_and_however_often(
    state: State, kinds: list[Kind], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(kinds + kinds))
    assert after(state, kinds) == after(state, shuffled)


def test_every_order_of_a_whole_life_ends_as_a_failure_where_it_came_back() -> None:
    life = [Kind.SENT, Kind.DELAYED, Kind.DELIVERED, Kind.BOUNCED]
    assert {after(State.CLAIMED, list(order)) for order in permutations(life)} == {State.FAILED}
    assert {after(State.UNKNOWN, list(order)) for order in permutations(life[:3])} == {State.DELIVERED}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("state", OVER)
def test_what_is_over_stays_as_it_is(state: State, kind: Kind) -> None:
    assert consequence(state, 1, kind, of_attempt=1).through == ()


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("state", [State.SCHEDULED, State.HELD])
def test_what_reached_a_person_is_not_sent_again_whichever_attempt_it_was(state: State, kind: Kind) -> None:
    for of_attempt in (1, 2, 3, None):
        comes = consequence(state, 2, kind, of_attempt=of_attempt)
        if kind in NOT_REACHED:
            assert comes.through == ()
        else:
            assert comes.through[0] is State.SENT and comes.through[-1] is MEANS[kind]
            assert comes.because.endswith("it had reached them, so it is not sent again")


@pytest.mark.parametrize("state", [State.CLAIMED, State.UNKNOWN, State.REVIEW, *RANK])
def test_word_of_an_earlier_attempt_moves_nothing_that_a_later_one_does(state: State) -> None:
    for kind in Kind:
        comes = consequence(state, 2, kind, of_attempt=1)
        assert comes.through == ()
        assert "under attempt 1" in comes.because
