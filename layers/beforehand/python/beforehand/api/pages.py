"""Pages: a list goes on where the page before ended, whatever was added or taken away meanwhile."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from beforehand.api.problems import refuse
from beforehand.api.routes import Answer, Asked

T = TypeVar("T")
R = TypeVar("R")
K = TypeVar("K")
MOST = 200


class PageAsked(Asked):
    """How many are wanted, and after which; filters stand beside these in the query of each list."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = 50
    cursor: Annotated[str, Field(min_length=1, max_length=1024)] | None = None


class Page(Answer, Generic[T]):
    """Some of a list, and the cursor of what follows; none, and this was the last."""

    items: tuple[T, ...]
    next_cursor: str | None


def after(asked: PageAsked, kind: TypeAdapter[K]) -> K | None:
    """Where the page before ended; None for the first. Raises the refusal of a cursor that is not this list's."""
    if asked.cursor is None:
        return None
    try:
        padded = asked.cursor + "=" * (-len(asked.cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        whose, place = json.loads(text)
        if whose != _list_of(asked):
            raise ValueError
        return kind.validate_json(json.dumps(place), strict=True)
    except (binascii.Error, ValueError, TypeError, RecursionError, ValidationError):
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "The cursor is not one of this list.",
            {"cursor": "must be the next_cursor of a page of this list with the same filters"},
        ) from None


def page(
    found: Sequence[R], asked: PageAsked, show: Callable[[R], T], place: Callable[[R], tuple[Any, ...]]
) -> Page[T]:
    """The page of what was found, which is one more than was asked for where there is another page."""
    shown = found[: asked.limit]
    goes_on = len(found) > asked.limit
    return Page(
        items=tuple(show(one) for one in shown),
        next_cursor=_cursor(asked, place(shown[-1])) if goes_on else None,
    )


def _cursor(asked: PageAsked, place: tuple[Any, ...]) -> str:
    text = json.dumps([_list_of(asked), list(place)], separators=(",", ":"), default=_as_text)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _as_text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _list_of(asked: PageAsked) -> str:
    """What tells one list from another: which it is, and its filters."""
    filters = asked.model_dump_json(exclude={"limit", "cursor"})
    return hashlib.sha256(f"{type(asked).__qualname__} {filters}".encode()).hexdigest()[:12]
