"""Reads a request: what does not fit is refused, field by field, before anything is done."""

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from beforehand.api.problems import of_validation, refuse
from beforehand.api.routes import Route

LARGEST_BODY = 64 * 1024
KEY = re.compile(r"[\x21-\x7e]{8,128}")
KEY_HEADER = "Idempotency-Key"

M = TypeVar("M", bound=BaseModel)
Event = Mapping[str, Any]


def read(route: Route, event: Event) -> dict[str, BaseModel]:
    """What the route's function takes besides the call. Raises the refusal that names each wrong field."""
    taken: dict[str, BaseModel] = {}
    if kind := route.takes.get("path"):
        taken["path"] = _path(kind, event)
    query = _query(event)
    if kind := route.takes.get("query"):
        taken["query"] = _strings(kind, query, "The query does not fit.")
    elif query:
        raise refuse(HTTPStatus.BAD_REQUEST, "This route takes no query.", {"query": "must be empty"})
    if kind := route.takes.get("body"):
        taken["body"] = _body(kind, event)
    elif event.get("body"):
        raise refuse(HTTPStatus.BAD_REQUEST, "This route takes no body.", {"body": "must be empty"})
    return taken


def read_key(event: Event) -> str:
    """The caller's own id of a write. Raises the refusal of a write without one."""
    key = _headers(event).get(KEY_HEADER.lower(), "")
    if not KEY.fullmatch(key):
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "Every write names itself, so that sending it again does nothing twice.",
            {KEY_HEADER: "must be 8 to 128 visible ASCII characters, new for each write, such as a UUID"},
        )
    return key


def _headers(event: Event) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}


def _path(kind: type[M], event: Event) -> M:
    given = event.get("pathParameters") or {}
    try:
        return kind.model_validate_strings(_without_nul(given), strict=True)
    except ValidationError as error:
        raise of_validation(HTTPStatus.NOT_FOUND, "There is nothing at this path.", error) from None


def _query(event: Event) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            event.get("rawQueryString") or "", keep_blank_values=True, errors="strict", max_num_fields=50
        )
    except ValueError:
        raise refuse(HTTPStatus.BAD_REQUEST, "The query cannot be read.", {"query": "is not UTF-8"}) from None
    if any(count > 1 for count in Counter(name for name, _ in pairs).values()):
        raise refuse(HTTPStatus.BAD_REQUEST, "The query names a parameter twice.", {"query": "name each once"})
    return dict(pairs)


def _strings(kind: type[M], given: Mapping[str, str], detail: str) -> M:
    try:
        return kind.model_validate_strings(_without_nul(given), strict=True)
    except ValidationError as error:
        raise of_validation(HTTPStatus.BAD_REQUEST, detail, error) from None


def _body(kind: type[M], event: Event) -> M:
    text = _text(event)
    media, _, parameters = _headers(event).get("content-type", "").partition(";")
    if media.strip().lower() != "application/json" or "charset" in parameters.lower().replace("charset=utf-8", ""):
        raise refuse(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "The body must be JSON.",
            {"Content-Type": "must be application/json"},
        )
    try:
        given = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        problem = "is not JSON, or names a field twice"
        raise refuse(HTTPStatus.BAD_REQUEST, "The body cannot be read.", {"body": problem}) from None
    try:
        # As JSON, not as what Python made of it: in JSON a moment is a text, and a text is no number.
        return kind.model_validate_json(json.dumps(_without_nul(given)), strict=True)
    except ValidationError as error:
        raise of_validation(HTTPStatus.UNPROCESSABLE_ENTITY, "The body does not fit.", error) from None


def _text(event: Event) -> str:
    body = str(event.get("body") or "")
    if len(body) > LARGEST_BODY * 4 // 3 + 4:
        raise _too_large()
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > LARGEST_BODY:
            raise _too_large()
        return raw.decode()
    except (binascii.Error, UnicodeError):
        raise refuse(HTTPStatus.BAD_REQUEST, "The body cannot be read.", {"body": "is not UTF-8"}) from None


def _too_large() -> Exception:
    return refuse(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The body is too large.",
        {"body": f"must have at most {LARGEST_BODY} bytes; files go to the address that an import gives"},
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _without_nul(given: Any) -> Any:
    """What was given, unless a NUL or half a character is in it, which no text in the database may hold."""
    if isinstance(given, str) and ("\x00" in given or any("\ud800" <= sign <= "\udfff" for sign in given)):
        raise refuse(HTTPStatus.BAD_REQUEST, "The request holds a character that is no text.", {"?": "holds a NUL"})
    if isinstance(given, Mapping):
        return {_without_nul(name): _without_nul(value) for name, value in given.items()}
    return [_without_nul(value) for value in given] if isinstance(given, list) else given
