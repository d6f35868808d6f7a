"""EventBridge Scheduler: fires on time, in the schedule's zone, once, and retries; a failure lands in the DLQ.

The emulator looks every ten seconds, takes every zone for UTC, forgets on restart that a one-time schedule fired,
accepts expressions that can never fire, and drops what its target refuses. Here a schedule is looked at five times
a second; what fired is kept in its record. Times that pass while the emulator is down are not made up for, except
those of one-time schedules. FlexibleTimeWindow is accepted and always treated as OFF.
"""

import logging
import threading
import time
from typing import Any

from ministack.services import scheduler

from beforehand_cli.local.gaps.schedule_times import InvalidScheduleError, Times
from beforehand_cli.local.gaps.scheduler_targets import Firing, deliver
from beforehand_cli.local.settings import EmulatorSettings

log = logging.getLogger("beforehand.scheduler")
TICK_SECONDS = 0.2
_LAST_DUE = "_BeforehandLastDue"
Schedule = dict[str, Any]


def apply(settings: EmulatorSettings) -> None:
    """Replace the emulator's tick, and check expressions when schedules are made."""
    started = time.time()
    scheduler._SCHEDULE_TICK_INTERVAL = TICK_SECONDS
    scheduler._tick_schedules = lambda: _tick(settings, started=started)
    scheduler._create_schedule = _checked(scheduler._create_schedule)
    scheduler._update_schedule = _checked(scheduler._update_schedule)


def _checked(answer: Any) -> Any:
    def checked(name: str, body: Schedule) -> Any:
        try:
            if body.get("ScheduleExpression"):
                Times.of(body)
        except InvalidScheduleError as error:
            return scheduler._error(400, "ValidationException", str(error))
        return answer(name, body)

    return checked


def _tick(settings: EmulatorSettings, *, started: float) -> None:
    """Fire what is due; each delivery has its own thread, so that a slow target delays nobody."""
    now = time.time()
    for key, schedule in list(scheduler._schedules._data.items()):
        if schedule.get("State", "ENABLED") != "ENABLED":
            continue
        try:
            due = _due(schedule, started=started, now=now)
        except InvalidScheduleError as error:
            log.error("schedule %s cannot fire: %s", key[2], error)
            continue
        if due is None:
            continue
        schedule[_LAST_DUE] = due
        account, region, _ = key
        firing = Firing.of(schedule, due=due, account=account, region=region)
        threading.Thread(target=deliver, args=(settings, firing), daemon=True).start()
        if Times.of(schedule).is_once and schedule.get("ActionAfterCompletion") == "DELETE":
            scheduler._schedules._data.pop(key, None)


def _due(schedule: Schedule, *, started: float, now: float) -> float | None:
    times, last = Times.of(schedule), schedule.get(_LAST_DUE)
    if times.is_once:
        return times.due(after=last, now=now)
    if last is None and times.made >= started:
        return times.due(after=None, now=now)
    return times.due(after=max(last or 0.0, started), now=now)
