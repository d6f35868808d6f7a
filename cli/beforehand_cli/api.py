"""Calls the API as whoever is signed in."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import httpx

from beforehand.errors import BeforehandError
from beforehand_cli.deployment import LOCAL, Deployment
from beforehand_cli.local.aws import PLAIN_HTTP
from beforehand_cli.sessions import NotSignedInError, Sessions

SECONDS = 35
MOST_PER_PAGE = 200
Document = dict[str, Any]


class ApiRefusedError(BeforehandError):
    """The API did not do what was asked."""

    def __init__(self, status: int, answer: Mapping[str, Any]) -> None:
        lines = [f"{answer.get('detail') or answer.get('message') or 'no reason was given'} ({status})"]
        lines += [f"  {error['field']}: {error['problem']}" for error in answer.get("errors", ())]
        if status >= 500 and answer.get("request_id"):
            lines.append(f"  request {answer['request_id']}")
        super().__init__("\n".join(lines))
        self.status = status


class ApiSilentError(BeforehandError):
    """The API does not answer."""

    def __init__(self, stage: str, error: Exception) -> None:
        hint = "; start it with: beforehand up" if stage == LOCAL else ""
        super().__init__(f"The API of the stage {stage} does not answer ({type(error).__name__}){hint}")


class Api:
    """The API of one stage."""

    def __init__(self, deployment: Deployment, *, transport: httpx.BaseTransport | None = None) -> None:
        self._stage = deployment.stage
        self._sessions = Sessions(deployment)
        away = self._stage != LOCAL
        self._http = httpx.Client(
            timeout=SECONDS, transport=transport, trust_env=away, verify=True if away else PLAIN_HTTP
        )

    def get(self, path: str, **query: object) -> Document:
        """One answer. Raises ApiRefusedError, NotSignedInError, ApiSilentError."""
        return self._call("GET", path, query=query)

    def write(self, method: str, path: str, body: Document | None = None) -> Document:
        """One write, under an id of its own, so that sending it again is harmless."""
        return self._call(method, path, body=body, headers={"Idempotency-Key": str(uuid4())})

    def items(self, path: str, *, most: int, **query: object) -> Iterator[Document]:
        """What a list holds, page by page, at most so many."""
        cursor: str | None = None
        while most > 0:
            page = self.get(path, limit=min(most, MOST_PER_PAGE), cursor=cursor, **query)
            yield from page["items"]
            most -= len(page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: Document | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Document:
        session = self._sessions.current()
        asked = {name: str(value) for name, value in (query or {}).items() if value is not None}
        try:
            response = self._http.request(
                method,
                f"{session.place.api}{path}",
                params=asked,
                json=body,
                headers={"Authorization": f"Bearer {session.access_token}", **(headers or {})},
            )
        except httpx.TransportError as error:
            raise ApiSilentError(self._stage, error) from error
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise NotSignedInError(self._stage)
        answer: Document = response.json() if response.content else {}
        if response.is_error:
            raise ApiRefusedError(response.status_code, answer)
        return answer
