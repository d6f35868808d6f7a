"""A command line that is forked is one that was typed."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.commands import Commands, commands
from tests.installation import COMMAND, ROOT

ENVIRONMENT = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def forked() -> Iterator[Commands]:
    with commands(directory=ROOT, environment=ENVIRONMENT) as found:
        yield found


@pytest.mark.parametrize("line", ["--version", "", "customers --help", "scan --risk-threshold 60", "mial"])
def test_says_and_ends_as_the_program_does(forked: Commands, line: str) -> None:
    typed = subprocess.run([COMMAND, *line.split()], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)
    done = forked.run(line.split(), seconds=60)
    assert (done.returncode, done.stdout, done.stderr) == (typed.returncode, typed.stdout, typed.stderr)


def test_who_takes_too_long_is_ended_and_the_next_is_run(forked: Commands) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        forked.run(["customers", "--help"], seconds=0)
    assert forked.run(["--version"], seconds=60).stdout.startswith("beforehand ")
