"""Processes that outlive the command that started them, known by their pid and start time."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from beforehand_cli.local.errors import LocalError

POLL_SECONDS = (0.02, 0.5)
"""The least and the most that is waited between two looks; in between, a twentieth of what was waited already."""


class ProcessStillRunsError(LocalError):
    """Process {pid} did not end within {seconds:.0f} seconds, not even when killed."""


class ProcessRecord(BaseModel):
    """One process: its pid and when it started, in the words of the operating system.

    A pid alone may have been given to a stranger since; both together name one process for ever.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pid: int
    started: str

    def is_running(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        return started_at(self.pid) == self.started

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it, and to nobody else; nothing when it does not run."""
        if self.is_running():
            os.kill(self.pid, number)


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Poll `condition` until it holds or `seconds` have passed, less often the longer it takes; the last answer."""
    least, most = POLL_SECONDS
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        if waited >= seconds:
            return False
        time.sleep(min(most, max(least, waited / 20)))
    return True


def started_at(pid: int) -> str | None:
    """When process `pid` started, as an opaque text; None when it does not run."""
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        state, *fields = stat.rpartition(")")[2].split()
        return None if state in "ZX" else fields[18]  # field 22 of proc(5): ticks since boot
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    state, _, started = answer.partition(" ")
    return None if not answer or state.startswith("Z") else started.strip()


def record_of(pid: int) -> ProcessRecord:
    """The record of a process that runs now.

    Raises:
        ProcessLookupError: it does not run.
    """
    started = started_at(pid)
    if started is None:
        raise ProcessLookupError(pid)
    return ProcessRecord(pid=pid, started=started)


def start_detached(command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> ProcessRecord:
    """Start `command` in its own session, its output going to `log`, and return at once."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return record_of(process.pid)


def stop(record: ProcessRecord, *, seconds: float = 10) -> bool:
    """Ask a process started by `start_detached` to end, wait, and end what is left of its session.

    Returns:
        False when it did not run any more.

    Raises:
        ProcessStillRunsError: it survived `seconds` after SIGTERM and five more after SIGKILL.
    """
    if not record.is_running():
        return False
    record.signal(signal.SIGTERM)
    if not wait_until(lambda: not record.is_running(), seconds=seconds):
        _signal_group(record.pid)
        if not wait_until(lambda: not record.is_running(), seconds=5):
            raise ProcessStillRunsError(pid=record.pid, seconds=seconds + 5)
    _signal_group(record.pid)
    return True


def _signal_group(pid: int) -> None:
    """Kill the process group that `start_detached` made, if any of it is left."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def tail(log: Path, *, lines: int = 30) -> str:
    """The last lines of a log file, for an error message."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
