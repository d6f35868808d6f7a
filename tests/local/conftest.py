"""What the tests of the local stack share."""

from pathlib import Path

import pytest

from beforehand_cli.local.node import Tools, ensure_tools
from beforehand_cli.local.state import StateDirectory

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def tools() -> Tools:
    """The npm packages, installed once in the project's own state directory."""
    return ensure_tools(StateDirectory.of(ROOT))
