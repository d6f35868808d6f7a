"""Makes a Lambda handler of a use case: the event is checked, the end is logged, and only ids are."""

import gc
import json
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ValidationError

from beforehand.clock import monotonic
from beforehand.errors import InvalidEventError
from beforehand.events import Event

E = TypeVar("E", bound=Event)
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

LOGGED = (UUID, int, float, bool, datetime, Enum)


def task(kind: type[E], use_case: Callable[[E], Event]) -> Handler:
    """The handler of a task: takes an event of this kind, answers what the use case answers.

    The handler raises InvalidEventError, naming each field, for an event of another shape.
    """
    logger = Logger()
    _look_for_garbage_again()

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        logger.append_keys(request=getattr(context, "aws_request_id", None))
        started = monotonic()
        answer = use_case(_checked(kind, event))
        logger.info("done", extra={**_loggable(answer), "milliseconds": round((monotonic() - started) * 1000)})
        return dict(json.loads(answer.model_dump_json()))

    return handler


def _look_for_garbage_again() -> None:
    """Ends what `beforehand/__init__.py` began: from here on, only what the function itself makes is searched."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _checked(kind: type[E], event: dict[str, Any]) -> E:
    try:
        return kind.model_validate(event)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidEventError(kind.__name__, problems) from error


def _loggable(answer: BaseModel) -> dict[str, Any]:
    """What may stand in a log: ids that we made, figures, moments and statuses; never a free text."""
    return {name: value for name, value in answer if isinstance(value, LOGGED)}
