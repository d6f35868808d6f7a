"""Every planted bug can still be planted; `make faults-power` sees that the tests find each."""

import ast
from collections import Counter

import pytest

from tests.faults.bugs import BUGS, Bug
from tests.faults.power import ROOT, PatchError, found_in, patched


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_can_be_planted_and_names_tests_that_there_are(bug: Bug) -> None:
    source = patched(bug, ROOT)
    assert source != (ROOT / bug.file).read_text()
    if bug.file.endswith(".py"):
        ast.parse(source)
    for tests in bug.tests:
        assert (ROOT / tests).is_file()


def test_each_bug_has_its_own_name() -> None:
    assert Counter(bug.name for bug in BUGS).most_common(1)[0][1] == 1


def test_a_bug_whose_source_has_changed_is_told_of() -> None:
    gone = Bug(name="gone", file=BUGS[0].file, edits=(("no such text", ""),), tests=())
    with pytest.raises(PatchError, match="this stands 0 times, and must once"):
        patched(gone, ROOT)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("FAILED tests/faults/test_a.py::test_one - assert 1 == 2", "test_a.py::test_one"),
        (
            "FAILED tests/faults/test_a.py::test_one[email-it answers, late]",
            "test_a.py::test_one[email-it answers, late]",
        ),
        ("ERROR tests/stores/test_b.py", "test_b.py"),
        ("1 passed in 0.10s", None),
    ],
)
def test_the_test_that_found_a_bug_is_named_whatever_it_is_called(said: str, found: str | None) -> None:
    assert found_in(f"..F\n{said}\n1 failed in 0.10s") == found
