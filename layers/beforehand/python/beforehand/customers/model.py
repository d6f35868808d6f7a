"""What an import did to the tables."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from beforehand.customers.columns import Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """How many rows were new, different, and the same as before."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """Rows that were taken out: how many, and the first of them as (line, the line they go back to)."""

    count: int
    shown: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """One file that arrived, as the ledger of imports knows it. `key` names one content of it and no other."""

    import_id: UUID
    key: str
    file_name: str
    kind: Kind
    uploaded_by: str | None
    started_at: datetime
