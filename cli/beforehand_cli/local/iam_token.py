"""Whether a password is a good RDS IAM authentication token: a presigned URL for `rds-db:connect`."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

MAX_LIFE = timedelta(minutes=15)
# A signer's clock may run ahead of ours by this much, as AWS allows.
MAX_SKEW = timedelta(minutes=5)
_NEEDED = {
    "Action",
    "DBUser",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
}
_ALLOWED = _NEEDED | {"X-Amz-Security-Token"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a token must have been made for, and the key it must have been signed with."""

    hosts: frozenset[str]
    port: int
    region: str
    access_key: str
    secret_key: str


def refusal(token: str, *, user: str, target: Target, as_of: datetime) -> str | None:
    """Why the token does not let `user` in at `as_of`; None when it does."""
    url = urlsplit(f"//{token}")
    pairs = parse_qsl(url.query, keep_blank_values=True)
    values = dict(pairs)
    if len(values) != len(pairs) or not _NEEDED <= values.keys() <= _ALLOWED:
        return "it is not an RDS authentication token"
    return (
        _wrong_target(url.netloc, url.path, values, user=user, target=target)
        or _wrong_time(values, as_of=as_of)
        or _wrong_signature(url.netloc, values, target=target)
    )


def _wrong_target(host: str, path: str, values: dict[str, str], *, user: str, target: Target) -> str | None:
    if host not in {f"{name}:{target.port}" for name in target.hosts} or path not in ("", "/"):
        return f"it was made for {host}{path}"
    if values["Action"] != "connect" or values["DBUser"] != user:
        return f"it lets {values['DBUser']} {values['Action']}"
    if values["X-Amz-Algorithm"] != "AWS4-HMAC-SHA256" or values["X-Amz-SignedHeaders"] != "host":
        return "it was not signed with AWS4-HMAC-SHA256 over the host"
    key, _, scope = values["X-Amz-Credential"].partition("/")
    if key != target.access_key:
        return f"nobody has the access key {key}"
    if scope != f"{values['X-Amz-Date'][:8]}/{target.region}/rds-db/aws4_request":
        return f"its scope is {scope}"
    return None


def _wrong_time(values: dict[str, str], *, as_of: datetime) -> str | None:
    try:
        signed_at = datetime.strptime(values["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        life = timedelta(seconds=int(values["X-Amz-Expires"]))
    except ValueError:
        return "its date or life is no number"
    if not timedelta(0) < life <= MAX_LIFE:
        return f"it claims to live {life.total_seconds():.0f} seconds; 900 are allowed"
    if signed_at > as_of + MAX_SKEW:
        return "it was signed in the future"
    if as_of >= signed_at + life:
        return f"it expired at {signed_at + life:%H:%M:%S} UTC"
    return None


def _wrong_signature(host: str, values: dict[str, str], *, target: Target) -> str | None:
    signed = {name: value for name, value in values.items() if name != "X-Amz-Signature"}
    query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(signed.items()))
    body = hashlib.sha256(b"").hexdigest()
    request = "\n".join(["GET", "/", query, f"host:{host}", "", "host", body])
    scope = values["X-Amz-Credential"].partition("/")[2]
    text = "\n".join(
        ["AWS4-HMAC-SHA256", values["X-Amz-Date"], scope, hashlib.sha256(request.encode()).hexdigest()]
    )
    key = f"AWS4{target.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    expected = hmac.digest(key, text.encode(), "sha256").hex()
    return None if hmac.compare_digest(expected, values["X-Amz-Signature"]) else "its signature is wrong"
