"""The outbox in PostgreSQL: a command is committed with the change that wants it, or not at all."""

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from beforehand.adapters.postgres import Transaction
from beforehand.errors import NotFoundError
from beforehand.outbox.model import Added, Command, Filed, Outcome, State


class PostgresOutbox:
    """The outbox, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, command: Command, *, now: datetime) -> Added:
        """Writes the command down. One that is there already stays as it is; one that died begins again.

        It is carried out soon after the transaction is committed, and never if it is not.
        Raises InvalidCommandError for a due time that lies in the future.
        """
        command.must_be_due(now=now)
        written = self._transaction.row(
            """insert into outbox_commands as o (command_id, kind, key, payload, because, added_at)
               values (:id, :kind, :key, cast(:payload as jsonb), 'it was added', :now)
               on conflict (command_id) do update
               set state = 'pending', round = o.round + 1, payload = excluded.payload, attempts = 0,
                   because = 'it was added again after it had died', added_at = excluded.added_at,
                   copied_at = null, ended_at = null
               where o.state = 'dead'
               returning because""",
            id=command.command_id, kind=command.kind, key=command.key,
            payload=json.dumps(dict(command.payload)), now=now,
        )  # fmt: skip
        if written is not None:
            return Added(command_id=command.command_id, added=True, state=State.PENDING, because=written["because"])
        return self._there_already(command)

    def pending(self, *, limit: int) -> list[Filed]:
        """The oldest commands that are not copied yet."""
        found = self._transaction.rows(
            """select command_id, kind, key, payload, round, added_at from outbox_commands
               where state = 'pending' order by added_at, command_id limit :limit""",
            limit=limit,
        )
        return [Filed(**row) for row in found]

    def newest(self, *, limit: int) -> list[Filed]:
        """The newest commands that are not copied yet, the last one first."""
        found = self._transaction.rows(
            """select command_id, kind, key, payload, round, added_at from outbox_commands
               where state = 'pending' order by added_at desc, command_id desc limit :limit""",
            limit=limit,
        )
        return [Filed(**row) for row in found]

    def under_way(self, *, after: UUID | None, limit: int) -> list[Filed]:
        """Commands that were copied and have not ended, by their ids, those after one."""
        found = self._transaction.rows(
            """select command_id, kind, key, payload, round, added_at from outbox_commands
               where state = 'copied' and (cast(:after as uuid) is null or command_id > :after)
               order by command_id limit :limit""",
            after=after, limit=limit,
        )  # fmt: skip
        return [Filed(**row) for row in found]

    def copied(self, filed: Iterable[Filed], *, now: datetime) -> None:
        """Marks commands as copied, as far as they are still of the round that was."""
        for one in filed:
            self._transaction.run(
                """update outbox_commands set state = 'copied', copied_at = :now, because = 'it is under way'
                   where command_id = :id and round = :round and state = 'pending'""",
                id=one.command_id, round=one.round, now=now,
            )  # fmt: skip

    def refused(self, filed: Filed, *, because: str, now: datetime) -> None:
        """Ends a command that can never be copied, as far as it is still of the round that was."""
        self._transaction.run(
            """update outbox_commands set state = 'dead', because = :because, ended_at = :now
               where command_id = :id and round = :round and state in ('pending', 'copied')""",
            id=filed.command_id, round=filed.round, because=because, now=now,
        )  # fmt: skip

    def learned(self, outcome: Outcome, *, round: int, now: datetime) -> None:
        """Writes down how far a command is where it is carried out from."""
        self._transaction.run(
            """update outbox_commands
               set state = :state, attempts = :attempts, because = :because,
                   ended_at = case when :state = 'copied' then null else cast(:now as timestamptz) end
               where command_id = :id and round = :round and state = 'copied'
                 and (state, attempts, because) is distinct from (:state, :attempts, :because)""",
            state=outcome.ended or State.COPIED, attempts=outcome.attempts, because=outcome.because, now=now,
            id=outcome.command_id, round=round,
        )  # fmt: skip

    def _there_already(self, command: Command) -> Added:
        found = self._transaction.row(
            """select state, because, payload = cast(:payload as jsonb) as same
               from outbox_commands where command_id = :id""",
            id=command.command_id, payload=json.dumps(dict(command.payload)),
        )  # fmt: skip
        if found is None:
            raise NotFoundError(f"The command {command.command_id} vanished while it was being added")
        otherwise = "" if found["same"] else ", with other options than these"
        because = f"it was asked for already{otherwise}: it is {found['state']}, {found['because']}"
        state = State(found["state"])
        return Added(command_id=command.command_id, added=False, state=state, because=because)
