"""Routes: each is one function, whose parameters say what it takes and whose answer's type says what it gives."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict

from beforehand.adapters.postgres import Transaction
from beforehand.api.access import LEAST_ROLE, Role
from beforehand.api.identity import Caller
from beforehand.errors import BeforehandError
from beforehand.journal.audit import audited
from beforehand.journal.audit_store import PostgresAudit
from beforehand.settings.api import ApiServeSettings

F = TypeVar("F", bound=Callable[..., BaseModel])
PARTS = ("path", "query", "body")


class UnlistedRouteError(BeforehandError):
    """A route has no least role in beforehand/api/access.py, or has one and is not there."""


class Asked(BaseModel):
    """What a request may carry: exactly these fields, of exactly these types."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, allow_inf_nan=False
    )


class Answer(BaseModel):
    """What is answered; every field is always there."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request on its way: who asks, when, and the transaction in which everything about it happens.

    `key` is a write's own id, by which the caller sends it again; it is the caller's, so another may use the same.
    """

    caller: Caller
    now: datetime
    transaction: Transaction
    settings: ApiServeSettings
    request_id: str = ""
    key: str = ""

    def audit(
        self,
        action: str,
        subject: object,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        because: str,
        customer_id: str | None = None,
    ) -> None:
        """Enters in the audit trail, in this transaction, what the caller changed.

        `action` is `<kind of subject>.<verb>`. `before` and `after` may be whole: only what differs is kept, and
        nothing personal. Every route that writes calls this where it changed something; a test walks them all.
        """
        entry = audited(
            at=self.now, who=self.caller.user, role=self.caller.role, action=action, subject=subject,
            before=before, after=after, because=because, customer_id=customer_id,
            request_id=self.request_id or None,
        )  # fmt: skip
        PostgresAudit(self.transaction).record(entry)


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One route: its function takes a `call`, or the `caller` alone, and any of `path`, `query` and `body`."""

    key: str
    says: str
    """What it does, in one sentence: the first of the function's docstring."""
    function: Callable[..., BaseModel]
    takes: dict[str, type[BaseModel]]
    answers: type[BaseModel]
    needs_database: bool
    commands: bool
    """Whether it leaves something in the outbox, which is then handed over at once."""
    status: HTTPStatus
    refuses: tuple[HTTPStatus, ...]
    """What else it may answer, besides what every route may."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.key.split(" ")[0]

    @property
    def path(self) -> str:
        """The path with its parameters in braces."""
        return self.key.split(" ")[1]

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET"

    @property
    def least(self) -> Role:
        """The least role that may call it."""
        return LEAST_ROLE[self.key]

    def is_at(self, path: str) -> bool:
        """Whether a path is this route's, whatever the method."""
        return bool(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", self.path), path))


class Routes:
    """The routes of one capability."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def add(
        self,
        key: str,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        refuses: tuple[HTTPStatus, ...] = (),
        commands: bool = False,
    ) -> Callable[[F], F]:
        """Makes a function answer `key`, such as `GET /v1/customers`. Raises UnlistedRouteError."""
        if key not in LEAST_ROLE:
            raise UnlistedRouteError(f"{key} has no least role; list it in beforehand/api/access.py")

        def register(function: F) -> F:
            hints: dict[str, Any] = get_type_hints(function)
            takes = {part: hints[part] for part in PARTS if part in hints}
            says = (function.__doc__ or "").strip().splitlines()[0]
            self._routes.append(
                Route(
                    key=key, says=says, function=function, takes=takes, answers=hints["return"],
                    needs_database="call" in hints, commands=commands,
                    status=status, refuses=refuses,
                )
            )  # fmt: skip
            return function

        return register


def table(*groups: Iterable[Route]) -> dict[str, Route]:
    """Every route by its key. Raises UnlistedRouteError unless they are exactly those that have a least role."""
    found = [route for group in groups for route in group]
    routes = {route.key: route for route in found}
    if len(routes) != len(found):
        raise UnlistedRouteError("A route is registered twice")
    if missing := LEAST_ROLE.keys() - routes.keys():
        raise UnlistedRouteError(f"Nothing answers {', '.join(sorted(missing))}")
    return routes
