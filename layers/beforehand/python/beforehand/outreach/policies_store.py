"""The versions of the contact policy in PostgreSQL, which are only ever added to."""

from datetime import datetime

from beforehand.adapters.postgres import Row, Transaction
from beforehand.errors import NotFoundError
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.policy_document import PolicyDocument
from beforehand.outreach.policy_versions import PolicyVersion

COLUMNS = "version, cast(document as text) as document, because, created_at, created_by, active_from"
NEWEST_FIRST = "cast(substr(version, 10) as integer) desc"


class PostgresPolicies:
    """The versions, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def in_force(self, at: datetime) -> ContactPolicy:
        """The policy that counts at a moment. Raises NotFoundError before the first."""
        return self.version_in_force(at).policy

    def version_in_force(self, at: datetime) -> PolicyVersion:
        """The version that counts at a moment, with who made it and why. Raises NotFoundError before the first."""
        found = self._transaction.row(
            f"""select {COLUMNS} from outreach_policies where active_from <= :at
                order by active_from desc, {NEWEST_FIRST} limit 1""",
            at=at,
        )
        return _read(found, f"There was no contact policy at {at:%Y-%m-%d %H:%M} UTC")

    def get(self, version: str) -> PolicyVersion:
        """One version. Raises NotFoundError."""
        found = self._transaction.row(
            f"select {COLUMNS} from outreach_policies where version = :version", version=version
        )
        return _read(found, f"There is no contact policy {version}")

    def newest(self) -> PolicyVersion:
        """The version that was made last. Raises NotFoundError."""
        found = self._transaction.row(f"select {COLUMNS} from outreach_policies order by {NEWEST_FIRST} limit 1")
        return _read(found, "There is no contact policy")

    def page(self, *, before: int | None, limit: int) -> list[PolicyVersion]:
        """Versions, newest first, those before a number."""
        found = self._transaction.rows(
            f"""select {COLUMNS} from outreach_policies
                where cast(:before as integer) is null
                   or cast(substr(version, 10) as integer) < cast(:before as integer)
                order by {NEWEST_FIRST} limit :limit""",
            before=before, limit=limit,
        )  # fmt: skip
        return [_version(row) for row in found]

    def add(self, version: PolicyVersion) -> bool:
        """Keeps a new version; False where another took its name meanwhile."""
        added = self._transaction.run(
            """insert into outreach_policies (version, document, because, created_at, created_by, active_from)
               values (:version, cast(:document as jsonb), :because, :created_at, :created_by, :active_from)
               on conflict do nothing""",
            version=version.version, document=version.document.model_dump_json(), because=version.because,
            created_at=version.created_at, created_by=version.created_by, active_from=version.active_from,
        )  # fmt: skip
        return bool(added)


def _read(row: Row | None, missing: str) -> PolicyVersion:
    if row is None:
        raise NotFoundError(missing)
    return _version(row)


def _version(row: Row) -> PolicyVersion:
    return PolicyVersion(**{**row, "document": PolicyDocument.model_validate_json(row["document"])})
