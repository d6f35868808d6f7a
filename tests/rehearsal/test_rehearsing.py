"""A rehearsal on the real database: what it says is what delivery does, and nothing of it stays."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from pg8000.exceptions import DatabaseError

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.churn.model import Record, Trigger
from beforehand.churn.profile import DEFAULT_V1
from beforehand.churn.rehearsing import ScansRehearsed
from beforehand.churn.store.rehearsed import PostgresRehearsed
from beforehand.churn.store.scores import PostgresScores
from beforehand.followups.model import Rules
from beforehand.followups.rehearsal_wiring import looks
from beforehand.followups.rehearsing import InactiveRehearsed
from beforehand.outreach.cases import Answer, Person, Role
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.casework import take
from beforehand.outreach.delivery.model import Mode
from beforehand.outreach.delivery.speaking import from_templates
from beforehand.outreach.gate.facts_store import Addresses
from beforehand.outreach.messages.model import Company
from beforehand.outreach.messages.store import PostgresTemplates
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.person_first import (
    LOW_EMOTION_WITHIN,
    PersonFirst,
    approval,
    low_emotion,
    propose_first,
)
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.rehearsal.model import Plans, Wish
from beforehand.outreach.rehearsal.price_files import shipped
from beforehand.outreach.rehearsal.rehearsing import Asked, rehearse
from beforehand.outreach.rehearsal.report import Report
from beforehand.outreach.rehearsal.trying import OneOfEachKind
from beforehand.outreach.store import PostgresOutreach
from beforehand_cli.local.postgres import Postgres
from tests.conftest import forget
from tests.outreach.desk import proposal
from tests.stores.churn_base import keep
from tests.stores.test_churn_scan import base, lapsing

BEGIN = datetime(2026, 11, 30, 4, tzinfo=UTC)
"""A Monday, half past nine in India."""
STARTS = "2026-12-02T10:00:00+05:30"
ID = UUID(int=7)
DAY = timedelta(days=1)
COMPANY = Company(name="A company", postal_address="1 Long Street, Pune", support_url="https://example.com/help")
CONTACTS = {
    f"L{n}": {
        "zone": "Asia/Kolkata",
        "country": "IN",
        "marketing_consent": True,
        "email": f"l{n}@customers.example",
    }
    for n in range(6)
}
USUAL = Trigger(health_threshold=40, risk_threshold=0.6, max_interventions=2)
TABLES = ("outreach", "outreach_attempts", "outreach_cases", "churn_scores", "churn_signals", "churn_base",
          "churn_scans", "churn_candidates", "churn_held_out", "churn_snapshots", "journal_decisions",
          "outbox_commands", "customers", "schedules_runs", "outreach_channels")  # fmt: skip


@pytest.fixture
def committed(database: PostgresDatabase, postgres: Postgres) -> Iterator[PostgresDatabase]:
    """A database in which a test may commit: what it leaves is taken away."""
    yield database
    for table in ("outreach_cases", "churn_held_out", "churn_candidates", "churn_scans", "churn_snapshots",
                  "churn_scores", "churn_signals", "churn_base", "outreach", "customers_purchases",
                  "customers"):  # fmt: skip
        forget(postgres, table)
    with database.transaction() as transaction:
        transaction.run("update outreach_channels set mode = 'dry_run', per_minute = 60, at_once = 100")


def known(transaction: Transaction, *customers: str, **changes: Any) -> None:
    contact = {
        "zone": "Asia/Kolkata",
        "country": "IN",
        "marketing_consent": True,
        "phone": "+919876543210",
        **changes,
    }
    keep(transaction, [Record(customer_id=one) for one in customers], {}, dict.fromkeys(customers, contact))


def live(transaction: Transaction, *, per_minute: int = 60, mode: Mode = Mode.LIVE) -> None:
    transaction.run("update outreach_channels set mode = :mode, per_minute = :rate", mode=mode, rate=per_minute)


def nobody(people: Sequence[Addresses]) -> Mapping[str, frozenset[Channel]]:
    return {}


def scans(transaction: Transaction) -> ScansRehearsed:
    return ScansRehearsed(PostgresRehearsed(transaction), usual=USUAL, profile=DEFAULT_V1, every_minutes=60)


def trial(transaction: Transaction) -> OneOfEachKind:
    speak = from_templates(PostgresTemplates(transaction), COMPANY)
    return OneOfEachKind(speak, company=COMPANY, public_url="https://api.example.com")


def rehearsed(
    database: PostgresDatabase, *, planners: Sequence[Any] = (), stopped: frozenset[str] = frozenset(), **asked: Any
) -> Report:
    ticking = count()
    given: dict[str, Any] = {
        "rehearsal_id": ID,
        "begin": BEGIN,
        "days": 2,
        "zone": "UTC",
        "prices": shipped(),
        **asked,
    }
    with database.undone() as transaction:
        return rehearse(
            Asked(**given), transaction=transaction, planners=planners, suppressed=lambda _: nobody,
            available=frozenset(Channel), stopped=stopped, parts_of=lambda text, language: 2 if text else 1,
            trial_of=trial,
            clock=lambda: float(next(ticking)),
        )  # fmt: skip


def plan(database: PostgresDatabase, *proposals: Any) -> None:
    with database.transaction() as transaction:
        known(transaction, *{one.customer_id for one in proposals})
        PostgresOutreach(transaction).propose(proposals, now=BEGIN - DAY)
        live(transaction)


def everything(database: PostgresDatabase) -> dict[str, str]:
    with database.transaction() as transaction:
        return {
            table: json.dumps(transaction.rows(f"select t::text as row from {table} as t order by 1"))
            for table in TABLES
        }


def wish(customer: str, **changes: Any) -> Any:
    return proposal(customer, **{"due_at": BEGIN, "not_after": BEGIN + 7 * DAY, "automated": True,
                                 "purpose": Purpose.POST_EVENT, **changes})  # fmt: skip


def test_what_is_due_is_sent_when_the_window_opens(committed: PostgresDatabase) -> None:
    plan(committed, wish("R1"), wish("R2", due_at=BEGIN + timedelta(hours=12)))
    play = rehearsed(committed).play
    assert (play.sent, play.began_with, play.open, play.customers) == (2, 2, 0, 2)
    assert [(day.sent, day.held, day.waiting) for day in play.days] == [(1, 1, 1), (1, 0, 0), (0, 0, 0)]
    (reason,) = play.reasons
    assert (reason.what, reason.rule, reason.messages) == ("held", "send_window", 1)
    assert reason.examples[0].customer_id == "R2"
    assert reason.examples[0].until == datetime(2026, 12, 1, 3, 30, tzinfo=UTC)


def test_the_rate_bounds_each_tick_and_the_rest_waits(committed: PostgresDatabase) -> None:
    plan(committed, *(wish(f"R{n:03}") for n in range(150)))
    play = rehearsed(committed).play
    email = next(line for line in play.channels if line.channel is Channel.EMAIL)
    assert (play.sent, email.sent, email.capacity, email.wait_longest) == (150, 150, 3600, 2)
    assert play.ticks == 3
    assert email.busiest is not None and email.busiest.sent == 150


def test_what_was_sent_in_the_rehearsal_counts_in_what_comes_later(committed: PostgresDatabase) -> None:
    plan(committed, *(wish("R1", cycle=str(n), due_at=BEGIN + timedelta(hours=n)) for n in range(3)))
    play = rehearsed(committed, days=1).play
    assert (play.sent, play.open) == (1, 2)
    assert [(one.what, one.rule, one.messages) for one in play.reasons] == [("held", "cool_down", 2)]


def ask_first(database: PostgresDatabase, *wishes: PersonFirst) -> None:
    with database.transaction() as transaction:
        known(transaction, *{one.proposal.customer_id for one in wishes})
        outreach, cases = PostgresOutreach(transaction), PostgresCases(transaction)
        propose_first(wishes, outreach=outreach, cases=cases, now=BEGIN - DAY)
        live(transaction)


def test_a_case_that_nobody_takes_ends_as_was_said_for_that(committed: PostgresDatabase) -> None:
    at_ten = BEGIN + timedelta(hours=6)
    goes = low_emotion(
        wish("R1", purpose=Purpose.EMOTION_CHECK_IN), because="felt bad", now=at_ten - LOW_EMOTION_WITHIN
    )
    dismissed, taken = (
        approval(wish(one), now=BEGIN, approve_by=at_ten, otherwise=Answer.DISMISSED) for one in ("R2", "R3")
    )
    ask_first(committed, goes, dismissed, taken)
    with committed.transaction() as transaction:
        PostgresOutreach(transaction).propose([wish("R1", cycle="in their hands")], now=BEGIN - DAY)
        take(
            taken.case.case_id,
            by=Person(name="a.person", role=Role.ADMIN),
            cases=PostgresCases(transaction),
            now=BEGIN,
        )
    report = rehearsed(committed, days=1, policy={"budget": 3})
    play = report.play
    assert (play.began_with, play.sent, play.skipped, play.open) == (4, 2, 1, 1)
    (sent, after), reasons = play.sent_first, {(one.what, one.rule): one for one in play.reasons}
    assert (sent.customer_id, sent.purpose, sent.at) == ("R1", Purpose.EMOTION_CHECK_IN, at_ten)
    assert after.customer_id == "R1" and after.at >= at_ten
    assert reasons["held", "person"].messages == 3
    assert reasons["skipped", "person"].examples[0].because == (
        "nobody took its case by 2026-11-30 10:00 UTC, so nothing is sent"
    )
    assert reasons["held", "case"].examples[0].customer_id == "R1"
    assert report.other is not None
    assert (report.other.sent, report.other.skipped) == (play.sent, play.skipped)


def test_a_message_that_a_case_lets_go_is_looked_at_by_the_gate(committed: PostgresDatabase) -> None:
    late = BEGIN + timedelta(hours=15)
    ask_first(committed, low_emotion(wish("R1"), because="felt bad", now=late - LOW_EMOTION_WITHIN))
    play = rehearsed(committed).play
    assert (play.sent, play.sent_first[0].at) == (1, datetime(2026, 12, 1, 3, 30, tzinfo=UTC))
    assert [one.rule for one in play.reasons] == ["person", "send_window"]


def test_whoever_prefers_text_messages_is_written_none_but_these(committed: PostgresDatabase) -> None:
    plan(committed, wish("R1"), wish("R2"))
    with committed.transaction() as transaction:
        base(transaction, lapsing("L1"), lapsing("L2"), contacts={
            "L1": {**CONTACTS["L1"], "phone": "+919876543210", "preferred_channel": "sms"},
            "L2": {**CONTACTS["L2"], "phone": "+919876543211"},
        })  # fmt: skip
        PostgresScores(transaction).refresh(as_of=BEGIN, profile=DEFAULT_V1)
        transaction.run("update customers set preferred_channel = 'sms' where customer_id = 'R1'")
    play = rehearsed(committed, planners=[scans], policy={"holdout_shares": {}}).other
    assert play is not None
    [skipped] = [one for one in play.reasons if one.rule == "preference"]
    assert (skipped.messages, skipped.examples[0].customer_id) == (1, "R1")
    assert {(one.customer_id, one.channel) for one in play.sent_first} >= {
        ("R2", Channel.EMAIL), ("L1", Channel.SMS), ("L2", Channel.EMAIL),
    }  # fmt: skip


class OneLater:
    """A planner that proposes one message, with its case, late in its only turn."""

    name = "one later"

    def __init__(self, wish: PersonFirst, at: datetime) -> None:
        self._wish = Wish(proposed_at=at, proposal=wish.proposal, case=wish.case)

    def prepare(self, *, begin: datetime) -> None:
        """Writes nothing of its own."""

    def turns(self, *, begin: datetime, end: datetime) -> Sequence[datetime]:
        return [begin]

    def plan(self, *, at: datetime, until: datetime, policy: ContactPolicy) -> Plans:
        return Plans(wishes=[self._wish])


def test_a_case_that_opens_later_is_nothing_to_wait_for_yet(committed: PostgresDatabase) -> None:
    ends, opens = BEGIN + timedelta(hours=2), BEGIN + timedelta(hours=8)
    ask_first(committed, approval(wish("R1"), now=BEGIN, approve_by=ends, otherwise=Answer.DISMISSED))
    with committed.transaction() as transaction:
        PostgresOutreach(transaction).propose([wish("R1", cycle="meanwhile")], now=BEGIN - DAY)
    later = approval(wish("R1", cycle="later"), now=opens, approve_by=opens + DAY, otherwise=Answer.DISMISSED)
    play = rehearsed(committed, days=1, planners=[lambda _: OneLater(later, opens)]).play
    assert play.sent == 1
    assert ends <= play.sent_first[0].at < opens


def by_template(customer: str, **variables: Any) -> Any:
    """A text message that the reminder's template makes."""
    return wish(
        customer, channel=Channel.SMS, subject="", body="", template="appointment_reminder", variables=variables
    )


