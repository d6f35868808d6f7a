"""Puts the database's side of delivery together: `outreach_claim` and `outreach_record`."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from beforehand.adapters.postgres import Transaction, database
from beforehand.adapters.s3 import S3Files
from beforehand.clock import monotonic, now, within
from beforehand.events.outreach import AttemptsNamed, Settled, TickDue, Ticked
from beforehand.ids import uuid7
from beforehand.journal.audit_store import PostgresAudit
from beforehand.journal.store import PostgresJournal
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.casework import fall_through
from beforehand.outreach.channels.available import available
from beforehand.outreach.delivery import recording
from beforehand.outreach.delivery.claiming import Claims, claim
from beforehand.outreach.delivery.documents import Attempt, Unknowns, chunk_file, unknowns_file
from beforehand.outreach.delivery.gates import DynamoGates
from beforehand.outreach.delivery.model import LEASE
from beforehand.outreach.delivery.speaking import from_templates
from beforehand.outreach.delivery.store import PostgresDelivery
from beforehand.outreach.delivery.writing import MessageWriter
from beforehand.outreach.gate.decide import decide
from beforehand.outreach.gate.facts_store import PostgresFacts
from beforehand.outreach.gate.legal import shipped
from beforehand.outreach.gate.suppressed import suppressed_in
from beforehand.outreach.messages.company import company_of
from beforehand.outreach.messages.store import PostgresTemplates
from beforehand.outreach.model import State
from beforehand.outreach.policies_store import PostgresPolicies
from beforehand.outreach.store import PostgresOutreach
from beforehand.outreach.suppression.marks import DynamoMarks
from beforehand.outreach.suppression.pepper import pepper
from beforehand.outreach.suppression.store import PostgresSuppressions
from beforehand.outreach.suppression.suppressing import suppress
from beforehand.settings import from_environment
from beforehand.settings.outreach import OutreachClaimSettings, OutreachRecordSettings

TASK = "outreach_claim"
"""In whose name a case falls through, as the audit trail has it."""

LOOKS_SECONDS = 25
"""When a tick looks at no further messages, so that what it has decided is committed and written in time."""


def tick(_due: TickDue) -> Ticked:
    """Claims what is due; then, with that committed, leaves its messages where the sender finds them.

    Killed in between, messages are claimed and lie nowhere: their lease passes, nobody has begun them, and they are
    due again.
    """
    settings = from_environment(OutreachClaimSettings)
    files, this = S3Files(settings.files_bucket), uuid7(now())
    stopped = DynamoGates(settings.gates_table).stopped()
    with database(OutreachClaimSettings).transaction() as transaction:
        ledger, began = PostgresDelivery(transaction), monotonic()
        at = ledger.begin()
        if at is None:
            return Ticked(busy=True)
        expired, given_up = ledger.expire(at), ledger.give_up(at)
        ledger.let_go(available(settings), now=at)
        fallen = fall_through(
            cases=PostgresCases(transaction),
            desk=PostgresOutreach(transaction),
            audit=PostgresAudit(transaction),
            now=at,
            task=TASK,
        )
        unknown = ledger.unknown()
        claims = _claim(this, transaction, ledger, settings, stopped, at)
    for chunk in claims.chunks:
        files.write(chunk_file(chunk.chunk), chunk.model_copy(update={"written_after": monotonic() - began}))
    if unknown:
        attempts = tuple(Attempt(outreach_id=one, attempt=attempt) for one, attempt in unknown)
        files.write(unknowns_file(str(this)), Unknowns(attempts=attempts))
    return Ticked(
        chunks=tuple(chunk.chunk for chunk in claims.chunks),
        unknowns=str(this) if unknown else None,
        claimed=len(claims.claimed),
        held=claims.count(State.HELD),
        skipped=claims.count(State.SKIPPED),
        expired=claims.count(State.EXPIRED) + expired,
        given_up=given_up,
        fallen_through=len(fallen),
        stumbled=claims.stumbled,
    )


def record(named: AttemptsNamed) -> Settled:
    """Settles the attempts of a chunk, or of a list that was asked about, by what stands under their keys."""
    settings = from_environment(OutreachRecordSettings)
    source = database(OutreachRecordSettings)
    attempts = _attempts(named, S3Files(settings.files_bucket))
    told = DynamoGates(settings.gates_table).read(attempts)
    with source.transaction() as transaction:
        ledger = PostgresDelivery(transaction)
        at = ledger.now()
        return recording.record(
            attempts,
            told,
            ledger=ledger,
            cases=PostgresCases(transaction),
            suppress=partial(
                suppress, ledger=PostgresSuppressions(transaction), marks=DynamoMarks(settings.gates_table), now=at
            ),
            now=at,
        )


def _attempts(named: AttemptsNamed, files: S3Files) -> Sequence[tuple[UUID, int]]:
    if named.unknowns is not None:
        listed = files.read(unknowns_file(named.unknowns), Unknowns).attempts
        return [(one.outreach_id, one.attempt) for one in listed]
    with database(OutreachRecordSettings).transaction() as transaction:
        return PostgresDelivery(transaction).chunk(named.chunk or "")


def _claim(
    tick: UUID,
    transaction: Transaction,
    ledger: PostgresDelivery,
    settings: OutreachClaimSettings,
    stopped: frozenset[str],
    at: datetime,
) -> Claims:
    policy, legal = PostgresPolicies(transaction).in_force(at), shipped()
    secret = pepper(settings.files_bucket)
    facts = PostgresFacts(transaction, suppressed_in(transaction, secret))
    company = company_of(settings)
    return claim(
        tick,
        ledger=ledger,
        facts_of=lambda customer_ids: facts.of(customer_ids, policy=policy, as_of=at),
        decide=lambda person, planned, history: decide(
            person, planned, history, policy, legal, as_of=at, margin=LEASE
        ),
        policy_version=policy.version,
        writer=MessageWriter(
            company=company,
            pepper=secret,
            public_url=settings.public_url,
            speak=from_templates(PostgresTemplates(transaction), company),
        ),
        journal=PostgresJournal(transaction),
        available=available(settings),
        stopped=stopped,
        now=at,
        time_left=within(LOOKS_SECONDS),
    )
