"""What a rehearsal reads of the ledger in PostgreSQL, and the copies beside it that planners see and write."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction
from beforehand.outreach.cases import Case
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.delivery.model import Due
from beforehand.outreach.model import Channel, Purpose, State
from beforehand.outreach.rehearsal.model import PERSON, Ended, Played, Wish
from beforehand.outreach.rehearsal.trying import Samples
from beforehand.outreach.store import PostgresOutreach
from beforehand.results import Status

PAGE = 20_000
ZERO = UUID(int=0)

SETTINGS = (
    "set transaction isolation level repeatable read",
    # Between two statements whole days are played.
    "set local idle_in_transaction_session_timeout = '10min'",
)

# Only what can be looked at before the end. The copy holds no words; a text is read where its length is billed.
WAITING = """
select o.outreach_id, o.customer_id, o.purpose, o.channel, o.state, o.hold, o.attempt, o.priority, o.due_at,
       o.not_after, o.next_at, o.automated, o.language, said.template, said.variables, o.state_because,
       case when o.channel = 'sms' and said.template is null then said.body end as body
from pg_temp.outreach as o join public.outreach as said on said.outreach_id = o.outreach_id
where o.state in ('scheduled', 'held') and o.not_after > :begin and (o.next_at is null or o.next_at < :end)
  and o.outreach_id > :after
