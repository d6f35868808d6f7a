"""A start does not look for garbage, and a function that has started does."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import gc, json
import beforehand
searched_at_start = gc.isenabled()
from beforehand.entrypoint import task
from beforehand.events.churn import ScanStep
task(ScanStep, lambda step: step)
print(json.dumps([searched_at_start, gc.isenabled(), gc.get_freeze_count() > 0]))
"""


@pytest.mark.parametrize(
    ("environ", "seen"),
    [({"AWS_LAMBDA_FUNCTION_NAME": "churn_score"}, [False, True, True]), ({}, [True, True, False])],
    ids=["on Lambda", "elsewhere"],
)
def test_looks_for_garbage_once_it_has_started(environ: dict[str, str], seen: list[bool]) -> None:
    run = [sys.executable, "-c", SCRIPT]
    said = subprocess.run(run, env=environ, capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == seen
