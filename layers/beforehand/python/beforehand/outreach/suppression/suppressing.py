"""Suppresses and lifts, in the order that survives a crash at any point.

To suppress: senders are told first (a mark), then it is written down. Whoever dies in between leaves an address
that is not contacted although nobody wrote why: the smaller mistake, and put right when it is said again.
To lift: it is written down first, then the mark is taken away. Whoever dies in between leaves a mark, which the
sweep takes away. Both hold the address's lock, so that no lift takes away the mark of what is being written.
A mark also tells which events made it, without a lock and before anything is written down: it is taken away only
when all of them are written down.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from beforehand.outreach.suppression.model import Kept, Lift, Suppression
from beforehand.results import Result, Status

LEDGER = "ledger"
"""The maker of a mark that a database function made, under the address's lock."""

CHECKED_EVERY = timedelta(days=1)
"""How often it is looked at whether senders still know of a suppression: their table may have been set back."""

GIVEN_UP_AFTER = timedelta(days=1)
"""How long a lift waits for an event that marked the address and lies nowhere: it was lost on its way in."""

PAGE = 100


class Marks(Protocol):
    """What senders look at in the transaction that begins a send; each call raises MarksUnreachableError."""

    def put(self, contact_hash: str, *, by: str, now: datetime) -> None: ...
    def makers(self, contact_hash: str) -> frozenset[str]: ...
    def missing(self, contact_hashes: Sequence[str]) -> list[str]: ...
    def remove(self, contact_hash: str, *, makers: Collection[str]) -> bool: ...


class Ledger(Protocol):
    """The suppressions, inside one transaction."""

    def lock(self, contact_hash: str) -> None: ...
    def add(self, suppression: Suppression) -> Kept: ...
    def hold(self, suppression_id: UUID) -> Kept: ...
    def lift(self, suppression_id: UUID, lift: Lift) -> Kept: ...
    def is_open(self, contact_hash: str) -> bool: ...
    def marks(self, contact_hash: str) -> frozenset[str]: ...
    def to_clear(self, *, limit: int) -> list[str]: ...
    def lifted_since(self, contact_hash: str, since: datetime) -> bool: ...
    def cleared(self, contact_hash: str, *, now: datetime) -> None: ...
    def to_check(self, *, before: datetime, limit: int) -> list[str]: ...
    def checked(self, contact_hashes: Sequence[str], *, now: datetime) -> None: ...


Ledgers = Callable[[], AbstractContextManager[Ledger]]
"""Opens the ledger in a transaction of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """What one sweep did: marks taken away after a lift, marks left for an event, marks that were missing."""

    cleared: int
    waiting: int
    restored: int


def suppress(suppression: Suppression, *, ledger: Ledger, marks: Marks, now: datetime) -> Kept:
    """Tells senders, then writes it down; the caller commits. Raises MarksUnreachableError and writes nothing."""
    ledger.lock(suppression.contact_hash)
    marks.put(suppression.contact_hash, by=LEDGER, now=now)
    return ledger.add(suppression)


def lift(suppression_id: UUID, lifting: Lift, *, ledger: Ledger) -> Result:
    """Writes a lift down; the sweep lets senders know, within a minute. SKIPPED where it is lifted already.

    Raises NotFoundError, or ConsentNeededError where the person's own word is missing.
    """
    found = ledger.hold(suppression_id)
    if found.lifted_at is not None:
        because = f"it was lifted already: {found.lift_because}"
        return Result(id=str(suppression_id), status=Status.SKIPPED, because=because)
    lifting.must_cover(found.reason)
    ledger.lift(suppression_id, lifting)
    because = "it is lifted"
    if ledger.is_open(found.contact_hash):
        because = "it is lifted; the address stays suppressed for another reason"
    return Result(id=str(suppression_id), status=Status.DONE, because=because)


def sweep(
    ledgers: Ledgers,
    marks: Marks,
    *,
    now: datetime,
    time_left: Callable[[], bool],
    is_waiting: Callable[[str], bool] = lambda _: True,
) -> Swept:
    """Takes marks away whose suppression was lifted, and makes those again that are gone.

    `is_waiting` tells whether an event that made a mark lies in the inbox.

    Raises MarksUnreachableError; what was not done stays for the next sweep.
    """
    cleared, waiting = _clear(ledgers, marks, now, time_left, is_waiting)
    return Swept(cleared=cleared, waiting=waiting, restored=_restore(ledgers, marks, now, time_left))


def _clear(
    ledgers: Ledgers,
    marks: Marks,
    now: datetime,
    time_left: Callable[[], bool],
    is_waiting: Callable[[str], bool],
) -> tuple[int, int]:
    with ledgers() as ledger:
        lifted = ledger.to_clear(limit=PAGE)
    outcomes = [_clear_one(one, ledgers, marks, now, is_waiting) for one in _while(time_left, lifted)]
    return outcomes.count(True), outcomes.count(False)


def _clear_one(
    contact_hash: str, ledgers: Ledgers, marks: Marks, now: datetime, is_waiting: Callable[[str], bool]
) -> bool:
    """Whether the mark is as the ledger says. The lock is held until the mark is gone."""
    with ledgers() as ledger:
        ledger.lock(contact_hash)
        if not ledger.is_open(contact_hash):
            makers = marks.makers(contact_hash)
            if unknown := makers - ledger.marks(contact_hash) - {LEDGER}:
                lately = ledger.lifted_since(contact_hash, now - GIVEN_UP_AFTER)
                if lately or any(is_waiting(one) for one in sorted(unknown)):
                    return False
            if makers and not marks.remove(contact_hash, makers=makers):
                return False
        ledger.cleared(contact_hash, now=now)
    return True


def _restore(ledgers: Ledgers, marks: Marks, now: datetime, time_left: Callable[[], bool]) -> int:
    restored = 0
    while time_left():
        with ledgers() as ledger:
            page = ledger.to_check(before=now - CHECKED_EVERY, limit=PAGE)
        if not page:
            break
        for one in marks.missing(page):
            with ledgers() as ledger:
                ledger.lock(one)
                if ledger.is_open(one):
                    marks.put(one, by=LEDGER, now=now)
                    restored += 1
        with ledgers() as ledger:
            ledger.checked(page, now=now)
    return restored


def _while(time_left: Callable[[], bool], hashes: Iterable[str]) -> Iterable[str]:
    for one in hashes:
        if not time_left():
            return
        yield one
