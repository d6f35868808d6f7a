"""What went wrong with a request, as RFC 9457 has it: which fields, and what is wrong with each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from beforehand.errors import BeforehandError

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 50


class FieldProblem(BaseModel):
    """One field and what is wrong with it; what was sent is never repeated."""

    model_config = ConfigDict(frozen=True)

    field: str
    problem: str


class ProblemDetails(BaseModel):
    """An answer that is no success."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str
    errors: tuple[FieldProblem, ...] = ()


@dataclass(kw_only=True)
class ProblemError(BeforehandError):
    """A request that is refused, with the sentence and the fields that say why."""

    status: HTTPStatus
    detail: str
    errors: Sequence[FieldProblem] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.detail


def refuse(status: HTTPStatus, detail: str, fields: Mapping[str, str] | None = None) -> ProblemError:
    """The refusal to raise; `fields` says of each field what is wrong with it."""
    errors = [FieldProblem(field=name, problem=problem) for name, problem in (fields or {}).items()]
    return ProblemError(status=status, detail=detail, errors=errors)


def not_found(what: str) -> ProblemError:
    """The refusal for something that does not exist."""
    return refuse(HTTPStatus.NOT_FOUND, f"There is no such {what}.")


def of_validation(status: HTTPStatus, detail: str, error: ValidationError) -> ProblemError:
    """The refusal of what does not have the shape that was asked for; nothing of it is repeated."""
    found = error.errors(include_url=False, include_input=False)
    return ProblemError(status=status, detail=detail, errors=list(_fields(found))[:MOST_ERRORS])


def _fields(found: Iterable[ErrorDetails]) -> Iterable[FieldProblem]:
    for one in found:
        name = ".".join(map(str, one["loc"]))
        if one["type"] == "extra_forbidden":
            # The name of an unknown field is what was sent; only its place is told when it is one of ours.
            yield FieldProblem(field=_known(name), problem="there is no such field")
        elif one["type"] == "missing":
            yield FieldProblem(field=name, problem="is missing")
        else:
            yield FieldProblem(field=name, problem=_said(one))


def _known(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").replace(".", "").isalnum() and len(name) <= 64 else "?"


def _said(one: Mapping[str, Any]) -> str:
    told: str = one["msg"]
    return told.removeprefix("Value error, ").removeprefix("Assertion failed, ")
