"""The list of faults is whole, and says of none that it is lived through where it is not."""

from tests.conftest import ROOT
from tests.faults.catalogue import FAULTS, LIST, NOT_YET


def test_every_fault_of_the_list_has_a_test_or_the_reason_why_it_has_none() -> None:
    assert set(LIST) <= set(FAULTS) | set(NOT_YET)
    assert not set(FAULTS) & set(NOT_YET)
    assert set(FAULTS) | set(NOT_YET) == set(range(1, len(FAULTS) + len(NOT_YET) + 1)), "no number is left out"
    assert all(reason for reason in NOT_YET.values())


def test_no_workflow_waits_for_a_task_token_while_an_expired_one_is_said_to_be_impossible() -> None:
    waits = [path.name for path in (ROOT / "infra").rglob("*.py") if "waitForTaskToken" in path.read_text()]
    assert bool(waits) != (28 in NOT_YET), waits
