"""The API as the gateway calls it, on a real database."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.api.serving import Api
from beforehand.settings.api import ApiServeSettings
from functions.api_serve.handler import handler

CLIENT = "the-client"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SETTINGS = ApiServeSettings(
    database_host="db", database_port=5432, database_user="u", files_bucket="files", commands_table="commands",
    gates_table="gates", user_client_id=CLIENT, scan_every_minutes=5, company_name="Lotus",
)  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def fields(self) -> set[str]:
        """The fields that a problem names."""
        return {error["field"] for error in self.body.get("errors", ())}


@dataclass
class Served:
    """Sends requests as somebody with a role; the token is as the gateway hands it over."""

    database: PostgresDatabase
    now: datetime = NOW
    handed_over: list[datetime] = field(default_factory=list)
    role: str | None = "admin"
    user: str = "11111111-2222-3333-4444-555555555555"

    def __post_init__(self) -> None:
        self.api = Api(
            handler.routes,
            settings=lambda: SETTINGS,
            begin=self._begin,
            hand_over=lambda: self.handed_over.append(self.now),
            now=lambda: self.now,
        )

    @contextmanager
    def _begin(self) -> Iterator[Transaction]:
        with self.database.transaction() as transaction:
            yield transaction

    def claims(self, **others: str) -> dict[str, str]:
        groups = {"cognito:groups": f"[{self.role}]"} if self.role else {}
        fixed = {"sub": self.user, "token_use": "access", "client_id": CLIENT, "exp": "1772450000"}
        return {**fixed, **groups, **others}

    def get(self, path: str, **query: Any) -> Reply:
        return self.send("GET", path, query=query)

    def write(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Reply:
        return self.send(method, path, body=body, headers={"idempotency-key": key or str(uuid4())})

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | str | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        claims: Mapping[str, str] | None = None,
    ) -> Reply:
        return self.event(event(method, path, query, body, headers, self.claims() if claims is None else claims))

    def event(self, given: dict[str, Any]) -> Reply:
        answered = self.api(given, None)
        return Reply(answered["statusCode"], answered["headers"], json.loads(answered["body"]))


def event(
    method: str,
    path: str,
    query: Mapping[str, Any] | str | None,
    body: Any,
    headers: Mapping[str, str] | None,
    claims: Mapping[str, str],
) -> dict[str, Any]:
    """What an HTTP API hands to its function (payload format 2.0)."""
    route = next((r for r in handler.routes.values() if r.method == method and r.is_at(path)), None)
    raw = query if isinstance(query, str) else urlencode(query or {}, quote_via=quote)
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    return {
        "version": "2.0",
        "routeKey": route.key if route else "$default",
        "rawPath": path,
        "rawQueryString": raw,
        "pathParameters": parameters(route.path, path) if route else None,
        "headers": {**({"content-type": "application/json"} if text else {}), **(headers or {})},
        "requestContext": {
            "requestId": "request-1",
            "http": {"method": method, "path": path},
            **({"authorizer": {"jwt": {"claims": dict(claims)}}} if claims else {}),
        },
        **({"body": text} if text is not None else {}),
        "isBase64Encoded": False,
    }


def parameters(template: str, path: str) -> dict[str, str]:
    pairs = zip(template.split("/"), path.split("/"), strict=True)
    return {name[1:-1]: value for name, value in pairs if name.startswith("{")}
