"""Points at which a process can be ended or frozen, and processes that are."""

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Any

from beforehand.adapters import aws as clients
from beforehand.outreach.delivery import gates


class Point(StrEnum):
    """Where a process can be ended, in the order of its work."""

    BEFORE_CLAIM_COMMIT = "before the claim is committed"
    BEFORE_CHUNK = "after the commit, before the chunk is written"
    AFTER_CHUNK = "after the chunk is written"
    BEFORE_BEGIN = "before the key"
    AFTER_BEGIN = "after the key is written, before anything else"
    BEFORE_CALL = "after the key, just before the call"
    IN_CALL = "in the call: the provider has it, its answer is not read"
    BEFORE_END = "after the call, before its end is written"
    AFTER_END = "after the end is written, before the record"
    BEFORE_RECORD_COMMIT = "in the record, before its commit"
    AFTER_RECORD = "after the record is committed"


Reach = Callable[[Point], None]


def go_on(_: Point) -> None:
    """Nobody is ended anywhere."""


def dies_at(point: Point) -> Reach:
    """Ends the process that comes to this point, as no handler can catch."""

    def reach(here: Point) -> None:
        if here is point:
            os.kill(os.getpid(), signal.SIGKILL)

    return reach


def stops_at(point: Point) -> Reach:
    """Freezes the process that comes to this point, until somebody lets it go on."""

    def reach(here: Point) -> None:
        if here is point:
            os.kill(os.getpid(), signal.SIGSTOP)

    return reach


def begun(work: Callable[[], Any]) -> int:
    """Begins the work in a process of its own; its pid."""
    child = os.fork()
    if child:
        return child
    try:
        alone()
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def killed(work: Callable[[], Any]) -> None:
    """Does the work in a process of its own, which must end by its own SIGKILL."""
    child = begun(work)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"it was not killed but ended with {os.waitstatus_to_exitcode(status)}"
    assert os.WTERMSIG(status) == signal.SIGKILL


def together(work: Callable[[], Any], *, processes: int) -> None:
    """Does the work in so many processes at once, and waits for their good end."""
    children = [begun(work) for _ in range(processes)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0] * processes


@contextmanager
def frozen(work: Callable[[], Any]) -> Iterator[Callable[[], None]]:
    """Does the work in a process of its own that freezes itself; gives what wakes it and waits for its end."""
    child = begun(work)
    try:
        _, status = os.waitpid(child, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "it did not freeze"

        def wake() -> None:
            os.kill(child, signal.SIGCONT)
            _, status = os.waitpid(child, 0)
            assert os.waitstatus_to_exitcode(status) == 0

        yield wake
    finally:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def alone() -> None:
    """Lets go of the connections of the process that this one was forked from; they are still its own."""
    clients.client("s3").close()
    gates._dynamodb().close()
