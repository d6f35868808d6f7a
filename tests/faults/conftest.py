"""Holds tests and catalogue to each other: every fault has one test, and no test names an unknown fault."""

from collections import Counter

import pytest
from hypothesis import Phase, settings

from tests.contracts.conftest import addresses, aws
from tests.faults.catalogue import FAULTS

__all__ = ["addresses", "aws"]

FIRST_FAILURE = "first_failure"
"""The profile of hypothesis that looks for no simpler example than the first that fails."""

settings.register_profile(FIRST_FAILURE, phases=[Phase.explicit, Phase.generate])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    marked = {
        (mark.args[0], item.nodeid.partition("[")[0]) for item in items for mark in item.iter_markers("fault")
    }
    if not marked or session.config.option.keyword or any("::" in argument for argument in session.config.args):
        return
    owners = Counter(number for number, _ in marked)
    wrong = {number for number in owners if number not in FAULTS or owners[number] > 1}
    missing = set(FAULTS) - set(owners)
    if wrong or missing:
        raise pytest.UsageError(f"faults without one test of their own: {sorted(wrong | missing)}")
