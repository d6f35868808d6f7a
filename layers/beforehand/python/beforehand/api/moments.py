"""A moment as a query names it: a date and a time with its zone, and no bare number."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*")


def _written(given: Any) -> datetime:
    # Read here: once a text has passed through Python, strict mode takes it for no moment any more.
    try:
        if isinstance(given, str) and WRITTEN.fullmatch(given):
            return datetime.fromisoformat(given.upper())
    except ValueError:
        pass
    raise ValueError("must be a date and a time with its zone, such as 2026-03-02T09:30:00Z")


def _within_reach(moment: datetime) -> datetime:
    if not 1970 <= moment.year <= 9000:
        raise ValueError("must lie between the years 1970 and 9000")
    return moment


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_within_reach)]
