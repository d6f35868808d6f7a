"""The three roles, as statements for the master: one that owns the tables, one that works, one that reads."""

import hashlib

from beforehand.names import DATABASE_NAME, DatabaseRole

MIGRATOR, APP_RW, APP_RO = DatabaseRole.MIGRATOR, DatabaseRole.APP_RW, DatabaseRole.APP_RO


def creation(existing: frozenset[str]) -> list[str]:
    """What the master runs so that all three roles exist with today's rights; repeating it is harmless."""
    made = [f"create role {role} login" for role in DatabaseRole if role not in existing]
    return [*made, *_grants(), f"comment on role {MIGRATOR} is '{version()}'"]


def version() -> str:
    """Changes with any right that the master gives; kept as the migrator's comment."""
    return f"rights {hashlib.sha256(chr(10).join(_grants()).encode()).hexdigest()[:16]}"


def _grants() -> list[str]:
    return [
        f"revoke all on database {DATABASE_NAME} from public",
        *(f"grant rds_iam to {role}" for role in DatabaseRole),
        *(f"grant connect on database {DATABASE_NAME} to {role}" for role in DatabaseRole),
        f"grant temporary on database {DATABASE_NAME} to {APP_RW}",
        f"grant usage, create on schema public to {MIGRATOR}",
        f"grant usage on schema public to {APP_RW}, {APP_RO}",
    ]


def rights() -> list[str]:
    """What the migrator runs before it makes tables, so that each table is open to the other two at once."""
    return [
        f"alter default privileges in schema public grant select, insert, update, delete on tables to {APP_RW}",
        f"alter default privileges in schema public grant usage on sequences to {APP_RW}",
        f"alter default privileges in schema public grant select on tables to {APP_RO}",
        # A function that vanished is noticed within a minute, and what it held is let go.
        "set tcp_keepalives_idle = 30",
        "set tcp_keepalives_interval = 10",
        "set tcp_keepalives_count = 3",
    ]
