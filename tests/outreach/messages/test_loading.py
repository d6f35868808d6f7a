"""Babel is loaded with the first message that is written from a template, and not at a start."""

import subprocess
import sys

import pytest

PROGRAM = "import sys, {module}; print(*(name for name in ('jinja2', 'babel') if name in sys.modules))"


@pytest.mark.parametrize(
    ("module", "loaded"),
    [
        ("beforehand.outreach.delivery.speaking", {"jinja2"}),
        ("functions.outreach_claim.handler", {"jinja2"}),
        ("beforehand.outreach.messages.routes", set()),
    ],
)
def test_loads_only_what_it_uses(module: str, loaded: set[str]) -> None:
    run = [sys.executable, "-c", PROGRAM.format(module=module)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == loaded
