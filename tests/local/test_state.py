"""What is remembered between commands, and who may write it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from beforehand_cli.local import processes
from beforehand_cli.local.processes import ProcessRecord, record_of, start_detached, stop, tail, wait_until
from beforehand_cli.local.state import (
    AnotherCommandRunsError,
    State,
    StateDirectory,
    StateLostError,
    StateUnreadableError,
    write_atomically,
)


@pytest.fixture
def directory(tmp_path: Path) -> StateDirectory:
    return StateDirectory(root=tmp_path / "state")


def sleeper(log: Path) -> ProcessRecord:
    return start_detached([sys.executable, "-c", "import time; time.sleep(60)"], environment=os.environ, log=log)


def test_remembers_what_was_saved(directory: StateDirectory) -> None:
    saved = State(aws_port=4566, processes={"gate": ProcessRecord(pid=1, started="2")})
    directory.save(saved)
    assert directory.load() == saved


def test_begins_with_nothing(directory: StateDirectory) -> None:
    assert directory.load() == State()


def test_says_which_file_it_cannot_read(directory: StateDirectory) -> None:
    directory.create()
    directory.file.write_text('{"ports": "many"}')
    with pytest.raises(StateUnreadableError, match=r"state\.json is not readable; run `beforehand down`"):
        directory.load()


@pytest.mark.parametrize("broken", [None, "{", '{"ports": "many"}'])
def test_what_runs_is_known_although_the_state_file_is_lost_or_broken(
    directory: StateDirectory, tmp_path: Path, broken: str | None
) -> None:
    process = sleeper(tmp_path / "log")
    try:
        directory.save(State(aws_port=4566, processes={"gate": process}))
        directory.file.unlink() if broken is None else directory.file.write_text(broken)
        with pytest.raises((StateLostError, StateUnreadableError), match="run `beforehand down`"):
            directory.load()
        assert directory.recover().processes == {"gate": process}
    finally:
        stop(process)
    directory.save(State())
    assert directory.recover() == directory.load() == State()


def test_lies_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BEFOREHAND_STATE", raising=False)
    assert StateDirectory.of(tmp_path).root == tmp_path / ".beforehand"
    monkeypatch.setenv("BEFOREHAND_STATE", str(tmp_path / "elsewhere"))
    assert StateDirectory.of(tmp_path).root == tmp_path / "elsewhere"


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_lets_one_command_in_at_a_time(directory: StateDirectory) -> None:
    second = (
        "import sys; from pathlib import Path; from beforehand_cli.local.state import StateDirectory\n"
        "with StateDirectory(root=Path(sys.argv[1])).locked(): pass"
    )
    command = [sys.executable, "-c", second, str(directory.root)]
    with directory.locked():
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
        with pytest.raises(AnotherCommandRunsError), directory.locked():
            pass
    assert "AnotherCommandRunsError" in refused.stderr
    assert subprocess.run(command, check=False).returncode == 0


def test_a_recycled_pid_is_somebody_else(tmp_path: Path) -> None:
    process = sleeper(tmp_path / "log")
    before = process.model_copy(update={"started": "1"})
    assert not before.is_running()
    assert stop(before) is False, "nothing of ours runs under that pid"
    assert process.is_running()
    assert stop(process) is True
    assert not process.is_running()


def test_stops_what_will_not_end_by_itself_and_its_children(tmp_path: Path) -> None:
    log = tmp_path / "log"
    stubborn = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    process = start_detached([sys.executable, "-c", stubborn], environment=os.environ, log=log)
    assert wait_until(lambda: bool(tail(log).strip()), seconds=10)
    child = record_of(int(tail(log)))
    assert stop(process, seconds=0.2) is True
    assert not process.is_running()
    assert wait_until(lambda: not child.is_running(), seconds=5)


def test_what_takes_long_is_looked_for_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []

    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(processes, "time", clock)
    assert wait_until(lambda: looks.append(clock.now) or clock.now >= 60, seconds=90)
    assert 60 <= clock.now <= 60.5, "at most half a second late"
    assert looks[:4] == pytest.approx([0, 0.02, 0.04, 0.06])
    assert len(looks) < 200
    assert not wait_until(lambda: False, seconds=5)
    assert clock.now < 66
