"""What each function takes and answers: the edges, checked when they are crossed.

Each capability has a module of its own, so that a function loads no other's.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

CustomerId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Count = Annotated[int, Field(ge=0)]


class Event(BaseModel):
    """Base of what functions take and answer; unknown fields are left out of account, as senders add some."""

    # A function uses two or three of the events and pays, when it first does, for no others.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)
