"""Whatever is sent, the API gives an answer that its own description allows, and never fails."""

import json
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import uuid4

import hypothesis
import pytest
import schemathesis
from schemathesis import checks
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source
from schemathesis.specs.openapi import checks as specs

from functions.api_serve.handler import handler
from tests.api.served import Served, event
from tests.api.test_audit import switches

__all__ = ["switches"]

IN_ALL, AT_LEAST = 600, 10
FOR_EACH_ROUTE = max(AT_LEAST, IN_ALL // len(handler.routes))
"""How often each route is tried: the whole takes as long when routes are added, until each has its least."""

Started = Callable[[str, list[tuple[str, str]]], Any]


class Gateway:
    """Hands WSGI requests to the API as the HTTP API would, once a test has said to which."""

    def __init__(self) -> None:
        self.served: Served | None = None

    def __call__(self, environ: dict[str, Any], start: Started) -> Iterable[bytes]:
        assert self.served is not None
        names = {k.removeprefix("HTTP_"): v for k, v in environ.items() if k.startswith("HTTP_")}
        headers = {name.lower().replace("_", "-"): value for name, value in names.items()}
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        path = unquote_to_bytes(environ.get("REQUEST_URI", environ["PATH_INFO"]).partition("?")[0])
        given = event(
            environ["REQUEST_METHOD"],
            path.decode(errors="replace"),
            environ.get("QUERY_STRING", ""),
            body.decode(errors="replace") or None,
            headers,
            self.served.claims() if "authorization" in headers else {},
        )
        answered = self.served.api(given, None)
        status = HTTPStatus(answered["statusCode"])
        start(f"{status.value} {status.phrase}", list(answered["headers"].items()))
        return [answered["body"].encode()]


CHECKS = [
    checks.not_a_server_error,
    specs.status_code_conformance,
    specs.content_type_conformance,
    specs.response_schema_conformance,
    specs.negative_data_rejection,
]
GATEWAY = Gateway()
DOCUMENT = json.loads(handler.routes["GET /v1/openapi.json"].function(None).model_dump_json())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.app = GATEWAY
FEEDBACK = FeedbackSources(constants_value_source=make_constants_value_source(SCHEMA))
# A text may be longer than its field allows and than a body may be.
SCHEMA.config.checks.negative_data_rejection.expected_statuses += ["413"]


@pytest.fixture
def gateway(company: Served) -> Iterator[None]:
    GATEWAY.served = company
    yield
    GATEWAY.served = None


@hypothesis.settings(
    max_examples=FOR_EACH_ROUTE,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def try_it(case: schemathesis.Case) -> None:
    if "Idempotency-Key" in case.headers:
        # Else the first write would be all that ever happens.
        case.headers["Idempotency-Key"] = str(uuid4())
    case.call_and_validate(checks=CHECKS)


@pytest.mark.parametrize("route", sorted(handler.routes))
@pytest.mark.usefixtures("gateway")
def test_every_answer_is_one_that_is_described(route: str) -> None:
    method, path = route.split(" ")
    # What `SCHEMA.parametrize()` would do for all routes while the tests are collected, in every process.
    trial = build_operation_test(
        config=SCHEMA.config,
        operation=SCHEMA[path][method],
        test_func=try_it,
        given_kwargs={},
        feedback=FEEDBACK,
    )
    trial()


def test_what_is_described_is_what_there_is() -> None:
    assert {operation.ok().label for operation in SCHEMA.get_all_operations()} == set(handler.routes)
