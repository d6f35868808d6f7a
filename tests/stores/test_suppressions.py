"""Suppressions against the real database, with senders that look into a table in memory; crashes at every point."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pg8000.exceptions import DatabaseError

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.errors import NotFoundError
from beforehand.outreach.model import Channel
from beforehand.outreach.suppression import suppressing
from beforehand.outreach.suppression.contacts import contact_hash
from beforehand.outreach.suppression.model import (
    ConsentNeededError,
    Kept,
    Lift,
    MarksUnreachableError,
    Reachable,
    Reason,
    Suppression,
)
from beforehand.outreach.suppression.store import PostgresSuppressions
from beforehand.outreach.suppression.suppressing import CHECKED_EVERY, LEDGER, Swept
from beforehand.results import Status
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect, forget

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
PEPPER = bytes(range(32))
HASH = contact_hash(Channel.EMAIL, "asha@example.com", PEPPER)
ASKED = Suppression(
    contact_hash=HASH, channel=Channel.EMAIL, reason=Reason.MANUAL, source="operator",
    because="they moved away", since=NOW, added_by="ravi",
)  # fmt: skip
LIFT = Lift(by="meera", because="they came back", at=NOW + timedelta(days=1))


class Killed(BaseException):
    """The process is gone here."""


class Marks:
    """The senders' table in memory; it kills whoever is about to call it, or has just called it."""

    def __init__(self) -> None:
        self.kept: dict[str, set[str]] = {}
        self.dies: dict[tuple[str, str], BaseException] = {}

    def put(self, contact_hash: str, *, by: str, now: datetime) -> None:
        self._at("before", "put")
        self.kept.setdefault(contact_hash, set()).add(by)
        self._at("after", "put")

    def makers(self, contact_hash: str) -> frozenset[str]:
        return frozenset(self.kept.get(contact_hash, ()))

    def missing(self, contact_hashes: Sequence[str]) -> list[str]:
        return [one for one in contact_hashes if one not in self.kept]

    def remove(self, contact_hash: str, *, makers: Collection[str]) -> bool:
        self._at("before", "remove")
        if self.kept.get(contact_hash) != set(makers):
            return False
        del self.kept[contact_hash]
        self._at("after", "remove")
        return True

    def _at(self, when: str, call: str) -> None:
        error = self.dies.pop((when, call), None)
        if error is not None:
            raise error


@pytest.fixture
def committed(database: PostgresDatabase, postgres: Postgres) -> Iterator[PostgresDatabase]:
    yield database
    forget(postgres, "outreach_suppressions")


def ledgers(database: PostgresDatabase) -> suppressing.Ledgers:
    @contextmanager
    def ledger() -> Iterator[PostgresSuppressions]:
        with database.transaction() as transaction:
            yield PostgresSuppressions(transaction)

    return ledger


def suppress(database: PostgresDatabase, marks: Marks, asked: Suppression = ASKED) -> Kept:
    with ledgers(database)() as ledger:
        return suppressing.suppress(asked, ledger=ledger, marks=marks, now=asked.since)


def lift(database: PostgresDatabase, kept: Kept, lifting: Lift = LIFT) -> Status:
    with ledgers(database)() as ledger:
        return suppressing.lift(kept.suppression_id, lifting, ledger=ledger).status


def sweep(database: PostgresDatabase, marks: Marks, *, now: datetime = LIFT.at) -> Swept:
    return suppressing.sweep(ledgers(database), marks, now=now, time_left=lambda: True)


def is_suppressed(database: PostgresDatabase) -> bool:
    with ledgers(database)() as ledger:
        return ledger.is_open(HASH)


def test_the_gate_is_told_the_channels_of_each_customer_in_one_query(transaction: Transaction) -> None:
    ledger = PostgresSuppressions(transaction)
    ledger.add(ASKED)
    phone = contact_hash(Channel.SMS, "+919876543210", PEPPER)
    ledger.add(replace(ASKED, contact_hash=phone, channel=Channel.SMS, reason=Reason.OPTED_OUT))
    known_as = contact_hash(Channel.WEBHOOK, "C5", PEPPER)
    ledger.add(replace(ASKED, contact_hash=known_as, channel=Channel.WEBHOOK, reason=Reason.MANUAL))
    people = [
        Reachable(customer_id="C1", email="Asha@EXAMPLE.com", phone="+919876543210"),
        Reachable(customer_id="C2", email="asha@example.com", phone="+919876543211"),
        Reachable(customer_id="C3", email="ravi@example.com", phone="+91 98765 43210"),
        Reachable(customer_id="C4", email="ravi@example.com"),
        Reachable(customer_id="C5"),
        Reachable(customer_id="C6", email="no address", phone="+919876543211"),
    ]
    both = frozenset({Channel.SMS, Channel.VOICE})
    assert ledger.suppressed(people, pepper=PEPPER) == {
        "C1": both | {Channel.EMAIL}, "C2": {Channel.EMAIL}, "C3": both, "C4": frozenset(), "C5": {Channel.WEBHOOK},
        "C6": {Channel.EMAIL},
    }  # fmt: skip


