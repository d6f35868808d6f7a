"""Reports against the real database: each applied once, in any order, and nothing that arrived is sent again."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pg8000.exceptions import DatabaseError

from beforehand.adapters.postgres import Transaction, is_away
from beforehand.errors import NotFoundError, RefusedError
from beforehand.outreach.cases import Kind as CaseKind
from beforehand.outreach.cases import NewCase, Role
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.inbox.apply_wiring import apply_one
from beforehand.outreach.inbox.applying import (
    MOST_ATTEMPTS,
    Applied,
    apply_all,
    must_be_told,
    pause_after,
)
from beforehand.outreach.inbox.documents import Report
from beforehand.outreach.inbox.settling import Settling
from beforehand.outreach.inbox.table import APPLIED, DEAD, InboxUnreachableError, Taken
from beforehand.outreach.model import Channel, Proposal, Purpose
from beforehand.outreach.outcomes import Kind
from beforehand.outreach.store import PostgresOutreach
from beforehand.outreach.suppression.contacts import contact_hash
from beforehand.outreach.suppression.store import PostgresSuppressions
from tests.stores.test_suppressions import PEPPER, Marks

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
HASH = contact_hash(Channel.EMAIL, "asha@example.com", PEPPER)


def claimed(transaction: Transaction, *, attempt: int = 1, email: str | None = "asha@example.com") -> UUID:
    """A message of somebody's that a sender has."""
    customer = f"S{uuid4().hex[:12]}"
    transaction.run(
        "insert into customers (customer_id, email, updated_at) values (:id, :email, :now)",
        id=customer, email=email, now=NOW,
    )  # fmt: skip
    proposal = Proposal(
        customer_id=customer, purpose=Purpose.MANUAL, cycle="2026-01-15", step=0, channel=Channel.EMAIL,
        priority=50, due_at=NOW, not_after=NOW + timedelta(days=7), language="en", subject="s", body="b",
        because="c", run_id=None,
    )  # fmt: skip
    PostgresOutreach(transaction).propose([proposal], now=NOW)
    for number in range(1, attempt + 1):
        if number > 1:
            move(transaction, proposal.outreach_id, "scheduled")
        transaction.run(
            "update outreach set state = 'claimed', attempt = :number, next_at = null where outreach_id = :id",
            number=number, id=proposal.outreach_id,
        )  # fmt: skip
        transaction.run(
            """insert into outreach_attempts (outreach_id, attempt, channel, policy_version, claimed_at,
                                              lease_until)
               values (:id, :number, 'email', '1', :now, :now)""",
            id=proposal.outreach_id, number=number, now=NOW,
        )  # fmt: skip
    return proposal.outreach_id


def move(transaction: Transaction, outreach_id: UUID, state: str) -> None:
    transaction.run("update outreach set state = :state where outreach_id = :id", state=state, id=outreach_id)


def state(transaction: Transaction, outreach_id: UUID) -> str:
    row = transaction.row("select state from outreach where outreach_id = :id", id=outreach_id)
    assert row is not None
    return str(row["state"])


def report(outreach_id: UUID, kind: Kind, **said: Any) -> Report:
    given = {
        "event_id": f"{kind}-{said.get('attempt', 1)}", "attempt": 1, "contact_hash": HASH,
        "channel": Channel.EMAIL, **said,
    }  # fmt: skip
    return Report(provider="ses", outreach_id=outreach_id, kind=kind, at=NOW, **given)


def apply(transaction: Transaction, *reports: Report, marks: Marks | None = None) -> list[str]:
    settling = Settling(marks=marks or Marks(), pepper=PEPPER)
    return [settling.apply(one, NOW, transaction=transaction, now=NOW) for one in reports]


def attempts(transaction: Transaction, outreach_id: UUID) -> list[Any]:
    found = transaction.rows(
        "select outcome from outreach_v_attempts where outreach_id = :id order by attempt", id=outreach_id
    )
    return [row["outcome"] for row in found]


