"""Where the contracts are tried: a local endpoint of their own, or AWS itself with BEFOREHAND_CONTRACTS=aws."""

import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from beforehand_cli.local.aws import client_at
from beforehand_cli.local.node import ensure_tools
from beforehand_cli.local.processes import wait_until
from beforehand_cli.local.state import STATE_DIRECTORY_VARIABLE, StateDirectory
from beforehand_cli.local.up import Addresses, down, up
from tests.spreading import ports_here

ROOT = Path(__file__).parent.parent.parent
ON_AWS = os.environ.get("BEFOREHAND_CONTRACTS") == "aws"


@dataclass
class Aws:
    """The endpoint under test and what was made at it, which is removed at the end of each test."""

    addresses: Addresses | None
    cleanup: ExitStack = field(default_factory=ExitStack)

    @property
    def is_local(self) -> bool:
        return self.addresses is not None

    def client(self, service: str) -> Any:
        if self.addresses is None:
            return boto3.client(service)
        return client_at(self.addresses.endpoint, service)

    def local(self) -> Addresses:
        """The local endpoint's addresses; skips the test at AWS itself."""
        if self.addresses is None:
            pytest.skip("this is about the local endpoint only")
        return self.addresses

    @staticmethod
    def name(kind: str) -> str:
        """A name that nobody else has."""
        return f"contract-{kind}-{uuid.uuid4().hex[:10]}"

    def later(self, remove: Callable[..., Any], **arguments: Any) -> None:
        """Remove something when the test is over."""
        self.cleanup.callback(remove, **arguments)


def eventually(condition: Callable[[], Any], *, seconds: float = 20) -> Any:
    """The first true answer of `condition`; fails the test when there is none in time."""
    answers: list[Any] = []

    def holds() -> bool:
        answers.append(condition())
        return bool(answers[-1])

    assert wait_until(holds, seconds=seconds), f"not within {seconds} seconds; last seen: {answers[-1]!r}"
    return answers[-1]


@pytest.fixture(scope="session")
def addresses() -> Iterator[Addresses | None]:
    if ON_AWS:
        yield None
        return
    tools = ensure_tools(StateDirectory.of(ROOT))
    with tempfile.TemporaryDirectory(prefix="beforehand-contracts-") as folder:
        state = Path(folder)
        state.chmod(0o755)  # the account that runs PostgreSQL must reach it
        (state / "tools").symlink_to(tools.directory)
        try:
            with state_at(state):
                started = up(ROOT, report=print, deploy=False, preferred=ports_here(aws=14566, database=15532))
            yield started
        finally:
            with state_at(state):
                down(ROOT, report=print, remove_data=True)


@contextmanager
def state_at(state: Path) -> Iterator[None]:
    """Let `up` and `down` keep their state elsewhere, and nobody else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_DIRECTORY_VARIABLE, str(state))
        yield


@pytest.fixture
def aws(addresses: Addresses | None) -> Iterator[Aws]:
    endpoint = Aws(addresses=addresses)
    with endpoint.cleanup:
        yield endpoint
