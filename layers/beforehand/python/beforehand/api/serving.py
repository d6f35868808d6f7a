"""Serves the API: one request, one transaction, one answer; what goes wrong is told as a problem."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from pydantic import BaseModel

from beforehand.adapters.postgres import Transaction
from beforehand.api import idempotency
from beforehand.api.identity import identify
from beforehand.api.problems import MEDIA_TYPE, ProblemDetails, ProblemError, refuse
from beforehand.api.reading import Event, read, read_key
from beforehand.api.routes import Call, Route
from beforehand.clock import monotonic
from beforehand.entrypoint import look_for_garbage_again, named, where
from beforehand.settings.api import ApiServeSettings

JSON = "application/json"
Response = dict[str, Any]


class Api:
    """All routes together. Settings and transactions are asked for with the first request, not before.

    `hand_over` is called after the commit of a route that leaves a command in the outbox.
    """

    def __init__(
        self,
        routes: Mapping[str, Route],
        *,
        settings: Callable[[], ApiServeSettings],
        begin: Callable[[], AbstractContextManager[Transaction]],
        hand_over: Callable[[], object],
        now: Callable[[], datetime],
    ) -> None:
        self.routes = routes
        self._settings = settings
        self._begin = begin
        self._hand_over = hand_over
        self._now = now
        self._logger = Logger()
        look_for_garbage_again()

    def __call__(self, event: dict[str, Any], context: Any) -> Response:
        """Answers one event of the HTTP API (payload format 2.0)."""
        started = monotonic()
        about = event.get("requestContext") or {}
        request_id = str(about.get("requestId") or getattr(context, "aws_request_id", ""))
        route = self.routes.get(str(event.get("routeKey")))
        self._logger.append_keys(request=request_id, route=route.key if route else None)
        try:
            response = self._answer(route, event, request_id)
        except ProblemError as problem:
            response = _problem(problem, request_id)
        except Exception as error:
            self._logger.error("failed", extra={"error": named(error), "where": where(error)})
            broken = refuse(
                HTTPStatus.INTERNAL_SERVER_ERROR, "The fault is ours; the log has it under the request id."
            )
            response = _problem(broken, request_id)
        took = round((monotonic() - started) * 1000)
        self._logger.info("answered", extra={"status": response["statusCode"], "milliseconds": took})
        return response

    def _answer(self, route: Route | None, event: Event, request_id: str) -> Response:
        caller = identify(event, client_id=self._settings().user_client_id)
        if route is None:
            raise self._nowhere(event)
        caller.must_cover(route.least)
        key = read_key(event) if route.writes else None
        taken = read(route, event)
        if not route.needs_database:
            return _response(route.status, route.function(caller, **taken).model_dump_json())
        with self._begin() as transaction:
            call = Call(
                caller=caller,
                now=self._now(),
                transaction=transaction,
                settings=self._settings(),
                request_id=request_id,
                key=key or "",
            )
            if key is None:
                return _response(route.status, route.function(call, **taken).model_dump_json())
            response = self._write(route, call, key, event, taken)
        if route.commands:
            self._hand_over()
        return response

    def _write(self, route: Route, call: Call, key: str, event: Event, taken: dict[str, BaseModel]) -> Response:
        """Does what is asked once for each key, however often and however many at a time it is asked."""
        asked = idempotency.Asked(
            user=call.caller.user, key=key, request=_fingerprint(route, event, taken), at=call.now
        )
        kept = idempotency.PostgresIdempotency(call.transaction)
        earlier = kept.begin(asked)
        if earlier is not None:
            return _response(HTTPStatus(earlier.status), earlier.answer, {"Idempotency-Replayed": "true"})
        answer = route.function(call, **taken).model_dump_json()
        kept.finish(asked, status=route.status, answer=answer)
        return _response(route.status, answer)

    def _nowhere(self, event: Event) -> ProblemError:
        """The refusal of a path that is not there, or not with this method."""
        path = str(event.get("rawPath", ""))
        allowed = sorted({route.method for route in self.routes.values() if route.is_at(path)})
        if not allowed:
            return refuse(
                HTTPStatus.NOT_FOUND, "There is nothing at this path; GET /v1/openapi.json lists what is."
            )
        problem = refuse(HTTPStatus.METHOD_NOT_ALLOWED, f"This path takes {', '.join(allowed)}.")
        problem.headers = {"Allow": ", ".join(allowed)}
        return problem


def _fingerprint(route: Route, event: Event, taken: dict[str, BaseModel]) -> str:
    """What was asked, in one form however it was written."""
    path = json.dumps(event.get("pathParameters") or {}, sort_keys=True)
    body = taken["body"].model_dump_json(exclude_unset=True) if "body" in taken else ""
    return idempotency.digest(route.key, path, body)


def _response(status: HTTPStatus, body: str, headers: Mapping[str, str] | None = None) -> Response:
    # What is answered is about persons: nothing on the way may keep it.
    fixed = {"Content-Type": JSON, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return {"statusCode": int(status), "headers": {**fixed, **(headers or {})}, "body": body}


def _problem(problem: ProblemError, request_id: str) -> Response:
    details = ProblemDetails(
        title=problem.status.phrase,
        status=problem.status,
        detail=problem.detail,
        request_id=request_id,
        errors=tuple(problem.errors),
    )
    return _response(problem.status, details.model_dump_json(), {"Content-Type": MEDIA_TYPE, **problem.headers})
