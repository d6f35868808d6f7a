"""A request is signed as the AWS SDK would sign it, whatever is in it."""

from datetime import UTC, datetime
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beforehand.adapters.signature import Signer

AT = datetime(2026, 1, 15, 9, 30, 5, tzinfo=UTC)
HOST = "files.s3.eu-central-1.amazonaws.com"

keys = st.lists(st.text("aZ9 +~é*'()&=%", min_size=1, max_size=12), min_size=1, max_size=4).map("/".join)
words = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=keys, body=st.binary(max_size=50), secret=words, session=st.none() | words)
def test_is_what_the_sdk_would_sign(
    monkeypatch: pytest.MonkeyPatch, key: str, body: bytes, secret: str, session: str | None
) -> None:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: AT.replace(tzinfo=None))
    path = "/" + quote(key, safe="/-_.~")
    request = AWSRequest("PUT", f"https://{HOST}{path}", {"content-type": "application/json"}, body)
    credentials = Credentials("AKIA", secret, session)
    botocore.auth.S3SigV4Auth(credentials, "s3", "eu-central-1").add_auth(request)
    signer = Signer(
        service="s3", region="eu-central-1", access_key="AKIA", secret_key=secret, session_token=session
    )
    content_type = {"content-type": "application/json"}
    headers = signer.headers("PUT", host=HOST, path=path, body=body, given=content_type, at=AT)
    assert headers == {**{name.lower(): value for name, value in request.headers.items()}, "host": HOST}
