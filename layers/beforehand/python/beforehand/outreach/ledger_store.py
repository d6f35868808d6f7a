"""The ledger of outreach as people look at it: lists, one of them, and the moves that a person makes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction
from beforehand.outreach.model import Hold, State
from beforehand.outreach.recalling import Entry

SHOWN = """outreach_id, customer_id, purpose, cycle, step, channel, state, hold, priority, due_at, not_after,
           next_at, attempt, lease_until, follows_id, automated, language, template, template_version,
           policy_version, because, state_because, state_at, run_id, proposed_at"""
FILTERS = ("state", "hold", "purpose", "channel", "customer_id")


class PostgresLedger:
    """The ledger, inside one transaction. No message is read here."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def page(
        self,
        filters: Mapping[str, str | None],
        *,
        due_from: datetime | None,
        due_before: datetime | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Row]:
        """Outreach by due time, latest first, those before one; `filters` is by column and all are to hold."""
        due_at, outreach_id = after or (None, None)
        same = " and ".join(f"(cast(:{name} as text) is null or {name} = :{name})" for name in FILTERS)
        return self._transaction.rows(
            f"""select {SHOWN} from outreach
                where (cast(:due_from as timestamptz) is null or due_at >= :due_from)
                  and (cast(:due_before as timestamptz) is null or due_at < :due_before)
                  and (cast(:due_at as timestamptz) is null
                       or (due_at, outreach_id) < (cast(:due_at as timestamptz), cast(:outreach_id as uuid)))
                  and {same}
                order by due_at desc, outreach_id desc limit :limit""",
            due_from=due_from, due_before=due_before, due_at=due_at, outreach_id=outreach_id, limit=limit,
            **{name: filters.get(name) for name in FILTERS},
        )  # fmt: skip

    def find(self, outreach_id: UUID) -> Row | None:
        """One outreach."""
        return self._transaction.row(f"select {SHOWN} from outreach where outreach_id = :id", id=outreach_id)

    def attempts(self, outreach_id: UUID) -> list[Row]:
        """The attempts of one outreach, first to last."""
        return self._transaction.rows(
            """select attempt, channel, policy_version, claimed_at, lease_until, ended_at, outcome, provider_id,
                      because
               from outreach_attempts where outreach_id = :id order by attempt""",
            id=outreach_id,
        )

    def hold(self, outreach_id: UUID) -> Entry | None:
        """One outreach, which nobody else can move before this transaction ends: who claims it, waits or passes."""
        row = self._transaction.row(
            """select outreach_id, customer_id, state, hold, not_after from outreach
               where outreach_id = :id for update""",
            id=outreach_id,
        )
        if row is None:
            return None
        words: dict[str, Any] = {
            "state": State(row["state"]),
            "hold": None if row["hold"] is None else Hold(row["hold"]),
            "case_id": self.open_case(outreach_id),
        }
        return Entry(**{**row, **words})

    def open_case(self, outreach_id: UUID) -> UUID | None:
        """The case of one outreach that is not done."""
        case = self._transaction.row(
            """select case_id from outreach_cases
               where outreach_id = :id and state <> 'done' order by due_at limit 1""",
            id=outreach_id,
        )
        return case["case_id"] if case else None

    def cancel(self, outreach_id: UUID, *, because: str, now: datetime) -> None:
        """Ends a held row of the ledger: it goes never."""
        self._transaction.run(
            """update outreach set state = 'cancelled', hold = null, next_at = null, state_because = :because,
                                   state_at = :now
               where outreach_id = :id""",
            id=outreach_id, because=because, now=now,
        )  # fmt: skip

    def move(self, outreach_id: UUID, *, due_at: datetime, because: str, now: datetime) -> None:
        """Makes a held row of the ledger due at another time, and its end as much later or sooner.

        What waits for a person waits on; what waits for anything else is looked at again when it is due.
        """
        self._transaction.run(
            """update outreach
               set due_at = :due_at, not_after = not_after + (:due_at - due_at), state_because = :because,
                   state_at = :now,
                   state = case when hold = 'person' then state else 'scheduled' end,
                   hold = case when hold = 'person' then hold end,
                   next_at = case when hold = 'person' then next_at else :due_at end
               where outreach_id = :id""",
            id=outreach_id, due_at=due_at, because=because, now=now,
        )  # fmt: skip

    def say(self, outreach_id: UUID, *, template: str, because: str, now: datetime) -> None:
        """Gives a held row of the ledger another template: it is written when it goes."""
        self._transaction.run(
            """update outreach set template = :template, state_because = :because, state_at = :now
               where outreach_id = :id and template is not null""",
            id=outreach_id, template=template, because=because, now=now,
        )  # fmt: skip

    def release(self, outreach_id: UUID, *, because: str, now: datetime) -> None:
        """Lets a held row of the ledger go as soon as it is due; the gate looks at it then, as at any other."""
        self._transaction.run(
            """update outreach set state = 'scheduled', hold = null, due_at = greatest(due_at, :now),
                                   next_at = greatest(due_at, :now), state_because = :because, state_at = :now
               where outreach_id = :id""",
            id=outreach_id, because=because, now=now,
        )  # fmt: skip
