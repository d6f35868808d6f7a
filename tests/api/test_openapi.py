"""The API describes itself, and the description in docs/ is the one that it gives."""

import json
from pathlib import Path

from beforehand.api.access import LEAST_ROLE
from tests.api.served import Served

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "openapi.json"


def test_the_document_in_docs_is_the_one_that_is_served(served: Served) -> None:
    kept = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    assert kept == served.get("/v1/openapi.json").body, "write it again with: make openapi"


def test_every_route_is_described_with_all_that_it_refuses(served: Served) -> None:
    document = served.get("/v1/openapi.json").body
    assert document["openapi"].startswith("3.1")
    described = {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert described.keys() == LEAST_ROLE.keys()
    for key, operation in described.items():
        assert {"401", "403"} <= operation["responses"].keys()
        assert operation["summary"]
        headers = {p["name"] for p in operation["parameters"] if p["in"] == "header"}
        assert ("Idempotency-Key" in headers) == (not key.startswith("GET"))