def test_a_reason_is_open_once_for_an_address_and_remembers_every_event(transaction: Transaction) -> None:
    ledger = PostgresSuppressions(transaction)
    first = ledger.add(replace(ASKED, reason=Reason.BOUNCED, mark="ses:1"))
    again = ledger.add(replace(ASKED, reason=Reason.BOUNCED, mark="ses:2", since=LIFT.at))
    ledger.add(replace(ASKED, reason=Reason.BOUNCED, mark="ses:2", since=LIFT.at))
    assert first == again
    assert ledger.marks(HASH) == {"ses:1", "ses:2"}
    assert len(ledger.open_of(HASH)) == 1
    ledger.add(replace(ASKED, reason=Reason.COMPLAINED))
    assert {kept.reason for kept in ledger.open_of(HASH)} == {Reason.BOUNCED, Reason.COMPLAINED}


@pytest.mark.parametrize(
    ("point", "marked", "written"),
    [(("before", "put"), False, False), (("after", "put"), True, False), (None, True, True)],
)
def test_whoever_dies_while_suppressing_leaves_no_row_that_senders_do_not_know(
    committed: PostgresDatabase, point: tuple[str, str] | None, marked: bool, written: bool
) -> None:
    marks = Marks()
    if point is None:
        suppress(committed, marks)
    else:
        marks.dies[point] = Killed()
        with pytest.raises(Killed):
            suppress(committed, marks)
    assert (HASH in marks.kept, is_suppressed(committed)) == (marked, written)
    suppress(committed, marks)
    assert (HASH in marks.kept, is_suppressed(committed)) == (True, True)


def test_nothing_is_written_down_while_senders_cannot_be_told(committed: PostgresDatabase) -> None:
    marks = Marks()
    marks.dies["before", "put"] = MarksUnreachableError("DynamoDB answered 500")
    with pytest.raises(MarksUnreachableError):
        suppress(committed, marks)
    assert not is_suppressed(committed)


@pytest.mark.parametrize("point", [("before", "remove"), ("after", "remove"), None])
def test_whoever_dies_while_lifting_is_finished_by_the_next_sweep(
    committed: PostgresDatabase, point: tuple[str, str] | None
) -> None:
    marks = Marks()
    kept = suppress(committed, marks)
    assert lift(committed, kept) is Status.DONE
    assert (HASH in marks.kept, is_suppressed(committed)) == (True, False)
    if point is not None:
        marks.dies[point] = Killed()
        with pytest.raises(Killed):
            sweep(committed, marks)
    assert sweep(committed, marks).cleared == 1
    assert HASH not in marks.kept
    assert sweep(committed, marks) == Swept(cleared=0, waiting=0, restored=0)


def test_an_address_with_another_reason_stays_marked(committed: PostgresDatabase) -> None:
    marks = Marks()
    kept = suppress(committed, marks)
    suppress(committed, marks, replace(ASKED, reason=Reason.UNSUBSCRIBED))
    with ledgers(committed)() as ledger:
        answer = suppressing.lift(kept.suppression_id, LIFT, ledger=ledger)
    assert answer.because == "it is lifted; the address stays suppressed for another reason"
    assert sweep(committed, marks).cleared == 1
    assert HASH in marks.kept


def test_no_lift_takes_away_the_mark_of_an_event_that_is_not_written_down_yet(committed: PostgresDatabase) -> None:
    marks = Marks()
    kept = suppress(committed, marks)
    lift(committed, kept)
    marks.put(HASH, by="ses:1", now=NOW)
    assert sweep(committed, marks) == Swept(cleared=0, waiting=1, restored=0)
    assert HASH in marks.kept
    complaint = replace(ASKED, reason=Reason.COMPLAINED, mark="ses:1", since=LIFT.at)
    again = suppress(committed, marks, complaint)
    sweep(committed, marks)
    assert HASH in marks.kept
    lift(committed, again, replace(LIFT, consent="by phone on 16 January"))
    sweep(committed, marks)
    assert HASH not in marks.kept


