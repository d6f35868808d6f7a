"""The token that opens the database is the one that the AWS SDK makes, whatever it is made for."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beforehand.adapters import rds_token

AT = datetime(2026, 1, 15, 9, 30, 5, tzinfo=UTC)
KEYS = {"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}

words = st.text(st.characters(codec="utf-8", min_codepoint=32), min_size=1, max_size=40)


def parts(url: str) -> tuple[str, str, dict[str, list[str]]]:
    split = urlsplit(url)
    return split.netloc, split.path, parse_qs(split.query, strict_parsing=True)


def made_by_botocore(monkeypatch: pytest.MonkeyPatch, host: str, user: str, keys: dict[str, Any]) -> str:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: AT.replace(tzinfo=None))
    request = AWSRequest(method="GET", url=f"https://{host}/", params={"Action": "connect", "DBUser": user})
    credentials = Credentials(
        keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys.get("AWS_SESSION_TOKEN")
    )
    botocore.auth.SigV4QueryAuth(credentials, "rds-db", keys["AWS_REGION"], expires=900).add_auth(request)
    return str(request.prepare().url)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(user=words, secret=words, session=st.none() | words, port=st.integers(1150, 65535))
def test_is_what_the_sdk_would_sign(
    monkeypatch: pytest.MonkeyPatch, user: str, secret: str, session: str | None, port: int
) -> None:
    host = "beforehand.cluster-c1.eu-central-1.rds.amazonaws.com"
    keys = {**KEYS, "AWS_SECRET_ACCESS_KEY": secret}
    if session is not None:
        keys["AWS_SESSION_TOKEN"] = session
    token = rds_token.make(host=host, port=port, user=user, at=AT, environ=keys)
    assert not token.startswith("https://")
    assert parts(f"https://{token}") == parts(made_by_botocore(monkeypatch, f"{host}:{port}", user, keys))


def test_is_the_same_at_the_same_moment_in_any_zone() -> None:
    india = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    made = [rds_token.make(host="db", port=5432, user="u", at=at, environ=KEYS) for at in (AT, india)]
    assert made[0] == made[1]


def test_leaves_an_empty_session_token_out() -> None:
    made = [
        rds_token.make(host="db", port=5432, user="u", at=AT, environ=keys)
        for keys in (KEYS, {**KEYS, "AWS_SESSION_TOKEN": ""})
    ]
    assert made[0] == made[1]
