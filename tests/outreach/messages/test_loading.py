"""Jinja2 and Babel are loaded with the first message that is written, and not at a start."""

import subprocess
import sys

import pytest

PROGRAM = "import sys, {module}; print(*(name for name in ('jinja2', 'babel') if name in sys.modules))"


@pytest.mark.parametrize(
    "module",
    ["functions.outreach_claim.handler", "functions.outreach_send.handler", "functions.api_serve.handler"],
)
def test_loads_only_what_it_uses(module: str) -> None:
    run = [sys.executable, "-c", PROGRAM.format(module=module)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
