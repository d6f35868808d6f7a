"""Proves to AWS that a request is ours: AWS Signature Version 4, made with the function's own credentials.

Source: AWS IAM User Guide, "Create a signed AWS API request". botocore signs too, but importing it is a third of a
function's start and 10 MB of its memory; what most functions need of it is here, and tests hold it to botocore's.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import quote, urlencode

ALGORITHM = "AWS4-HMAC-SHA256"
NO_BODY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Signer:
    """Signs requests to one service in the function's region."""

    service: str
    region: str
    access_key: str
    secret_key: str
    session_token: str | None = None

    @classmethod
    def of(cls, service: str, environ: Mapping[str, str] | None = None) -> Self:
        """Signs with the credentials that Lambda put into the environment."""
        given = os.environ if environ is None else environ
        return cls(
            service=service,
            region=given["AWS_REGION"],
            access_key=given["AWS_ACCESS_KEY_ID"],
            secret_key=given["AWS_SECRET_ACCESS_KEY"],
            session_token=given.get("AWS_SESSION_TOKEN") or None,
        )

    def query(self, *, host: str, asked: Mapping[str, str], at: datetime, seconds: int) -> str:
        """The query of a GET of `/` at `host` that whoever holds it may send, for so many seconds from `at`."""
        moment = _moment(at)
        signed = {
            **asked,
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{self.access_key}/{self._scope(moment)}",
            "X-Amz-Date": moment,
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": "host",
        }
        if self.session_token:
            signed["X-Amz-Security-Token"] = self.session_token
        query = urlencode(sorted(signed.items()), quote_via=quote)
        signature = self._signature(["GET", "/", query, f"host:{host}", "", "host", NO_BODY], moment)
        return f"{query}&X-Amz-Signature={signature}"

    def headers(
        self, method: str, *, host: str, path: str, body: bytes, given: Mapping[str, str], at: datetime
    ) -> dict[str, str]:
        """All headers of a request whose path is quoted already; `given` are its own, by names in lower case."""
        moment, content = _moment(at), hashlib.sha256(body).hexdigest()
        headers = {**given, "host": host, "x-amz-content-sha256": content, "x-amz-date": moment}
        if self.session_token:
            headers["x-amz-security-token"] = self.session_token
        names = ";".join(sorted(headers))
        lines = [f"{name}:{value}" for name, value in sorted(headers.items())]
        signature = self._signature([method, path, "", *lines, "", names, content], moment)
        credential = f"{self.access_key}/{self._scope(moment)}"
        proof = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
        return {**headers, "authorization": proof}

    def _scope(self, moment: str) -> str:
        return f"{moment[:8]}/{self.region}/{self.service}/aws4_request"

    def _signature(self, request: list[str], moment: str) -> str:
        scope = self._scope(moment)
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        asked = hashlib.sha256("\n".join(request).encode()).hexdigest()
        return hmac.digest(key, "\n".join([ALGORITHM, moment, scope, asked]).encode(), "sha256").hex()


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