def test_a_message_whose_template_cannot_be_filled_is_skipped_as_it_would_be(committed: PostgresDatabase) -> None:
    plan(
        committed,
        by_template("R1", starts_at=STARTS, place="Pune"),
        by_template("R2", starts_at=STARTS),
        by_template("R3"),
    )
    play = rehearsed(committed).play
    [skipped] = [one for one in play.reasons if (one.what, one.rule) == ("skipped", "message")]
    assert (play.sent, play.skipped, skipped.messages) == (2, 1, 1)
    assert skipped.examples[0].customer_id == "R3"
    assert skipped.examples[0].because.startswith("its message cannot be made: Template appointment_reminder (en)")


def test_a_text_message_is_billed_by_its_length_whoever_wrote_it(committed: PostgresDatabase) -> None:
    long = "a check of everything that can be looked at, and of some things that cannot, " * 3
    plan(
        committed,
        wish("R1", channel=Channel.SMS, subject="", body="It is ready."),
        by_template("R2", starts_at=STARTS, place=long),
    )
    with committed.transaction() as transaction:
        transaction.run("update customers set country = 'GB', zone = 'Europe/London' where customer_id = 'R2'")
    costs = {one.country: one for one in rehearsed(committed).play.costs}
    assert costs["IN"].parts == 2, "as its text is counted"
    assert costs["GB"].parts >= 4, "as the template makes it"


