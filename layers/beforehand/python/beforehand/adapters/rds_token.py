"""Signs in to RDS with IAM: a token is made locally, without a call and without a secret to keep.

Source: Amazon RDS User Guide, "IAM database authentication". A token opens connections for 15 minutes.
"""

import os
from collections.abc import Mapping

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

LIFETIME_SECONDS = 900


def make(*, host: str, port: int, user: str, environ: Mapping[str, str] | None = None) -> str:
    """A password for `user` at `host:port`, valid for 15 minutes, from the function's own credentials."""
    given = os.environ if environ is None else environ
    credentials = Credentials(
        given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"], given.get("AWS_SESSION_TOKEN")
    )
    request = AWSRequest(
        method="GET", url=f"https://{host}:{port}/", params={"Action": "connect", "DBUser": user}
    )
    SigV4QueryAuth(credentials, "rds-db", given["AWS_REGION"], expires=LIFETIME_SECONDS).add_auth(request)
    return str(request.prepare().url).removeprefix("https://")
