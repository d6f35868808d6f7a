"""Makes a Lambda handler of a use case: the event is checked, the end is logged, and only ids are."""

import gc
import json
import traceback
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ValidationError

from beforehand.clock import monotonic
from beforehand.errors import BeforehandError, InvalidEventError
from beforehand.events import Event

E = TypeVar("E", bound=Event)
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


class TaskFailedError(BeforehandError):
    """A function ended with an error that nobody foresaw; the message is the error's name.

    Its own text is withheld: it may quote a row, a document or a message, and goes into logs and histories.
    """


LOGGED = (UUID, int, float, bool, datetime, Enum)


def task(kind: type[E], use_case: Callable[[E], Event]) -> Handler:
    """The handler of a task: takes an event of this kind, answers what the use case answers.

    The handler raises InvalidEventError, naming each field, for an event of another shape.
    """
    logger = Logger()
    look_for_garbage_again()

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        logger.append_keys(request=getattr(context, "aws_request_id", None))
        started = monotonic()
        checked = _checked(kind, event)
        try:
            answer = use_case(checked)
        except BeforehandError as error:
            logger.error("failed", extra={"error": type(error).__name__})
            raise
        except Exception as error:
            logger.error("failed", extra={"error": named(error), "where": where(error)})
            raise TaskFailedError(named(error)) from None
        logger.info("done", extra={**_loggable(answer), "milliseconds": round((monotonic() - started) * 1000)})
        return dict(json.loads(answer.model_dump_json()))

    return handler


def look_for_garbage_again() -> None:
    """Ends what `beforehand/__init__.py` began: from here on, only what the function itself makes is searched."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def named(error: Exception) -> str:
    """The kind of an error, with PostgreSQL's code where it is the database's."""
    told = error.args[0] if error.args else None
    code = told.get("C") if isinstance(told, dict) else None
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def where(error: Exception) -> str:
    """The places an error came through, innermost last: file and line, no values."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{frame.filename.rpartition('/python/')[2]}:{frame.lineno}" for frame in frames[-6:])


def _checked(kind: type[E], event: dict[str, Any]) -> E:
    try:
        return kind.model_validate(event)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidEventError(kind.__name__, problems) from error


def _loggable(answer: BaseModel) -> dict[str, Any]:
    """What may stand in a log: ids that we made, figures, moments and statuses; never a free text."""
    return {name: value for name, value in answer if isinstance(value, LOGGED)}