def test_nothing_is_sent_or_kept(committed: PostgresDatabase) -> None:
    plan(committed, *(wish(f"R{n}") for n in range(5)))
    with committed.transaction() as transaction:
        base(transaction, *(lapsing(f"L{n}") for n in range(6)), contacts=CONTACTS)
        PostgresScores(transaction).refresh(as_of=BEGIN, profile=DEFAULT_V1)
    before = everything(committed)
    report = rehearsed(committed, planners=[scans], policy={"budget": 1, "holdout_shares": {}})
    assert report.play.sent and report.play.planned and report.other
    assert everything(committed) == before


def test_the_database_itself_refuses_a_planner_that_changes_a_real_table(committed: PostgresDatabase) -> None:
    class Careless(ScansRehearsed):
        def plan(self, **_: Any) -> Any:
            return self._candidates._transaction.run("delete from public.outreach_channels")  # type: ignore[attr-defined]

    def careless(transaction: Transaction) -> Careless:
        return Careless(PostgresRehearsed(transaction), usual=USUAL, profile=DEFAULT_V1, every_minutes=60)

    with pytest.raises(DatabaseError, match="read-only transaction"):
        rehearsed(committed, planners=[careless])


def test_the_same_data_give_the_same_answer(committed: PostgresDatabase) -> None:
    plan(committed, *(wish(f"R{n}", priority=n % 7) for n in range(80)))
    first, second = (rehearsed(committed, policy={"budget": 1}) for _ in range(2))
    assert first == second


