"""Applies what lies in the inbox: each report once, and no report keeps the others from being applied."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from pydantic import ValidationError

from beforehand.errors import BeforehandError, RefusedError
from beforehand.outreach.inbox.documents import Report
from beforehand.outreach.inbox.table import APPLIED, DEAD, InboxUnreachableError, Taken

LEASE = timedelta(minutes=2)
"""How long one attempt keeps others away: longer than the function that makes it may run."""
MOST_ATTEMPTS = 10
LONGEST_PAUSE = timedelta(minutes=30)


class LedgerAwayError(BeforehandError):
    """The database is not there; no report is to blame for it."""


class Inbox(Protocol):
    """The rows of the inbox; each call raises InboxUnreachableError when there is no answer."""

    def take(self, key: str, *, now: datetime, until: datetime) -> Taken | None: ...
    def give_back(self, taken: Taken, *, until: datetime, because: str) -> None: ...
    def postpone(self, taken: Taken, *, until: datetime, because: str) -> None: ...
    def end(self, taken: Taken, state: str, *, because: str, now: datetime) -> None: ...


class Applied(StrEnum):
    """What became of one row."""

    APPLIED = "applied"
    WAITING = "waiting"
    DEAD = "dead"
    LEFT = "left"
    SKIPPED = "skipped"
    LATER = "later"


Apply = Callable[[Report, datetime], str]
"""Applies one report that came at a moment, in a transaction of its own; says what came of it."""


def apply_all(
    keys: Iterable[str], *, inbox: Inbox, apply: Apply, time_left: Callable[[], bool], now: datetime
) -> Counter[Applied]:
    """One attempt at each, while time is left; what cannot even be tried is left to the next sweep."""
    return Counter(
        _attempt(key, inbox=inbox, apply=apply, now=now) if time_left() else Applied.LATER for key in keys
    )


def must_be_told(counts: Counter[Applied]) -> None:
    """Raises for what people must hear of: the failure of a sweep is a dead letter, and an alarm rings."""
    if counts[Applied.DEAD]:
        raise RefusedError(
            f"{counts[Applied.DEAD]} reports were given up; their rows in the inbox are dead and say why"
        )
    if counts[Applied.LEFT]:
        raise InboxUnreachableError(f"{counts[Applied.LEFT]} of the reports could not be tried; they stay due")


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: one minute, two, four, at most half an hour."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), LONGEST_PAUSE)


def _attempt(key: str, *, inbox: Inbox, apply: Apply, now: datetime) -> Applied:
    try:
        taken = inbox.take(key, now=now, until=now + LEASE)
        return _apply(taken, inbox, apply, now) if taken else Applied.SKIPPED
    except InboxUnreachableError:
        return Applied.LEFT


def _apply(taken: Taken, inbox: Inbox, apply: Apply, now: datetime) -> Applied:
    if taken.attempts > MOST_ATTEMPTS:
        return _give_up(taken, inbox, f"none of {MOST_ATTEMPTS} attempts came to its end", now)
    try:
        report = Report.model_validate_json(taken.said)
        because = apply(report, datetime.fromisoformat(taken.received_at))
    except InboxUnreachableError:
        raise
    except LedgerAwayError as error:
        # However long it lasts, it uses up none of the report's attempts.
        inbox.give_back(taken, until=now + pause_after(1), because=str(error))
        return Applied.LEFT
    except (ValidationError, ValueError):
        return _put_off(taken, inbox, "its row is not as reports are written", now)
    except BeforehandError as error:
        return _put_off(taken, inbox, str(error), now)
    except Exception as error:
        # Nobody foresaw it, and the reports after this one do not suffer for it. Its text may quote anything.
        return _put_off(taken, inbox, f"it failed with {type(error).__name__}", now)
    inbox.end(taken, APPLIED, because=because, now=now)
    return Applied.APPLIED


def _put_off(taken: Taken, inbox: Inbox, because: str, now: datetime) -> Applied:
    if taken.attempts >= MOST_ATTEMPTS:
        return _give_up(taken, inbox, f"it was tried {taken.attempts} times; the last time: {because}", now)
    inbox.postpone(taken, until=now + pause_after(taken.attempts), because=because)
    return Applied.WAITING


def _give_up(taken: Taken, inbox: Inbox, because: str, now: datetime) -> Applied:
    inbox.end(taken, DEAD, because=because, now=now)
    return Applied.DEAD