@pytest.mark.fault(26)
@pytest.mark.parametrize("seed", range(10))
def test_reports_that_come_ten_times_in_any_order_change_one_thing_once(
    transaction: Transaction, seed: int
) -> None:
    message, marks = claimed(transaction), Marks()
    kinds = [Kind.SENT, Kind.DELIVERED, Kind.OPENED, Kind.COMPLAINED]
    reports = [report(message, kind) for kind in kinds] * 10
    random.Random(seed).shuffle(reports)
    said = apply(transaction, *reports, marks=marks)
    assert said.count("it was applied before") == 36
    assert state(transaction, message) == "delivered"
    assert attempts(transaction, message) == ["accepted"]
    kept = transaction.rows("select kind from outreach_v_outcomes where outreach_id = :id", id=message)
    assert sorted(row["kind"] for row in kept) == sorted(kinds)
    assert [one.reason for one in PostgresSuppressions(transaction).open_of(HASH)] == ["complained"]
    assert marks.makers(HASH) == {"ledger"}


@pytest.mark.fault(25)
def test_a_report_proves_what_nobody_knew(transaction: Transaction) -> None:
    message = claimed(transaction)
    move(transaction, message, "unknown")
    assert apply(transaction, report(message, Kind.SENT)) == ["it was reported as sent"]
    assert (state(transaction, message), attempts(transaction, message)) == ("sent", ["accepted"])
    apply(transaction, report(message, Kind.BOUNCED))
    assert state(transaction, message) == "failed"
    assert PostgresSuppressions(transaction).open_of(HASH) == []
    apply(transaction, report(message, Kind.BOUNCED, event_id="2", permanent=True))
    assert [one.reason for one in PostgresSuppressions(transaction).open_of(HASH)] == ["bounced"]


@pytest.mark.parametrize("waits", ["scheduled", "held"])
def test_a_message_that_waits_for_another_attempt_is_not_sent_again_once_a_report_came(
    transaction: Transaction, waits: str
) -> None:
    message = claimed(transaction)
    move(transaction, message, waits)
    apply(transaction, report(message, Kind.DELIVERED))
    assert state(transaction, message) == "delivered"


@pytest.mark.parametrize("planned", ["scheduled", "held"])
def test_a_report_of_the_attempt_before_ends_the_attempts_when_this_one_was_not_taken(
    transaction: Transaction, planned: str
) -> None:
    message = claimed(transaction, attempt=2)
    (because,) = apply(transaction, report(message, Kind.DELIVERED, attempt=1))
    assert because == "it was reported as delivered under attempt 1; attempt 2 is under way"
    assert state(transaction, message) == "claimed"
    move(transaction, message, planned)
    row = transaction.row(
        "select state, next_at, hold, state_because from outreach where outreach_id = :id", id=message
    )
    assert row == {
        "state": "sent", "next_at": None, "hold": None,
        "state_because": "a report says that an earlier attempt reached them",
    }  # fmt: skip


def test_a_report_that_nothing_arrived_lets_the_next_attempt_go(transaction: Transaction) -> None:
    message = claimed(transaction, attempt=2)
    apply(transaction, report(message, Kind.REJECTED, attempt=1))
    move(transaction, message, "scheduled")
    assert state(transaction, message) == "scheduled"


def test_a_report_of_a_message_that_is_not_there_is_kept_and_still_suppresses(transaction: Transaction) -> None:
    message = uuid4()
    (because,) = apply(transaction, report(message, Kind.COMPLAINED))
    assert because == "there is no such message in the ledger; the address is suppressed"
    assert PostgresSuppressions(transaction).is_open(HASH)


