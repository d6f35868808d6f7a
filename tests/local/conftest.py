"""What the tests of the local stack share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from beforehand_cli.local.node import Tools, ensure_tools
from beforehand_cli.local.state import StateDirectory

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def tools() -> Tools:
    """The npm packages, installed once in the project's own state directory."""
    return ensure_tools(StateDirectory.of(ROOT))


@contextmanager
def refused(code: str, message: str = "") -> Iterator[None]:
    """Expect that the database refuses, with this SQLSTATE and these words.

    pg8000 says goodbye after a refusal; when the server is gone by then, that error hides the refusal behind it.
    """
    with pytest.raises((DatabaseError, InterfaceError)) as found:
        yield
    error: BaseException | None = found.value
    while error is not None and not isinstance(error, DatabaseError):
        error = error.__context__
    assert error is not None, repr(found.value)
    assert error.args[0]["C"] == code
    assert message in error.args[0]["M"]
