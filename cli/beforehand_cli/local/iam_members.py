"""Who must show an IAM token: the members of `rds_iam`, as PostgreSQL knows them at this moment."""

import asyncio
from pathlib import Path

import pg8000.exceptions
import pg8000.native

from beforehand_cli.local.postgres import IAM_ROLE, MASTER_USER, SUPERUSER

_MEMBERS = """
WITH RECURSIVE member AS (
    SELECT oid FROM pg_roles WHERE rolname = :iam
    UNION SELECT m.member FROM pg_auth_members m JOIN member ON m.roleid = member.oid)
SELECT 1 FROM member JOIN pg_roles USING (oid)
WHERE rolname = :name AND rolname NOT IN (:iam, :master) AND NOT rolsuper
"""


class IamMembers:
    """Asks PostgreSQL who is a member of `rds_iam`, over one connection kept for all."""

    def __init__(self, path: Path) -> None:
        self._socket = path
        self._connection: pg8000.native.Connection | None = None
        self._lock = asyncio.Lock()

    async def has(self, user: str) -> bool:
        """Whether the role must show a token; the master is none of them, it only hands the role on."""
        async with self._lock:
            return await asyncio.to_thread(self._ask, user)

    def _ask(self, user: str) -> bool:
        try:
            return self._query(user)
        except (pg8000.exceptions.InterfaceError, OSError):
            self._connection = None  # PostgreSQL was restarted under us: once more, on a new connection
            return self._query(user)

    def _query(self, user: str) -> bool:
        if self._connection is None:
            self._connection = pg8000.native.Connection(
                SUPERUSER,
                unix_sock=str(self._socket),
                ssl_context=False,
                database="postgres",
                application_name="database_gate",
            )
        return bool(self._connection.run(_MEMBERS, name=user, iam=IAM_ROLE, master=MASTER_USER))
