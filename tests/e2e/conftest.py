"""The deployed stacks take their time to be there: the first test waits for a whole deploy."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS))
