"""The budget of a run is shared out before anything is asked, best first, and never exceeded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beforehand.churn.allowance import Allowance
from beforehand.churn.prices import Prices


@pytest.mark.parametrize(
    ("run", "letter", "letters", "shares"),
    [
        (20, 2, 3, [2, 2, 2]),
        (5, 2, 4, [2, 2, 1, 0]),
        (0, 2, 2, [0, 0]),
        (5, 0, 2, [0, 0]),
        (5, 2, 0, []),
    ],
)
def test_who_comes_first_is_served_first(run: int, letter: int, letters: int, shares: list[int]) -> None:
    assert Allowance(calls_per_run=run, calls_per_letter=letter).shares(letters) == shares


@given(st.integers(0, 3000), st.integers(0, 3), st.integers(0, 1000))
def test_no_run_exceeds_its_budget(run: int, letter: int, letters: int) -> None:
    shares = Allowance(calls_per_run=run, calls_per_letter=letter).shares(letters)
    assert (len(shares), sum(shares)) == (letters, min(run, letter * letters))


def test_tokens_have_a_price() -> None:
    assert Prices(input_million=0.06, output_million=0.24).of(1_000_000, 500_000) == pytest.approx(0.18)
