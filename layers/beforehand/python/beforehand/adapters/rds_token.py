"""Signs in to RDS with IAM: a token is made locally, without a call and without a secret to keep.

Source: Amazon RDS User Guide, "IAM database authentication". A token opens connections for 15 minutes.
"""

from collections.abc import Mapping
from datetime import datetime

from beforehand.adapters.signature import Signer

LIFETIME_SECONDS = 900


def make(*, host: str, port: int, user: str, at: datetime, environ: Mapping[str, str] | None = None) -> str:
    """A password for `user` at `host:port`, valid for 15 minutes from `at`, by the function's own credentials."""
    signer, server = Signer.of("rds-db", environ), f"{host}:{port}"
    asked = {"Action": "connect", "DBUser": user}
    return f"{server}/?{signer.query(host=server, asked=asked, at=at, seconds=LIFETIME_SECONDS)}"
