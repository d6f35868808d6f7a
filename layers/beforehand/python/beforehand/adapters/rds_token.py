"""Signs in to RDS with IAM: a token is made locally, without a call and without a secret to keep.

Sources: Amazon RDS User Guide, "IAM database authentication"; AWS IAM User Guide, "Create a signed AWS API
request". Importing botocore's signer is a fourth of the start of a function that has only the database, so the
token is signed here, and tests hold it to botocore's. A token opens connections for 15 minutes.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

LIFETIME_SECONDS = 900
ALGORITHM = "AWS4-HMAC-SHA256"
NO_BODY = hashlib.sha256(b"").hexdigest()


def make(*, host: str, port: int, user: str, at: datetime, environ: Mapping[str, str] | None = None) -> str:
    """A password for `user` at `host:port`, valid for 15 minutes from `at`, by the function's own credentials."""
    given = os.environ if environ is None else environ
    moment = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    scope = f"{moment[:8]}/{given['AWS_REGION']}/rds-db/aws4_request"
    asked = {
        "Action": "connect",
        "DBUser": user,
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{given['AWS_ACCESS_KEY_ID']}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(LIFETIME_SECONDS),
        "X-Amz-SignedHeaders": "host",
    }
    if given.get("AWS_SESSION_TOKEN"):
        asked["X-Amz-Security-Token"] = given["AWS_SESSION_TOKEN"]
    query = urlencode(sorted(asked.items()), quote_via=quote)
    request = "\n".join(["GET", "/", query, f"host:{host}:{port}", "", "host", NO_BODY])
    text = "\n".join([ALGORITHM, moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac.digest(_key(given["AWS_SECRET_ACCESS_KEY"], scope), text.encode(), "sha256").hex()
    return f"{host}:{port}/?{query}&X-Amz-Signature={signature}"


def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
