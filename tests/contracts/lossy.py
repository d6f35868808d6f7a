"""A connection to DynamoDB that is cut after a request reached the endpoint, or before."""

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError


def cut(monkeypatch: pytest.MonkeyPatch, dynamodb: Any, operation: str, *, reaches: bool, times: int) -> None:
    """Loses the answers of the next `times` calls of an operation; `reaches`: DynamoDB has done what was asked."""
    send, left = dynamodb._endpoint.http_session.send, [times]

    def losing(request: Any) -> Any:
        if request.headers.get("X-Amz-Target", b"").decode().endswith(operation) and left[0]:
            left[0] -= 1
            if reaches:
                send(request)
            raise ReadTimeoutError(endpoint_url=request.url)
        return send(request)

    monkeypatch.setattr(dynamodb._endpoint.http_session, "send", losing)