def test_another_policy_is_told_by_who_would_be_contacted(committed: PostgresDatabase) -> None:
    plan(committed, wish("R1"), wish("R2", due_at=BEGIN + timedelta(hours=12)))
    with committed.transaction() as transaction:
        known(transaction, "R3", marketing_consent=None)
        PostgresOutreach(transaction).propose([wish("R3", purpose=Purpose.RE_ENGAGEMENT)], now=BEGIN - DAY)

    def told(**policy: Any) -> tuple[str, set[str]]:
        found = rehearsed(committed, days=1, policy=policy).difference
        assert found is not None
        return found.sentence, {one.customer_id for one in found.examples}

    instead = "With this contact policy instead,"
    assert told(marketing=["manual", "re_engagement"]) == (
        f"{instead} the same customers would be contacted.", set(),
    )  # fmt: skip
    assert told(send_windows=[{"hours": "12:00–13:00"}]) == (
        f"{instead} 1 fewer customer would be contacted: 1 messages instead of 2.", {"R2"},
    )  # fmt: skip
    assert told(consent_required=[]) == (
        f"{instead} 1 more customer would be contacted: 3 messages instead of 2.", {"R3"},
    )  # fmt: skip
    both = {"consent_required": [], "send_windows": [{"hours": "12:00–13:00"}]}
    assert told(**both)[0] == f"{instead} 1 more and 1 fewer customers would be contacted: 2 messages instead of 2."


