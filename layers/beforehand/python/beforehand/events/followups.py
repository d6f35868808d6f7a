"""What the functions of `followups` take and answer."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator

from beforehand.events import Count, CustomerId, Event

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
Kind = Literal["BookingCompleted", "BookingMoved", "BookingCancelled", "EmotionRecorded"]


def _within_reach(moment: datetime) -> datetime:
    """Days are added to a moment, and taken from it."""
    if not 1970 <= moment.year <= 9000:
        raise ValueError("must lie between the years 1970 and 9000")
    return moment


class News(Event):
    """What the company's own systems tell of a customer. Of a booking: its id, whose it is and when it ends; of an
    emotion: a score from 0, the worst, to 1, or the text that it is to be read from.

    `conversation_id` is theirs. A booking that was told of before need not say again whose it is.
    """

    booking_id: Id | None = None
    customer_id: CustomerId | None = None
    conversation_id: Id | None = None
    ends_at: Annotated[AwareDatetime, AfterValidator(_within_reach)] | None = None
    score: Annotated[float, Field(ge=0, le=1)] | None = None
    text: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    read_by: Literal["given", "lexicon", "comprehend"] = "given"
    told_in: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """The event that an emotion was read from."""


class NewsArrived(Event):
    """An event of the bus: its id, when it happened, what it is, and what it says."""

    id: Annotated[str, Field(min_length=1, max_length=100)]
    time: AwareDatetime
    kind: Annotated[Kind, Field(alias="detail-type")]
    detail: News

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        said = self.detail
        if self.kind == "EmotionRecorded":
            if said.customer_id is None or (said.score is None) == (said.text is None):
                raise ValueError("EmotionRecorded names its customer_id, and either a score or a text")
        elif said.booking_id is None:
            raise ValueError(f"{self.kind} names its booking_id")
        return self


class EmotionRead(Event):
    """What was read from a text, from 0, the worst, to 1, and by what."""

    score: float
    read_by: Literal["lexicon", "comprehend"]


class FollowUpsPlanned(Event):
    """What came of the news: how many follow-ups were planned, moved, called back or given another template.

    `known`: this was told before, or something newer was.
    """

    planned: Count = 0
    moved: Count = 0
    cancelled: Count = 0
    rewritten: Count = 0
    known: bool = False
    because: str = ""


class InactiveDue(Event):
    """Whoever has been inactive for long may be asked back now; old follow-ups are tidied away."""

    due_at: AwareDatetime | None = None


class InactiveFound(Event):
    """How many were inactive, of whom so many are asked back; how many came back meanwhile and are not; how many
    old follow-ups were tidied away."""

    inactive: Count = 0
    planned: Count = 0
    cancelled: Count = 0
    tidied: Count = 0