def test_a_report_of_a_message_in_review_ends_the_case_that_asked_about_it(transaction: Transaction) -> None:
    message = claimed(transaction)
    move(transaction, message, "unknown")
    move(transaction, message, "review")
    case = NewCase(
        kind=CaseKind.REVIEW, customer_id="C1", cycle=f"{message}#1", outreach_id=message, run_id=None,
        role=Role.OPERATOR, subject="s", because="b", priority=60, due_at=NOW,
    )  # fmt: skip
    PostgresCases(transaction).open([case], now=NOW)
    apply(transaction, report(message, Kind.DELIVERED))
    ended = PostgresCases(transaction).get(case.case_id)
    assert (ended.state, ended.answer, ended.done_by) == ("done", "handled", "the provider's report")


def test_the_providers_id_of_a_message_is_kept_though_its_report_comes_before_the_record(
    transaction: Transaction,
) -> None:
    message = claimed(transaction)
    apply(transaction, report(message, Kind.SENT, message_id="0100018f-a"))
    apply(transaction, report(message, Kind.DELIVERED, message_id="another"))
    row = transaction.row("select provider_id from outreach_v_attempts where outreach_id = :id", id=message)
    assert row == {"provider_id": "0100018f-a"}


def test_a_wish_of_which_nobody_can_say_whose_it_is_fails_aloud(transaction: Transaction) -> None:
    with pytest.raises(NotFoundError, match="no such message in the ledger"):
        apply(transaction, report(uuid4(), Kind.UNSUBSCRIBED, contact_hash=None, channel=None))


def test_a_wish_without_an_address_is_for_the_one_that_the_message_went_to(transaction: Transaction) -> None:
    message = claimed(transaction)
    apply(transaction, report(message, Kind.UNSUBSCRIBED, contact_hash=None, channel=None))
    assert PostgresSuppressions(transaction).is_open(HASH)
    nobody = claimed(transaction, email=None)
    (because,) = apply(transaction, report(nobody, Kind.UNSUBSCRIBED, event_id="2", contact_hash=None))
    assert because.endswith("nothing tells which address asked for it, so none is suppressed")


def test_nothing_of_a_report_stays_when_senders_could_not_be_told(transaction: Transaction) -> None:
    message, marks = claimed(transaction), Marks()
    transaction.run("savepoint before")
    marks.dies["before", "put"] = RuntimeError("away")
    with pytest.raises(RuntimeError):
        apply(transaction, report(message, Kind.COMPLAINED), marks=marks)
    transaction.run("rollback to savepoint before")
    assert state(transaction, message) == "claimed"
    assert apply(transaction, report(message, Kind.COMPLAINED), marks=marks)[0] != "it was applied before"


class Rows:
    """An inbox in memory."""

    def __init__(self, *said: str, attempts: int = 1) -> None:
        self.rows = {str(number): one for number, one in enumerate(said)}
        self.attempts = attempts
        self.noted: dict[str, tuple[Any, ...]] = {}

    def take(self, key: str, *, now: datetime, until: datetime) -> Taken | None:
        if key == "away":
            raise InboxUnreachableError("DynamoDB answered 500")
        if key not in self.rows:
            return None
        return Taken(key=key, said=self.rows[key], received_at=NOW.isoformat(), attempts=self.attempts)

    def postpone(self, taken: Taken, *, until: datetime, because: str) -> None:
        self.noted[taken.key] = (until - NOW, because)

    def give_back(self, taken: Taken, *, until: datetime, because: str) -> None:
        self.attempts -= 1
        self.noted[taken.key] = (until - NOW, because)

    def end(self, taken: Taken, state: str, *, because: str, now: datetime) -> None:
        self.noted[taken.key] = (state, because)


def sift(rows: Rows, *keys: str, fails: Exception | None = None) -> dict[Applied, int]:
    def one(_: Report, __: datetime) -> str:
        if fails is not None:
            raise fails
        return "it is applied"

    return dict(apply_all(keys or tuple(rows.rows), inbox=rows, apply=one, time_left=lambda: True, now=NOW))


GOOD = report(UUID(int=1), Kind.SENT).model_dump_json()


