"""Work that stops before each call of a port, so that a test says who goes on, who is frozen and who is killed.

A task is replayed: its program runs from the start, is given again whatever its calls were answered before, makes
one new call, and stops at the next. So all that a task knows is its log, and a world with its tasks can be copied.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from beforehand.outreach.delivery.model import GatesUnreachableError

W = TypeVar("W")

AT_ONCE = "at once: "
"""How the name of a call begins that belongs to the step before: nothing comes between."""


class Fault(StrEnum):
    """What goes wrong with a call of the table of gates."""

    NONE = ""
    LOST_BEFORE = "is not reached"
    LOST_AFTER = "happens, and its answer is lost"


class Port(Protocol):
    """Through it a program makes every call that touches the world."""

    def __call__(self, name: str, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any: ...


class SuspendedError(BaseException):
    """A program has come to its next call. No `except Exception` of a program sees it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a call was answered: a value, or an error."""

    name: str
    value: Any = None
    error: type[Exception] | None = None

    def give(self) -> Any:
        if self.error is not None:
            raise self.error(f"{self.name} gave no answer")
        return self.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Task(Generic[W]):
    """A program, how far it is, and which call is its next; None: it has ended."""

    name: str
    program: Callable[[W, Port], None]
    log: tuple[Answered, ...] = ()
    next: str | None = "start"

    @property
    def key(self) -> tuple[Any, ...]:
        """All that it still knows."""
        return (self.name, self.log if self.next else (), self.next)

    def ready(self, world: W) -> "Task[W]":
        """The task before its first call."""
        return self._run(world, Fault.NONE, steps=0)

    def step(self, world: W, fault: Fault = Fault.NONE) -> "Task[W]":
        """The task after one more call."""
        return self._run(world, fault, steps=1)

    def finish(self, world: W) -> "Task[W]":
        """The task after all its calls, undisturbed."""
        return self._run(world, Fault.NONE, steps=1_000)

    def _run(self, world: W, fault: Fault, *, steps: int) -> "Task[W]":
        log, index, left, stopped_at = list(self.log), 0, steps, None

        def port(name: str, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
            nonlocal index, left, stopped_at
            if index == len(log):
                if not name.startswith(AT_ONCE):
                    if left == 0:
                        stopped_at = name
                        raise SuspendedError
                    left -= 1
                log.append(_answer(name, fault, call, arguments, named))
            index += 1
            return log[index - 1].give()

        try:
            self.program(world, port)
        except SuspendedError:
            return replace(self, log=tuple(log), next=stopped_at)
        except GatesUnreachableError:
            # The function fails; whatever it had not done, a later tick finds.
            pass
        return replace(self, log=tuple(log), next=None)


def _answer(name: str, fault: Fault, call: Callable[..., Any], arguments: Any, named: Any) -> Answered:
    if fault is Fault.LOST_BEFORE:
        return Answered(name, error=GatesUnreachableError)
    try:
        value = call(*arguments, **named)
    except GatesUnreachableError:
        return Answered(name, error=GatesUnreachableError)
    if fault is Fault.LOST_AFTER:
        return Answered(name, error=GatesUnreachableError)
    return Answered(name, value=_hashable(value))


def undisturbed(_name: str, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """The port of a program that runs through."""
    return call(*arguments, **named)


class Read(dict[Any, Any]):
    """A mapping that was read, comparable by what is in it."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return Read(value)
    return tuple(value) if isinstance(value, list) else value
