"""What the routes of emotions take and answer."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from beforehand.api.moments import Moment
from beforehand.api.routes import Answer, Asked
from beforehand.followups.documents import ID, THING


class NewEmotion(Asked):
    """How a customer felt: a score from 0, the worst, to 1; or a text, which is read and forgotten."""

    customer_id: ID
    conversation_id: THING | None = None
    score: Annotated[float, Field(ge=0, le=1)] | None = None
    text: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    at: Moment | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.score is None) == (self.text is None):
            raise ValueError("give either a score or a text")
        return self


class ShownEmotion(Answer):
    """One emotion: a score from 0 to 1, and who read it."""

    emotion_id: UUID
    customer_id: str
    conversation_id: str | None
    score: float
    read_by: str
    at: datetime


class EmotionsAsked(Asked):
    """Whose emotions, of which conversation, and how many."""

    customer: ID
    conversation: THING | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 5


class EmotionHistory(Answer):
    """The latest emotions, newest first, their mean, and the template that it leads to after an event, and why."""

    items: tuple[ShownEmotion, ...]
    mean: float | None
    template: str
    because: str


class EmotionKept(Answer):
    """What came of an emotion."""

    score: float
    planned: int
    rewritten: int
    because: str
