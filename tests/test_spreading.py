"""How the tests are spread over processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import spreading
from tests.installation import ROOT

THIS = "tests/test_spreading.py"
FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py"))


def test_a_file_is_a_group_unless_its_folder_is_one() -> None:
    assert spreading.group_of("tests/e2e/test_api.py") == "tests/e2e"
    assert spreading.group_of("tests/e2e/desk/test_outreach.py") == "tests/e2e/desk"
    assert spreading.group_of("tests/e2e_of_another/test_api.py") == "tests/e2e_of_another/test_api.py"
    assert spreading.group_of("tests/stores/test_inbox.py") == "tests/stores/test_inbox.py"


def test_what_waits_for_schedules_is_begun_first() -> None:
    turns = {file: spreading.turn_of(file) for file in FILES}
    assert {file for file, turn in turns.items() if turn == 0} == {f for f in FILES if f.startswith("tests/e2e/")}
    assert turns["tests/test_settings.py"] == max(turns.values())


@pytest.mark.parametrize("folder", sorted({*spreading.FIRST, *spreading.TOGETHER}))
def test_every_folder_that_is_named_is_there(folder: str) -> None:
    assert any(file.startswith(f"{folder}/") for file in FILES)


def test_the_deployed_stacks_are_deployed_twice() -> None:
    fixture = "installation: Installation"
    users = {f for f in FILES if fixture in Path(ROOT / f).read_text(encoding="utf-8")} - {
        "tests/test_spreading.py"
    }
    assert len(users) > 3
    assert {spreading.group_of(file) for file in users} == {"tests/e2e", "tests/e2e/desk"}


def test_processes_do_not_look_for_the_same_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for number in range(spreading.MOST_CORES + 1):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{number}")
        ports = spreading.ports_here(aws=14566, database=15532)
        found += [ports.aws, ports.database]
    assert len(set(found)) == len(found)
    monkeypatch.delenv("PYTEST_XDIST_WORKER")
    assert spreading.ports_here(aws=14566, database=15532).aws == 14566


def test_a_process_that_a_test_starts_keeps_what_it_compiles() -> None:
    keeps = "import sys; print(not sys.dont_write_bytecode)"
    said = subprocess.run([sys.executable, "-c", keeps], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "True"
