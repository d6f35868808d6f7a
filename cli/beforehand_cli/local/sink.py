"""A company's own system, played by this machine: it takes signed webhooks and lays them into the mailbox.

It does what our protocol asks of such a system: it takes a body that a live secret proves, each `webhook-id` once,
and answers a repeat as it answered the first.
"""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from beforehand.outreach.channels.signing import InvalidSecretError, problem, secrets_of
from beforehand_cli.local.mailbox import AsgiApp, Receive, Scope, Send

PATH = "/sink"
LARGEST = 1_000_000
"""Bytes of a body."""
SECRET_NAME = "-webhook"  # noqa: S105
"""How the name of a stage's signing secret ends."""
Keep = Callable[[dict[str, Any]], bool]


class Sink:
    """Takes what is posted to `/sink` and hands every other request on.

    `signing` are the texts of the secrets that may prove a body. `keep` takes a record and says whether it is new.
    """

    def __init__(self, inner: AsgiApp, *, signing: Callable[[], Sequence[str]], keep: Keep) -> None:
        self._inner, self._signing, self._keep = inner, signing, keep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope.get("path") != PATH:
            await self._inner(scope, receive, send)
            return
        body = await _body(receive)
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        status, answer = self._answer(scope["method"], headers, body)
        kind = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": kind})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _answer(self, method: str, headers: dict[str, str], body: bytes | None) -> tuple[int, dict[str, Any]]:
        if method != "POST":
            return 405, {"error": "post a signed message here"}
        if body is None:
            return 413, {"error": f"a message has at most {LARGEST} bytes"}
        wrong = problem(self._live(), headers, body, now=datetime.now(UTC))
        if wrong:
            return 401, {"error": wrong}
        try:
            record = _record(headers["webhook-id"], json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError):
            return 400, {"error": "the body is no message"}
        return 200, {"taken": self._keep(record)}

    def _live(self) -> list[bytes]:
        found: list[bytes] = []
        for text in self._signing():
            try:
                found += secrets_of(text)
            except InvalidSecretError:
                continue
        return found


async def _body(receive: Receive) -> bytes | None:
    """The body; None: it is too large."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        part = message.get("body", b"")
        size, more = size + len(part), message.get("more_body", False)
        parts.append(part if size <= LARGEST else b"")
    return b"".join(parts) if size <= LARGEST else None


def _record(webhook_id: str, body: dict[str, Any]) -> dict[str, Any]:
    data = body["data"]
    return {
        "MessageId": f"webhook-{webhook_id}",
        "Source": "Beforehand",
        "To": [str(data["to"])],
        "Subject": str(data.get("subject") or ""),
        "BodyText": str(data.get("text") or ""),
        "BodyHtml": str(data.get("html") or ""),
        "Tags": {str(name): str(value) for name, value in (data.get("tags") or {}).items()},
        "Timestamp": time.time(),
        "Type": "webhook",
    }