order by o.outreach_id limit :limit"""

# Of tables of one name all statements of a transaction find the temporary one, those in a function, too. What these
# lack is what happened so long ago that no policy remembers it.
COPIES = (
    """create temporary table outreach (like public.outreach including defaults) on commit drop""",
    """create temporary table outreach_cases (like public.outreach_cases including defaults) on commit drop""",
)
FILLED = (
    """insert into pg_temp.outreach (outreach_id, customer_id, purpose, cycle, step, channel, state, hold, priority,
                                     due_at, not_after, next_at, attempt, automated, language, subject, body,
                                     because, proposed_at, state_at)
       select outreach_id, customer_id, purpose, cycle, step, channel, state, hold, priority, due_at, not_after,
              next_at, attempt, automated, language, '', '', '', proposed_at, state_at
       from public.outreach
       where proposed_at > :since or state_at > :since or state in ('scheduled', 'held', 'claimed', 'unknown')""",
    """insert into pg_temp.outreach_cases
       select * from public.outreach_cases where state <> 'done' or opened_at > :since""",
)
INDEXES = (
    "create unique index on pg_temp.outreach (outreach_id)",
    "create unique index on pg_temp.outreach (customer_id, purpose, cycle, step)",
    "create unique index on pg_temp.outreach_cases (kind, customer_id, cycle)",
    "create index on pg_temp.outreach_cases (case_id)",
    "create index on pg_temp.outreach_cases (customer_id) where state <> 'done'",
    "create index on pg_temp.outreach_cases (otherwise_at) where state = 'open'",
    "create index on pg_temp.outreach (proposed_at)",
    "analyze pg_temp.outreach",
    "analyze pg_temp.outreach_cases",
)


def prepare(transaction: Transaction) -> None:
    """What must be said before anything is read: everything is seen as it stands at one moment."""
    for statement in SETTINGS:
        transaction.run(statement)


def copy_beside(transaction: Transaction, *, since: datetime) -> None:
    """Lays copies of the ledger beside it, in the same names, that end with the transaction."""
    for statement in COPIES:
        transaction.run(statement)
    for statement in FILLED:
        transaction.run(statement, since=since)
    for statement in INDEXES:
        transaction.run(statement)


def refuse_changes(transaction: Transaction) -> None:
    """From here on the database itself refuses every change, but of temporary tables."""
    transaction.run("set transaction read only")


class PostgresWaiting:
    """What waits in the ledger."""

    def __init__(self, transaction: Transaction, parts_of: Callable[[str, str], int]) -> None:
        self._transaction, self._parts_of, self._samples = transaction, parts_of, Samples()

    def until(self, *, begin: datetime, end: datetime) -> Iterator[Played]:
        """Messages that may be looked at between two moments, or wait for a person or their channel."""
        after = ZERO
        while True:
            found = self._transaction.rows(WAITING, begin=begin, end=end, after=after, limit=PAGE)
            for row in found:
                yield self._played(row)
            if len(found) < PAGE:
                return
            after = found[-1]["outreach_id"]

    def _played(self, row: Row) -> Played:
        due = Due(
            outreach_id=row["outreach_id"],
            customer_id=row["customer_id"],
            purpose=Purpose(row["purpose"]),
            channel=Channel(row["channel"]),
            state=State(row["state"]),
            attempt=row["attempt"],
            due_at=row["due_at"],
            not_after=row["not_after"],
            automated=row["automated"],
            language=row["language"],
            subject="",
            body="",
            template=row["template"],
            variables=self._samples.like(row["template"], row["variables"]),
            state_because=row["state_because"],
        )
        parts = 1 if row["body"] is None else self._parts_of(row["body"], row["language"])
        waits = row["next_at"] is None and row["hold"] != "dry_run"
        return Played(
            due=due,
            priority=row["priority"],
            next_at=row["next_at"],
            at=row["due_at"],
            parts=parts,
            rules=[PERSON] if waits else [],
        )


class PostgresBeside:
    """The copies, kept up to date with what the rehearsal does."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._cases = PostgresCases(transaction)

    def propose(self, wishes: Sequence[Wish], *, now: datetime) -> frozenset[UUID]:
        """Plans each wish unless it is planned already, and opens its case; which were not."""
        if not wishes:
            return frozenset()
        results = PostgresOutreach(self._transaction).propose([wish.proposal for wish in wishes], now=now)
        self._transaction.run(
            """update pg_temp.outreach as o set proposed_at = n.proposed_at
               from jsonb_to_recordset(cast(:rows as jsonb)) as n(outreach_id uuid, proposed_at timestamptz)
               where o.outreach_id = n.outreach_id""",
            rows=json.dumps(
                [
                    {"outreach_id": str(wish.proposal.outreach_id), "proposed_at": wish.proposed_at.isoformat()}
                    for wish, result in zip(wishes, results, strict=True)
                    if result.status is Status.DONE
                ]
            ),
        )
        for wish in wishes:
            if wish.case is not None:
                self._cases.open([wish.case], now=wish.proposed_at)
        done = zip(wishes, results, strict=True)
        return frozenset(wish.proposal.outreach_id for wish, result in done if result.status is Status.DONE)

    def end(self, ended: Sequence[Ended]) -> None:
        """Writes down what came to an end."""
        if ended:
            self._transaction.run(
                """update pg_temp.outreach as o set state = n.state, state_at = n.at, hold = null, next_at = null
                   from jsonb_to_recordset(cast(:rows as jsonb)) as n(outreach_id uuid, state text, at timestamptz)
                   where o.outreach_id = n.outreach_id""",
                rows=json.dumps(
                    [
                        {"outreach_id": str(one.outreach_id), "state": one.state, "at": one.at.isoformat()}
                        for one in ended
                    ]
                ),
            )

    def falls_next(self) -> datetime | None:
        """The first moment by which somebody would have to take a case, before it ends by itself."""
        [found] = self._transaction.rows(
            """select min(otherwise_at) as at from pg_temp.outreach_cases
               where state = 'open' and otherwise is not null and otherwise_because is null"""
        )
        return found["at"]  # type: ignore[no-any-return]

    def falling(self, *, now: datetime, limit: int) -> list[Case]:
        """Cases that nobody has taken by their moment."""
        return self._cases.falling(now=now, limit=limit)

    def keep(self, case: Case) -> None:
        """Writes down how far a case is now."""
        self._cases.keep(case)

    def has_case(self, customer_id: str, *, now: datetime) -> bool:
        """Whether a case of a customer is open; what planners open later in their turn is not yet."""
        return bool(
            self._transaction.rows(
                """select from pg_temp.outreach_cases
                   where customer_id = :customer_id and state <> 'done' and opened_at <= :now limit 1""",
                customer_id=customer_id,
                now=now,
            )
        )
