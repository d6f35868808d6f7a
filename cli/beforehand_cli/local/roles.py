"""What a new RDS instance has: the role `rds_iam`, a master that is no superuser, and the database."""

import secrets
from pathlib import Path

import pg8000.native

from beforehand_cli.local.postgres import DATABASE, IAM_ROLE, MASTER_USER, SUPERUSER
from beforehand_cli.local.state import write_atomically


def ensure_master_password(path: Path) -> str:
    """The master's password, made up once and kept in a file that only its owner reads."""
    if not path.exists():
        write_atomically(path, secrets.token_urlsafe(24), mode=0o600)
    return path.read_text(encoding="utf-8")


def ensure_roles(socket: Path, *, master_password: str) -> None:
    """Create the roles and the database where they are missing; set the master's password."""
    connection = pg8000.native.Connection(SUPERUSER, unix_sock=str(socket), ssl_context=False, database="postgres")
    try:
        _ensure_role(connection, IAM_ROLE, "NOLOGIN")
        _ensure_role(connection, MASTER_USER, "LOGIN CREATEROLE CREATEDB")
        password = pg8000.native.literal(master_password)
        connection.run(f"ALTER ROLE {MASTER_USER} PASSWORD {password}")
        # Like RDS's master: may hand rds_iam on, but does not log in with a token because of it.
        connection.run(f"GRANT {IAM_ROLE} TO {MASTER_USER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
        found = connection.run("SELECT 1 FROM pg_database WHERE datname = :name", name=DATABASE)
        if not found:
            connection.run(f"CREATE DATABASE {DATABASE} OWNER {MASTER_USER}")
    finally:
        connection.close()


def _ensure_role(connection: pg8000.native.Connection, name: str, attributes: str) -> None:
    if not connection.run("SELECT 1 FROM pg_roles WHERE rolname = :name", name=name):
        connection.run(f"CREATE ROLE {name} {attributes}")
