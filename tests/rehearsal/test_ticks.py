"""A rehearsal of a day, and then the day itself, tick by tick on the same ledger: they come to the same."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.journal.audit_store import PostgresAudit
from beforehand.journal.store import PostgresJournal
from beforehand.outreach.cases import Answer
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.casework import fall_through
from beforehand.outreach.delivery import recording
from beforehand.outreach.delivery.claiming import claim
from beforehand.outreach.delivery.model import LEASE, Ended, Token, Told
from beforehand.outreach.delivery.store import PostgresDelivery
from beforehand.outreach.gate.decide import decide
from beforehand.outreach.gate.facts_store import PostgresFacts
from beforehand.outreach.gate.legal import shipped as laws
from beforehand.outreach.model import Channel, Proposal, Purpose
from beforehand.outreach.person_first import approval, low_emotion, propose_first
from beforehand.outreach.policies_store import PostgresPolicies
from beforehand.outreach.store import PostgresOutreach
from beforehand_cli.local.postgres import Postgres
from tests.conftest import forget
from tests.outreach.desk import Writer
from tests.rehearsal.test_rehearsing import BEGIN, DAY, known, live, nobody, rehearsed, wish

MINUTE = timedelta(minutes=1)
ZONES = ({"zone": "Asia/Kolkata", "country": "IN"}, {"zone": "Europe/London", "country": "GB"},
         {"zone": "America/New_York", "country": "US"}, {"zone": "Asia/Kolkata", "country": "IN",
                                                         "marketing_consent": None})  # fmt: skip
PURPOSES = (Purpose.POST_EVENT, Purpose.RE_ENGAGEMENT, Purpose.CHURN_INTERVENTION, Purpose.FOLLOW_UP)
TAKEN = Told(token=Token.STARTED, ended=Ended.ACCEPTED, because="the provider took it", provider_id="m-1")
PER_MINUTE = 3


@pytest.fixture
def committed(database: PostgresDatabase, postgres: Postgres) -> Iterator[PostgresDatabase]:
    """A database in which a test may commit: what it leaves is taken away."""
    yield database
    for table in (
        "outreach_attempts",
        "outreach_cases",
        "journal_decisions",
        "journal_audit",
        "outreach",
        "customers",
    ):
        forget(postgres, table)
    with database.transaction() as transaction:
        transaction.run("update outreach_channels set mode = 'dry_run', per_minute = 60, at_once = 100")


def test_a_rehearsal_comes_to_what_its_day_comes_to(committed: PostgresDatabase) -> None:
    with committed.transaction() as transaction:
        fill(transaction, Random(1))
    play = rehearsed(committed, days=1).play
    email = next(line for line in play.channels if line.channel is Channel.EMAIL)
    at = BEGIN
    while at < BEGIN + DAY:
        tick(committed, at)
        at += MINUTE
    with committed.transaction() as transaction:
        rows = transaction.rows("select purpose, state, state_at from outreach")
    assert {hour.hour: hour.sent for hour in email.hours} == hours(rows)
    assert {(line.purpose, what): count for line in play.purposes
            for what, count in (("sent", line.sent), ("skipped", line.skipped), ("expired", line.expired),
                                ("open", line.open)) if count} == standings(rows)  # fmt: skip
    assert {"sent", "skipped", "expired", "open"} <= {what for _, what in standings(rows)}
    assert {"held", "skipped"} <= {reason.what for reason in play.reasons}
    assert email.wait_longest > 0


def hours(rows: Sequence[Mapping[str, Any]]) -> dict[datetime, int]:
    sent = (row["state_at"] for row in rows if row["state"] == "sent")
    return dict(Counter(at.replace(minute=0, second=0, microsecond=0) for at in sent))


def standings(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[Purpose, str], int]:
    told = {"scheduled": "open", "held": "open", "cancelled": "skipped"}
    return dict(Counter((Purpose(row["purpose"]), told.get(row["state"], row["state"])) for row in rows))


def fill(transaction: Transaction, random: Random) -> None:
    """Some fifty people, and two or three messages for each; some wait for a person who does not come."""
    for number, of in enumerate(ZONES):
        known(transaction, *(f"T{number}{n:02}" for n in range(14)), **of)
    people = [f"T{number}{n:02}" for number in range(len(ZONES)) for n in range(14)]
    messages = [planned(random, people, str(n)) for n in range(130)]
    outreach, cases = PostgresOutreach(transaction), PostgresCases(transaction)
    outreach.propose(messages[:100], now=BEGIN - DAY)
    asked = [low_emotion(one, because="felt bad", now=BEGIN, within=hours_of(random)) for one in messages[100:115]]
    asked += [
        approval(one, now=BEGIN, approve_by=BEGIN + hours_of(random), otherwise=random.choice((None, *GOING)))
        for one in messages[115:]
    ]
    propose_first(asked, outreach=outreach, cases=cases, now=BEGIN - DAY)
    live(transaction, per_minute=PER_MINUTE)


GOING = (Answer.SEND, Answer.DISMISSED)


def hours_of(random: Random) -> timedelta:
    return timedelta(minutes=random.randrange(1, 20 * 60))


def planned(random: Random, people: Sequence[str], cycle: str) -> Proposal:
    due_at = BEGIN + timedelta(minutes=random.choice((-30, 0, 0, 0, random.randrange(1_440))))
    message: Proposal = wish(
        random.choice(people), purpose=random.choice(PURPOSES), cycle=cycle, priority=random.randrange(100),
        due_at=due_at, not_after=due_at + timedelta(minutes=random.choice((90, 700, 5_000))),
    )  # fmt: skip
    return message


def tick(database: PostgresDatabase, at: datetime) -> None:
    """One tick as the functions do it, by a clock of ours; the provider takes everything at once."""
    with database.transaction() as transaction:
        ledger = PostgresDelivery(transaction)
        ledger.expire(at)
        fall_through(
            cases=PostgresCases(transaction), desk=PostgresOutreach(transaction), audit=PostgresAudit(transaction),
            now=at, task="outreach_claim",
        )  # fmt: skip
        attempts = claimed(transaction, ledger, at)
        told = dict.fromkeys(attempts, TAKEN)
        recording.record(
            attempts, told, ledger=ledger, cases=PostgresCases(transaction), suppress=_nobody_opts_out, now=at
        )


def claimed(transaction: Transaction, ledger: PostgresDelivery, at: datetime) -> list[tuple[UUID, int]]:
    policy, legal, facts = PostgresPolicies(transaction).in_force(at), laws(), PostgresFacts(transaction, nobody)
    claims = claim(
        uuid4(),
        ledger=ledger,
        facts_of=lambda customer_ids: facts.of(customer_ids, policy=policy, as_of=at),
        decide=lambda person, message, history: decide(
            person, message, history, policy, legal, as_of=at, margin=LEASE
        ),
        policy_version=policy.version,
        writer=Writer(),
        journal=PostgresJournal(transaction),
        available=frozenset(Channel),
        stopped=frozenset(),
        now=at,
    )
    return [(one.outreach_id, one.attempt) for one in claims.claimed]


def _nobody_opts_out(_: Any) -> None:
    raise AssertionError("every message here is taken, and nobody opts out")
