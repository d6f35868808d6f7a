"""The imports in PostgreSQL: which run, which are done, which failed and why. The same upload is worked on once."""

from datetime import datetime, timedelta

from beforehand.adapters.postgres import Transaction
from beforehand.customers.model import Upload
from beforehand.events.customers import ImportFinished
from beforehand.results import Status

LONGEST = timedelta(minutes=15)
"""How long the function may run; what began earlier and holds its row no more was ended in the middle."""

ENDED = "it was ended in the middle and nothing was taken; upload the file again, in parts if it was too large"


class PostgresImports:
    """The rows of `customers_imports`, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def begin(self, upload: Upload) -> ImportFinished | None:
        """Opens an import; returns the answer of one that had its end before.

        One that ended without an answer, since the import itself failed, is taken up again.
        """
        # Two deliveries at once: `on conflict` watches one of the two unique columns, and the other would refuse.
        self._transaction.run("select pg_advisory_xact_lock(hashtextextended(:key, 0))", key=upload.key)
        self._end_what_was_killed(upload.started_at)
        self._transaction.run(
            """insert into customers_imports (import_id, key, file_name, kind, state, uploaded_by, started_at,
                                              because)
               values (cast(:import_id as uuid), :key, :file_name, :kind, 'running', :uploaded_by,
                       cast(:started_at as timestamptz), 'it is being read')
               on conflict (key) do update
               set state = 'running', started_at = excluded.started_at, finished_at = null,
                   because = excluded.because
               where customers_imports.state = 'failed' and customers_imports.answer is null""",
            import_id=str(upload.import_id),
            key=upload.key,
            file_name=upload.file_name,
            kind=upload.kind,
            uploaded_by=upload.uploaded_by,
            started_at=upload.started_at,
        )
        return self._answer(upload.key, "")

    def hold(self, upload: Upload) -> ImportFinished | None:
        """Waits until no other delivery works on the upload, then keeps others waiting; returns its answer."""
        return self._answer(upload.key, "for update")

    def finish(self, upload: Upload, answer: ImportFinished, *, now: datetime) -> None:
        """Enters the answer: the rows and the entry are committed together, or neither is."""
        self._transaction.run(
            """update customers_imports
               set state = :state, rows = cast(:rows as bigint), added = cast(:added as bigint),
                   changed = cast(:changed as bigint), unchanged = cast(:unchanged as bigint),
                   refused_rows = cast(:refused_rows as bigint), because = :because,
                   answer = cast(:answer as jsonb), finished_at = cast(:now as timestamptz)
               where key = :key""",
            key=upload.key,
            state="done" if answer.status is Status.DONE else "failed",
            rows=answer.rows,
            added=answer.added,
            changed=answer.changed,
            unchanged=answer.unchanged,
            refused_rows=answer.refused_rows,
            because=answer.because,
            answer=answer.model_dump_json(),
            now=now,
        )

    def fail(self, upload: Upload, because: str, *, now: datetime) -> None:
        """Enters that the import itself failed; the next delivery of the upload tries it again."""
        self._transaction.run(
            """update customers_imports
               set state = 'failed', because = :because, finished_at = cast(:now as timestamptz)
               where key = :key and state = 'running'""",
            key=upload.key,
            because=because,
            now=now,
        )

    def _answer(self, key: str, locking: str) -> ImportFinished | None:
        found = self._transaction.row(
            f"select cast(answer as text) as answer from customers_imports where key = :key {locking}",  # noqa: S608
            key=key,
        )
        return ImportFinished.model_validate_json(found["answer"]) if found and found["answer"] else None

    def _end_what_was_killed(self, now: datetime) -> None:
        """An import holds its row while it runs: one that is too old and free is over."""
        self._transaction.run(
            """update customers_imports
               set state = 'failed', because = :because, finished_at = cast(:now as timestamptz)
               where import_id in (
                   select import_id from customers_imports
                   where state = 'running' and started_at < cast(:before as timestamptz)
                   for update skip locked)""",
            because=ENDED,
            now=now,
            before=now - LONGEST,
        )
