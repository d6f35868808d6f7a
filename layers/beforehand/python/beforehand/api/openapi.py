"""The API as an OpenAPI 3.1 document, made of the routes themselves."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from beforehand.api.problems import MEDIA_TYPE, ProblemDetails
from beforehand.api.reading import KEY, KEY_HEADER
from beforehand.api.routes import Route

REFS = "#/components/schemas/{model}"
ANY_ROUTE = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
WITH_PATH = (HTTPStatus.NOT_FOUND,)
WITH_KEY = (HTTPStatus.UNPROCESSABLE_ENTITY,)
WITH_BODY = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
PARTS = ("path", "query")
"""What stands in parameters."""

Schema = dict[str, Any]
Refs = Mapping[tuple[Any, JsonSchemaMode], Schema]

SAYS = """Customers, their risk of leaving, and what is done about it.

Send the access token of a sign-in as `Authorization: Bearer …`. Every write names itself with an `Idempotency-Key`.
Lists come in pages: `next_cursor` of one is the `cursor` of the next. What goes wrong is a problem (RFC 9457);
a request without a valid token is refused by the gateway itself, in its own form."""


def describe(routes: Iterable[Route]) -> Schema:
    """The document."""
    known = sorted(routes, key=lambda route: (route.path, route.method))
    refs, schemas = _schemas(known)
    paths: dict[str, Schema] = {}
    for route in known:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs, schemas)
    # What stands in a parameter is written there.
    parts = {_name(refs[route.takes[p], "validation"]) for route in known for p in PARTS if p in route.takes}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Beforehand", "version": "1", "description": SAYS},
        "security": [{"accessToken": []}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in parts},
            "securitySchemes": {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _schemas(routes: Iterable[Route]) -> tuple[Refs, dict[str, Schema]]:
    models: set[tuple[type[BaseModel], JsonSchemaMode]] = {(ProblemDetails, "serialization")}
    for route in routes:
        models.add((route.answers, "serialization"))
        models |= {(model, "validation") for model in route.takes.values()}
    ordered = sorted(models, key=lambda one: (one[0].__name__, one[1]))
    refs, found = models_json_schema(ordered, ref_template=REFS)
    return refs, dict(sorted(found["$defs"].items()))


def _name(ref: Schema) -> str:
    return str(ref["$ref"]).rpartition("/")[2]


def _operation(route: Route, refs: Refs, schemas: dict[str, Schema]) -> Schema:
    operation: Schema = {
        "operationId": route.function.__name__,
        "summary": route.says,
        "description": f"Takes the role `{route.least}` or a higher one.",
        "parameters": _parameters(route, refs, schemas),
        "responses": {
            str(int(route.status)): _content(
                route.status.phrase, "application/json", refs[route.answers, "serialization"]
            ),
            **{
                str(int(s)): _content(s.phrase, MEDIA_TYPE, refs[ProblemDetails, "serialization"])
                for s in _refusals(route)
            },
        },
    }
    if body := route.takes.get("body"):
        schema = refs[body, "validation"]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _parameters(route: Route, refs: Refs, schemas: dict[str, Schema]) -> list[Schema]:
    found: list[Schema] = []
    for part in PARTS:
        if model := route.takes.get(part):
            schema = schemas[_name(refs[model, "validation"])]
            needed = schema.get("required", ())
            found += [
                {"name": name, "in": part, "required": name in needed, "schema": of}
                for name, of in schema["properties"].items()
            ]
    if route.writes:
        pattern = {"type": "string", "minLength": 8, "maxLength": 128, "pattern": f"^{KEY.pattern}$"}
        found.append({"name": KEY_HEADER, "in": "header", "required": True, "schema": pattern})
    return found


def _refusals(route: Route) -> list[HTTPStatus]:
    found = {*ANY_ROUTE, *route.refuses}
    found |= {*WITH_PATH} if "path" in route.takes else set()
    found |= {*WITH_KEY} if route.writes else set()
    found |= {*WITH_BODY} if "body" in route.takes else set()
    return sorted(found)


def _content(phrase: str, media: str, schema: Schema) -> Schema:
    return {"description": phrase, "content": {media: {"schema": schema}}}