def test_the_days_add_up_where_a_message_is_too_late_at_the_very_end(committed: PostgresDatabase) -> None:
    plan(committed, wish("R1", held=True, not_after=BEGIN + 2 * DAY))
    play = rehearsed(committed, zone="Etc/GMT+4").play  # where it begins and ends at midnight
    assert sum(day.expired for day in play.days) == play.expired
    assert [day.waiting for day in play.days] == [1, play.open]


def test_the_look_for_the_inactive_goes_by_the_policy_that_is_rehearsed(committed: PostgresDatabase) -> None:
    with committed.transaction() as transaction:
        known(transaction, "R1")
        transaction.run("update customers set last_active_on = :on", on=(BEGIN - 40 * DAY).date())
        live(transaction)

    def look(transaction: Transaction) -> InactiveRehearsed:
        return looks(transaction, Rules(), hour=9, zone=UTC, company_zone=UTC, language="en")

    report = rehearsed(committed, planners=[look], policy={"send_windows": [{"hours": "18:00–20:00"}]})
    assert report.other is not None
    opens = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)  # six in the evening in India
    for play, begins in ((report.play, BEGIN.replace(hour=9)), (report.other, opens)):
        assert (play.planned, play.sent, play.held) == (1, 1, 0)
        assert begins < play.sent_first[0].at <= begins + timedelta(hours=1)


def test_a_channel_in_dry_run_sends_only_when_it_is_taken_to_be_live(committed: PostgresDatabase) -> None:
    plan(committed, wish("R1"))
    with committed.transaction() as transaction:
        live(transaction, mode=Mode.DRY_RUN)
    quiet, loud = rehearsed(committed).play, rehearsed(committed, as_live=(Channel.EMAIL,)).play
    assert (quiet.sent, [one.rule for one in quiet.reasons]) == (0, ["dry_run"])
    assert loud.sent == 1
    assert Counter(one.sends for one in loud.channels)[True] == 1