def test_an_event_that_marked_and_lies_nowhere_blocks_a_lift_for_a_day(committed: PostgresDatabase) -> None:
    marks, later = Marks(), LIFT.at + timedelta(days=1, seconds=1)
    lift(committed, suppress(committed, marks))
    marks.put(HASH, by="link#lost", now=NOW)

    def swept(now: datetime, *, lies_there: bool) -> int:
        given: dict[str, Any] = {"now": now, "time_left": lambda: True, "is_waiting": lambda _: lies_there}
        return suppressing.sweep(ledgers(committed), marks, **given).cleared

    assert (swept(LIFT.at, lies_there=False), swept(later, lies_there=True)) == (0, 0)
    assert swept(later, lies_there=False) == 1
    assert HASH not in marks.kept


def test_no_lift_takes_away_a_mark_whose_suppression_is_about_to_be_written(
    committed: PostgresDatabase, postgres: Postgres
) -> None:
    marks = Marks()
    lift(committed, suppress(committed, marks))
    other = connect(postgres)
    other.run("begin")  # what it holds is let go when it is closed
    suppressing.suppress(
        replace(ASKED, reason=Reason.UNSUBSCRIBED), ledger=PostgresSuppressions(Transaction(other)), marks=marks,
        now=NOW,
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="lock timeout"), committed.transaction() as transaction:
        transaction.run("set local lock_timeout = '200ms'")
        PostgresSuppressions(transaction).lock(HASH)
    other.run("commit")
    other.close()
    assert sweep(committed, marks).cleared == 1
    assert HASH in marks.kept


def test_a_mark_that_comes_while_one_is_taken_away_stays(committed: PostgresDatabase) -> None:
    marks = Marks()
    lift(committed, suppress(committed, marks))
    makers: Callable[[str], frozenset[str]] = marks.makers

    def then_another(contact: str) -> frozenset[str]:
        seen = makers(contact)
        marks.put(contact, by="ses:9", now=NOW)
        return seen

    marks.makers = then_another  # type: ignore[method-assign]
    assert sweep(committed, marks) == Swept(cleared=0, waiting=1, restored=0)
    assert marks.kept[HASH] == {LEDGER, "ses:9"}


def test_marks_that_are_gone_are_made_again(committed: PostgresDatabase) -> None:
    marks = Marks()
    suppress(committed, marks)
    marks.kept.clear()
    assert sweep(committed, marks, now=NOW + CHECKED_EVERY).restored == 0
    later = NOW + CHECKED_EVERY + timedelta(seconds=1)
    assert sweep(committed, marks, now=later) == Swept(cleared=0, waiting=0, restored=1)
    assert marks.kept == {HASH: {LEDGER}}
    assert sweep(committed, marks, now=later).restored == 0


@pytest.mark.parametrize("reason", Reason)
def test_only_they_themselves_take_back_what_they_said(transaction: Transaction, reason: Reason) -> None:
    ledger = PostgresSuppressions(transaction)
    kept = ledger.add(replace(ASKED, reason=reason))
    lifting: dict[str, Any] = {"ledger": ledger}
    if reason not in {Reason.MANUAL, Reason.BOUNCED}:
        with pytest.raises(ConsentNeededError, match=r"the person said so themselves .* say in `consent` how"):
            suppressing.lift(kept.suppression_id, LIFT, **lifting)
        assert ledger.is_open(HASH)
    with_word = replace(LIFT, consent="she called on 16 January")
    assert suppressing.lift(kept.suppression_id, with_word, **lifting).status is Status.DONE
    again = suppressing.lift(kept.suppression_id, with_word, **lifting)
    assert (again.status, again.because) == (Status.SKIPPED, "it was lifted already: they came back")
    found = ledger.get(kept.suppression_id)
    assert (found.lifted_by, found.consent) == ("meera", "she called on 16 January")


def test_a_suppression_that_is_not_there_is_not_lifted(transaction: Transaction) -> None:
    with pytest.raises(NotFoundError, match="There is no suppression"):
        suppressing.lift(UUID(int=1), LIFT, ledger=PostgresSuppressions(transaction))


def test_the_list_has_the_newest_first_in_pages(transaction: Transaction) -> None:
    ledger = PostgresSuppressions(transaction)
    made = [
        ledger.add(replace(ASKED, contact_hash=f"{number:064x}", since=NOW + timedelta(minutes=number)))
        for number in range(3)
    ]
    page = ledger.page(contact_hash=None, open_only=True, after=None, limit=2)
    assert page == [made[2], made[1]]
    last = (page[-1].since, page[-1].suppression_id)
    assert ledger.page(contact_hash=None, open_only=True, after=last, limit=2) == [made[0]]
    ledger.lift(made[0].suppression_id, LIFT)
    assert ledger.page(contact_hash=made[0].contact_hash, open_only=True, after=None, limit=2) == []
    assert len(ledger.page(contact_hash=made[0].contact_hash, open_only=False, after=None, limit=2)) == 1
