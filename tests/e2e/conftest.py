"""The deployed stacks take their time to be there: the first test waits for a whole deploy.

What looks at a company that nobody has written to yet comes first: the demo writes to its customers, too.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, installed

HERE = Path(__file__).parent
SECONDS = 900


FIRST = "test_the_main_job.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = [place for place, item in enumerate(items) if HERE in item.path.parents]
    here = sorted((items[place] for place in places), key=lambda item: item.path.name != FIRST)
    for place, item in zip(places, here, strict=True):
        items[place] = item
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The whole product, deployed to this machine once for the tests that go through it.

    It ends with them: its schedules would go on starting functions every minute.
    """
    with installed(tmp_path_factory.mktemp("installation")) as running:
        yield running
