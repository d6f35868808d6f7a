"""How `make test` spreads the tests over processes: one more than there are cores, since one of them mostly waits.

Each process has a PostgreSQL of its own and runs whole files, so that what a file's tests share is made once. Some
folders share more than that and stay together. What takes longest is begun first; a file that is named nowhere
here runs after that, when somebody has nothing to do. Nothing depends on this order; it only saves time.
"""

import os
from collections.abc import Iterable, Iterator

import pytest
from xdist.scheduler import LoadScopeScheduling

from beforehand_cli.local.up import PreferredPorts

TOGETHER = ("tests/e2e/desk", "tests/e2e", "tests/infra")
"""Folders whose tests share what is costly: the deployed stacks, and the templates of every stage.

The stacks are deployed twice: what happens through them is mostly waited for, and two can wait at once.
"""

FIRST = ("tests/e2e", "tests/infra", "tests/local", "tests/faults", "tests/contracts", "tests/api")
"""Folders in the order in which they are begun, the longest first."""

MOST_CORES = 4
"""With more, every further PostgreSQL costs more than it saves."""


def group_of(path: str) -> str:
    """Which tests run in the same process, by the path of their file."""
    return next((folder for folder in TOGETHER if path.startswith(f"{folder}/")), path)


def turn_of(path: str) -> int:
    """When a file's turn comes, the lowest first."""
    return next((turn for turn, folder in enumerate(FIRST) if path.startswith(f"{folder}/")), len(FIRST))


def path_of(nodeid: str) -> str:
    """The file in the name of a test."""
    return nodeid.partition("::")[0]


def in_turn(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The tests in the order in which their groups are begun."""
    yield from sorted(items, key=lambda item: turn_of(path_of(item.nodeid)))


def processes() -> int:
    """How many processes `-n auto` means."""
    return min(os.cpu_count() or 1, MOST_CORES) + 1


def ports_here(*, aws: int, database: int) -> PreferredPorts:
    """Ports that no other process of this run looks at, since two that ask at once would both find one free."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return PreferredPorts(aws=aws + 20 * number, database=database + 20 * number)


class Spread(LoadScopeScheduling):
    """Gives each process a group at a time, in the order in which the tests were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(path_of(nodeid))
