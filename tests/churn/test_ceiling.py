"""No customer ranks higher than the ceiling of their labels and their value says, by whatever profile."""

from dataclasses import replace
from itertools import pairwise
from math import inf, log1p

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beforehand.churn.ceiling import ceilings
from beforehand.churn.labels import MOST, Labels, all_labels, labels_of
from beforehand.churn.model import Signals
from beforehand.churn.profile import DEFAULT_V1, PROCX_V1, Bands, Comparison, Levels, ScoreProfile, Silence
from beforehand.churn.score import LEAST_AT_STAKE, ascii_lower, score
from beforehand.churn.yardstick import Yardstick, compared, yardsticks_of
from tests.stores.test_churn_scores import anything

FALLING = Bands(steps=((Comparison.BELOW, 0.5, 1.0), (Comparison.BELOW, 1.5, 0.4)), otherwise=0.1)
ODD_V1 = replace(
    PROCX_V1,
    version="odd-v1",
    least_coverage=0.1,
    factors=tuple(
        replace(factor, measure=FALLING)
        if factor.name == "relative_value"
        else replace(factor, measure=Levels(worth={"vip": 0.9, "?": 0.2}))
        if factor.name == "segment"
        else replace(factor, silence=Silence(known="nps", worth=0.1))
        if factor.name == "value_percentile"
        else factor
        for factor in PROCX_V1.factors
    ),
)
"""Value that counts for less the more there is of it, labels that nobody counts, and a silence."""


def labels(signals: Signals) -> Labels:
    segment, tier = (None if one is None else ascii_lower(one) for one in (signals.segment, signals.loyalty_tier))
    counted = {one.segment for one in all_labels()}, {one.loyalty_tier for one in all_labels()}
    return Labels(
        segment=segment if segment in counted[0] else None,
        loyalty_tier=tier if tier in counted[1] else None,
        loyalty_tier_fell=signals.loyalty_tier_fell,
    )


def coarse(yardstick: Yardstick) -> Yardstick:
    return replace(yardstick, values=yardstick.values[::25]) if len(yardstick.values) == 501 else yardstick


values = st.none() | st.sampled_from([0.0, 0.5, 1.0, 700.0]) | st.floats(0, 5000)


@settings(deadline=None, max_examples=60)
@given(
    people=st.lists(st.tuples(anything, values), min_size=1, max_size=40),
    others=st.sampled_from([0, 30, 700]),
    profile=st.sampled_from([DEFAULT_V1, PROCX_V1, ODD_V1]),
)
def test_nobody_ranks_above_the_ceiling_of_their_group(
    people: list[tuple[Signals, float | None]], others: int, profile: ScoreProfile
) -> None:
    base = [replace(signals, lifetime_value=value) for signals, value in people]
    crowd = [
        Signals(customer_id="X", segment=("VIP", "Loyal")[n % 2], lifetime_value=n * 7.0) for n in range(others)
    ]
    yardsticks = yardsticks_of([*base, *crowd])
    seen = {scope: coarse(one) for scope, one in yardsticks.items()}
    for signals in compared(base, yardsticks):
        (ceiling,) = ceilings(profile, [(labels(signals), signals.segment or "")], seen)
        risk = score(signals, profile).risk
        if risk is not None:
            value = max(signals.lifetime_value or 0.0, LEAST_AT_STAKE)
            assert value >= ceiling.least_value(risk * log1p(value)), signals


def test_a_ceiling_is_lower_for_those_who_have_more_for_sure() -> None:
    value = Yardstick(values=tuple(float(n) for n in range(0, 2001, 4)), mean=1000.0)
    groups = [
        (Labels(segment=segment, loyalty_tier=tier, loyalty_tier_fell=False), "")
        for segment, tier in (("vip", "platinum"), ("regular", "silver"), (None, None))
    ]
    found = [one.least_value(6.9) for one in ceilings(DEFAULT_V1, groups, {"segment:": value})]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == 3
    highest = ceilings(DEFAULT_V1, groups, {"segment:": value})[0]
    assert highest.steps[-1][0] == inf
    assert all(a < b for (a, _), (b, _) in pairwise(highest.steps))


def test_nothing_that_anybody_has_is_enough_for_a_rank_beyond_all_values() -> None:
    (ceiling,) = ceilings(DEFAULT_V1, [(Labels(segment=None, loyalty_tier=None, loyalty_tier_fell=False), "")], {})
    assert ceiling.least_value(0.0) == LEAST_AT_STAKE
    assert ceiling.least_value(1e6) > 1e300


@pytest.mark.parametrize("number", range(MOST + 1))
def test_labels_have_one_number_each(number: int) -> None:
    known = {one.number: one for one in all_labels()}
    if number in known:
        assert labels_of(number) == known[number]
