"""How far messages are, what must hold of them whatever happened, and how what was tried is taken away."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from beforehand.adapters.postgres import PostgresDatabase
from beforehand.outreach.delivery.gates import DynamoGates
from beforehand.outreach.delivery.model import Ended, Told
from beforehand.outreach.model import State
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect, forget
from tests.faults.people import CUSTOMERS

OPEN = {State.SCHEDULED, State.HELD, State.CLAIMED, State.UNKNOWN}


class Books(Protocol):
    """Where the two sides of it stand."""

    database: PostgresDatabase
    gates: DynamoGates


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a message is."""

    state: State
    attempt: int
    because: str | None
    next_at: datetime | None


def standings(database: PostgresDatabase, ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """How far messages are; whatever is not in the ledger is left out."""
    with database.transaction() as t:
        found = t.rows(
            """select outreach_id, state, attempt, state_because, next_at from outreach
               where outreach_id = any(cast(:ids as uuid[]))""",
            ids=[str(one) for one in ids],
        )
    return {
        row["outreach_id"]: Standing(
            state=State(row["state"]), attempt=row["attempt"], because=row["state_because"], next_at=row["next_at"]
        )
        for row in found
    }


def open_of(database: PostgresDatabase, ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """Those messages that are not over yet, nor with a person."""
    return {one: standing for one, standing in standings(database, ids).items() if standing.state in OPEN}


def told_of(desk: Books, ids: Iterable[UUID]) -> dict[tuple[UUID, int], Told]:
    """What stands under the keys of all attempts of messages."""
    attempts = [
        (one, attempt)
        for one, standing in standings(desk.database, ids).items()
        for attempt in range(1, standing.attempt + 1)
    ]
    return desk.gates.read(attempts)


def check(desk: Books, ids: Sequence[UUID], taken: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """What must hold whatever happened; how many messages came to each end.

    Nobody was contacted twice, every planned message has one end, whatever the provider took is sent or with a
    person, and a further attempt followed only on the proof that the one before reached nobody.
    """
    found = standings(desk.database, ids)
    assert set(found) == set(ids), "lost from the ledger"
    times = Counter(UUID(line["outreach_id"]) for line in taken if UUID(line["outreach_id"]) in found)
    assert not (twice := {one: n for one, n in times.items() if n > 1}), f"contacted twice: {twice}"
    for one in times:
        assert found[one].state in {State.SENT, State.DELIVERED, State.REVIEW}, f"{one}: {found[one]}"
    for one, standing in found.items():
        assert standing.state is not State.SENT or one in times, f"never reached anybody: {one} {standing}"
    for (one, attempt), told in told_of(desk, ids).items():
        if attempt < found[one].attempt:
            assert told.ended in {Ended.VOID, Ended.NOT_NOW, Ended.STOPPED}, f"{one} #{attempt}: {told}"
    ends = Counter(str(standing.state) for standing in found.values())
    assert ends.total() == len(ids)
    return ends


def open_channels(database: PostgresDatabase) -> None:
    """Lets e-mail go, as fast as it comes."""
    with database.transaction() as t:
        t.run(
            "update outreach_channels set mode = 'live', per_minute = 100000, at_once = 100000"
            " where channel = 'email'"
        )


def clean(server: Postgres) -> None:
    """Takes away whatever these tests have committed."""
    theirs = f"customer_id like '{CUSTOMERS}%'"
    forget(server, "outreach_attempts", f"outreach_id in (select outreach_id from outreach where {theirs})")
    for table in ("outreach", "outreach_cases", "journal_decisions"):
        forget(server, table, theirs)
    with PostgresDatabase(lambda: connect(server)).transaction() as t:
        t.run("update outreach_channels set mode = 'dry_run', per_minute = 60, at_once = 100")
