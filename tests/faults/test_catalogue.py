"""The list of faults is whole: each has one test, and none is said to be lived through where it is not.

The marks are read in the sources, so that this holds whichever tests are run and in however many processes.
"""

import ast
from collections import Counter
from collections.abc import Iterator

from tests.conftest import ROOT
from tests.faults.catalogue import FAULTS, LIST, NOT_YET


def marked() -> Iterator[int]:
    """The number of each mark of each test."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield from (number for one in node.decorator_list for number in numbers(one))


def numbers(decorator: ast.expr) -> Iterator[int]:
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.fault":
        yield from (ast.literal_eval(argument) for argument in decorator.args)


def test_every_fault_has_one_test_of_its_own_and_no_test_names_another() -> None:
    assert Counter(marked()) == Counter(FAULTS.keys())


def test_every_fault_of_the_list_has_a_test_or_the_reason_why_it_has_none() -> None:
    assert set(LIST) <= set(FAULTS) | set(NOT_YET)
    assert not set(FAULTS) & set(NOT_YET)
    assert set(FAULTS) | set(NOT_YET) == set(range(1, len(FAULTS) + len(NOT_YET) + 1)), "no number is left out"
    assert all(reason for reason in NOT_YET.values())


def test_no_workflow_waits_for_a_task_token_while_an_expired_one_is_said_to_be_impossible() -> None:
    waits = [path.name for path in (ROOT / "infra").rglob("*.py") if "waitForTaskToken" in path.read_text()]
    assert bool(waits) != (28 in NOT_YET), waits
