"""The ledger of imports as it is shown: page by page, and one with its answer."""

from datetime import datetime
from uuid import UUID

from beforehand.adapters.postgres import Row, Transaction

SHOWN = """import_id, file_name, kind, state, rows, added, changed, unchanged, refused_rows, because, uploaded_by,
           started_at, finished_at"""


class PostgresImportList:
    """Imports, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def page(self, *, after: tuple[datetime, UUID] | None, limit: int) -> list[Row]:
        """Imports, newest first, those before one."""
        started_at, import_id = after or (None, None)
        return self._transaction.rows(
            f"""select {SHOWN} from customers_imports
                where cast(:started_at as timestamptz) is null
                   or (started_at, import_id) < (cast(:started_at as timestamptz), cast(:import_id as uuid))
                order by started_at desc, import_id desc limit :limit""",
            started_at=started_at, import_id=import_id, limit=limit,
        )  # fmt: skip

    def find(self, import_id: UUID) -> Row | None:
        """One import, with the answer that whoever uploaded the file was given."""
        return self._transaction.row(
            f"select {SHOWN}, answer from customers_imports where import_id = :id", id=import_id
        )
