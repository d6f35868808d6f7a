"""The deployed stacks: everything that `beforehand up` starts, with a state of its own, for tests of the whole."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pg8000 import native

from beforehand_cli.deployment import LOCAL, Deployment
from beforehand_cli.local.node import Tools, ensure_tools
from beforehand_cli.local.postgres import Postgres
from beforehand_cli.local.processes import wait_until
from beforehand_cli.local.state import STATE_DIRECTORY_VARIABLE, StateDirectory
from beforehand_cli.local.up import Addresses, down, up
from beforehand_cli.sample import company
from tests.commands import Commands, Done, commands
from tests.spreading import ports_here

ROOT = Path(__file__).parent.parent
COMMAND = Path(sys.executable).parent / "beforehand"
Rows = list[list[object]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """A deployed product with the sample company in it."""

    addresses: Addresses
    deployment: Deployment
    environment: Mapping[str, str]
    company: company.Company
    commands: Commands

    def command(self, *arguments: str, seconds: float = 120) -> Done:
        """Runs `beforehand …` in a process of its own."""
        return self.commands.run(arguments, seconds=seconds)

    def typed(self, *arguments: str, seconds: float = 120) -> Done:
        """Runs the program `beforehand` as a person would, who waits for it to be imported."""
        return subprocess.run(
            [COMMAND, *arguments], cwd=ROOT, env=self.environment, timeout=seconds, capture_output=True,
            text=True, check=False,
        )  # fmt: skip

    @contextmanager
    def connected(self) -> Iterator[native.Connection]:
        """A connection to the database with the superuser's rights."""
        directory = StateDirectory.of(ROOT)
        server = Postgres.at(directory.postgres, native=Tools(directory=directory.tools).postgres())
        connection = server.connect("postgres")
        try:
            yield connection
        finally:
            connection.close()

    def rows(self, sql: str, **parameters: object) -> Rows:
        """What a person with the superuser's rights sees in the database."""
        with self.connected() as connection:
            return connection.run(sql, **parameters)

    def comes(self, that: Callable[[Rows], bool], sql: str, *, seconds: float = 180, **parameters: object) -> Rows:
        """The rows, once they are as awaited; fails the test when they are not in time."""
        seen: list[Rows] = []
        with self.connected() as connection:

            def there() -> bool:
                seen.append(connection.run(sql, **parameters))
                return that(seen[-1])

            assert wait_until(there, seconds=seconds), f"not within {seconds} seconds; last seen: {seen[-1]}"
        return seen[-1]


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """Everything up and deployed, with its state in the folder; stopped at the end."""
    state = folder / "state"
    state.mkdir()
    ensure_tools(StateDirectory.of(ROOT))
    (state / "tools").symlink_to(StateDirectory.of(ROOT).tools)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_DIRECTORY_VARIABLE, str(state))
        try:
            addresses = up(ROOT, report=print, preferred=ports_here(aws=14666, database=15632))
            today = datetime.now(UTC).date()
            environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
            with commands(directory=ROOT, environment=environment) as forked:
                yield Installation(
                    addresses=addresses,
                    deployment=Deployment(stage=LOCAL),
                    environment=environment,
                    company=company.write(state / "sample", today=today),
                    commands=forked,
                )
        finally:
            down(ROOT, report=print, remove_data=True)
