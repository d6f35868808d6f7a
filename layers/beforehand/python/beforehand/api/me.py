"""The routes about the API itself: who I am, and what there is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import RootModel

from beforehand.api.access import Role
from beforehand.api.identity import Caller
from beforehand.api.routes import Answer, Routes

Document = dict[str, Any]


class Me(Answer):
    """Who the access token names, what they may do, and until when."""

    user: str
    role: Role | None
    until: datetime


class OpenApi(RootModel[Document]):
    """An OpenAPI 3.1 document."""


def routes(document: Callable[[], Document]) -> Routes:
    """The routes; `document` describes all there are, and is asked when somebody wants to know."""
    found = Routes()

    @found.add("GET /v1/me")
    def me(caller: Caller) -> Me:
        """Say who is signed in and with which role."""
        return Me(user=caller.user, role=caller.role, until=datetime.fromtimestamp(caller.until, UTC))

    @found.add("GET /v1/openapi.json")
    def openapi(caller: Caller) -> OpenApi:
        """Describe every route, as OpenAPI 3.1."""
        return OpenApi(document())

    return found
