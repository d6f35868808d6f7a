"""Every order in which tasks can make their calls, with every place at which one can stop for ever.

States that are the same are looked at once, however they were reached, so that millions of orders take seconds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.faults.steps import Fault, Task
from tests.faults.world import BrokenPromiseError, World, drain


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that comes from outside, once, at any moment at which it can, or never."""

    name: str
    do: Callable[[World], Any]
    can: Callable[[World], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Moment:
    """A world, its tasks, what can still happen, and how many calls of the gates may still be lost."""

    world: World
    tasks: tuple[Task[World], ...]
    happenings: tuple[Happening, ...]
    losses: int

    def key(self) -> tuple[Any, ...]:
        tasks, names = tuple(task.key for task in self.tasks), tuple(one.name for one in self.happenings)
        return (self.world.key(), tasks, names, self.losses)

    def followers(self) -> Iterator[tuple[str, "Moment"]]:
        """Each moment that can be the next, and what leads there."""
        for place, task in enumerate(self.tasks):
            if task.next is None:
                continue
            faults = list(Fault) if self.losses and task.next.startswith("gates: ") else [Fault.NONE]
            for fault in faults:
                world = self.world.copy()
                stepped = _guarded(task, world, fault)
                tasks = (*self.tasks[:place], stepped, *self.tasks[place + 1 :])
                losses = self.losses - (fault is not Fault.NONE)
                yield _said(task, stepped, fault), Moment(world, tasks, self.happenings, losses)
        for place, happening in enumerate(self.happenings):
            if happening.can(self.world):
                world = self.world.copy()
                happening.do(world)
                left = self.happenings[:place] + self.happenings[place + 1 :]
                yield happening.name, Moment(world, self.tasks, left, self.losses)


class FailingScheduleError(AssertionError):
    """An order of steps breaks a promise; the message is that order."""


@dataclass
class Explored:
    """What was looked at."""

    moments: int = 0
    schedules: int = 0
    """How many orders the moments stand for."""


@dataclass
class Explorer:
    """Looks at each moment that can be reached from the first, and stops at the first broken promise."""

    seen: dict[Any, tuple[Any, str]] = field(default_factory=dict)
    orders: dict[Any, int] = field(default_factory=dict)
    drained: dict[Any, World] = field(default_factory=dict)
    woken: set[Any] = field(default_factory=set)

    def explore(
        self, world: World, tasks: dict[str, Any], *, happenings: tuple[Happening, ...] = (), losses: int = 0
    ) -> Explored:
        ready = tuple(Task(name=name, program=program).ready(world) for name, program in tasks.items())
        first = Moment(world, ready, happenings, losses)
        self.seen[first.key()] = (None, "a message is due")
        schedules = self._visit(first, first.key())
        return Explored(moments=len(self.seen), schedules=schedules)

    def _visit(self, moment: Moment, key: Any) -> int:
        """How many orders lead on from here. Each is told apart by what it leads to."""
        self._settle(moment, key)
        orders = 0
        for label, follower in self._followers(moment, key):
            name = follower.key()
            if name not in self.seen:
                self.seen[name] = (key, label)
                self.orders[name] = self._visit(follower, name)
            orders += self.orders[name]
        self.orders[key] = orders or 1
        return self.orders[key]

    def _followers(self, moment: Moment, key: Any) -> Iterator[tuple[str, Moment]]:
        try:
            yield from moment.followers()
        except _StepError as error:
            self._fail(key, error.label, error.__cause__)

    def _settle(self, moment: Moment, key: Any) -> None:
        """Everybody is killed here, and later ticks find what they left; then the frozen ones wake all the same."""
        try:
            world = self._drained(moment.world)
            frozen = [task for task in moment.tasks if task.next is not None]
            left = (world.key(), tuple(task.key for task in frozen))
            if not frozen or left in self.woken:
                return
            world = world.copy()
            for task in frozen:
                task.finish(world)
            drain(world, "last tick")
            world.check_ends()
            self.woken.add(left)
        except Exception as error:
            self._fail(key, "all others stop; later ticks clear up; whoever was frozen wakes at last", error)

    def _drained(self, world: World) -> World:
        """The world as later ticks leave it."""
        name = world.key()
        if name not in self.drained:
            world = world.copy()
            drain(world, "later tick")
            world.check_ends()
            self.drained[name] = world
        return self.drained[name]

    def _fail(self, key: Any, last: str, error: BaseException | None) -> None:
        labels = [last]
        while key is not None:
            key, label = self.seen[key]
            labels.append(label)
        lines = [f"{number:3}. {label}" for number, label in enumerate(reversed(labels))]
        raise FailingScheduleError("\n".join([str(error), *lines])) from error


class _StepError(Exception):
    """A step broke a promise."""

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.label = label


def _guarded(task: Task[World], world: World, fault: Fault) -> Task[World]:
    try:
        return task.step(world, fault)
    except Exception as error:
        raise _StepError(f"{task.name}: {task.next}") from error


def _said(task: Task[World], stepped: Task[World], fault: Fault) -> str:
    answered = stepped.log[-1]
    told = "" if answered.error or answered.value is None else f" -> {_short(answered.value)}"
    return f"{task.name}: {task.next}{told}{f' {fault}' if fault else ''}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 120 else f"{text[:117]}..."


__all__ = ["BrokenPromiseError", "Explored", "Explorer", "FailingScheduleError", "Happening"]
