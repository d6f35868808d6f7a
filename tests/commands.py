"""`beforehand …` in a process of its own for each command line, all forked from one that has imported the program.

To import it takes longer than most commands take, and the tests of the whole run some two hundred of them. That the
program itself says the same is tried in tests/test_commands.py; the demo and whoever presses Ctrl-C run it.
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session

from beforehand_cli.local.aws import client_at
from beforehand_cli.main import main

Done = subprocess.CompletedProcess[str]


class Commands:
    """What runs command lines, one after the other."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._out, self._error = folder / "out", folder / "error"

    def run(self, arguments: Sequence[str], *, seconds: float) -> Done:
        """Runs one command line to its end. Raises TimeoutExpired, when it has been killed."""
        asked = {"arguments": arguments, "out": str(self._out), "error": str(self._error)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        pid = self._said()
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            os.kill(pid, signal.SIGKILL)
            self._said()
            raise subprocess.TimeoutExpired(["beforehand", *arguments], seconds, self._out.read_bytes())
        return subprocess.CompletedProcess(
            ["beforehand", *arguments], self._said(), self._out.read_text("utf-8"), self._error.read_text("utf-8")
        )

    def _said(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


@contextmanager
def commands(*, directory: Path, environment: Mapping[str, str]) -> Iterator[Commands]:
    """The process from which commands are forked; it and its environment stay as they are until the end."""
    # Not with -m, which the command's own help would tell of.
    start = [sys.executable, "-c", "from tests.commands import serve; serve()"]
    # Without buffers, or one would hold the end of a command that is looked for in the pipe.
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            start, cwd=directory, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        ) as process,
    ):
        yield Commands(process, Path(folder))


def serve() -> None:
    """Forks once for each line; returns in the fork alone, which is then what was asked for."""
    botocore.session.create_loader = cache(botocore.session.create_loader)
    for service in ("cloudformation", "cognito-idp"):
        client_at("http://127.0.0.1:9", service)  # reads what AWS says of the services that most commands ask
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            become(asked)
            sys.exit(main())
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def become(asked: Mapping[str, Any]) -> None:
    """Takes the streams and the arguments of the command line for its own."""
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, asked["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, asked["error"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["beforehand", *asked["arguments"]]