def test_one_that_nobody_can_read_does_not_keep_the_others() -> None:
    rows = Rows("{", GOOD, '{"kind": "sent", "address": "asha@example.com"}')
    assert sift(rows) == {Applied.WAITING: 2, Applied.APPLIED: 1}
    assert rows.noted["1"] == (APPLIED, "it is applied")
    assert rows.noted["0"] == rows.noted["2"] == (pause_after(1), "its row is not as reports are written")


def test_one_that_fails_waits_without_its_words_and_is_given_up_in_the_end() -> None:
    rows = Rows(GOOD)
    assert sift(rows, fails=ZeroDivisionError("of asha@example.com")) == {Applied.WAITING: 1}
    assert rows.noted["0"] == (pause_after(1), "it failed with ZeroDivisionError")
    rows.attempts = MOST_ATTEMPTS
    counts = sift(rows, fails=ZeroDivisionError("of asha@example.com"))
    assert rows.noted["0"] == (DEAD, "it was tried 10 times; the last time: it failed with ZeroDivisionError")
    with pytest.raises(RefusedError, match="1 reports were given up"):
        must_be_told(Counter(counts))


def test_a_database_that_is_away_uses_up_no_attempt_of_a_report() -> None:
    rows = Rows(GOOD, attempts=MOST_ATTEMPTS)

    class Away:
        def transaction(self) -> Any:
            raise ConnectionRefusedError("10.0.0.1")

    def one(found: Report, at: datetime) -> str:
        return apply_one(Away(), Settling(marks=Marks(), pepper=PEPPER), found, at)  # type: ignore[arg-type]

    counts = apply_all(["0"], inbox=rows, apply=one, time_left=lambda: True, now=NOW)
    assert dict(counts) == {Applied.LEFT: 1}
    assert rows.noted["0"] == (pause_after(1), "the database was not there (ConnectionRefusedError)")
    assert rows.attempts == MOST_ATTEMPTS - 1


@pytest.mark.parametrize(("code", "away"), [("57P01", True), ("53300", True), ("08006", True), ("23514", False)])
def test_a_server_that_stops_is_away_and_one_that_refuses_is_not(code: str, away: bool) -> None:
    assert is_away(DatabaseError({"C": code})) is away


def test_what_cannot_be_tried_is_left_and_a_sweep_says_so_aloud() -> None:
    rows = Rows(GOOD)
    counts = sift(rows, "away", "another's", "0")
    assert counts == {Applied.LEFT: 1, Applied.SKIPPED: 1, Applied.APPLIED: 1}
    with pytest.raises(InboxUnreachableError, match="1 of the reports could not be tried; they stay due"):
        must_be_told(Counter(counts))


def test_whoever_has_replied_is_not_asked_again(transaction: Transaction) -> None:
    message = claimed(transaction)
    row = transaction.row("select customer_id from outreach where outreach_id = :id", id=message)
    assert row is not None
    base = Proposal(
        customer_id=row["customer_id"], purpose=Purpose.POST_EVENT, cycle="a", step=0, channel=Channel.EMAIL,
        priority=50, due_at=NOW, not_after=NOW + timedelta(days=7), language="en", subject="s", body="b",
        because="c", run_id=None,
    )  # fmt: skip
    waits, by_hand, persons, other = (
        base,
        replace(base, cycle="by hand", automated=False),
        replace(base, cycle="a person's", held=True),
        replace(base, purpose=Purpose.CHURN_INTERVENTION),
    )
    PostgresOutreach(transaction).propose([waits, by_hand, persons, other], now=NOW - timedelta(hours=1))
    later = replace(base, cycle="later")
    PostgresOutreach(transaction).propose([later], now=NOW + timedelta(hours=1))
    [said] = apply(transaction, report(message, Kind.REPLIED))
    assert "whoever replied is not asked again" in said
    assert [state(transaction, one.outreach_id) for one in (waits, by_hand, persons, other, later)] == [
        "cancelled", "scheduled", "held", "scheduled", "scheduled",
    ]  # fmt: skip
