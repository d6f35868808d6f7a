"""The numbers of a stage that are about follow-ups. Their names are taken in capitals, too."""

from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator

from beforehand.settings.followups import FollowUpRules


class FollowUpNumbers(FollowUpRules):
    """When follow-ups come due, and when it is looked for who is inactive."""

    scheduler_enabled: bool = True
    """Whether somebody looks every day for who is inactive."""
    scheduler_timezone: str | None = None
    """The zone (IANA) in which that day begins; None: the company's own."""
    scheduler_hour: Annotated[int, Field(ge=0, le=23)] = 9
    events_source: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]{1,100}$")] = "company"
    """The source under which the company's own systems put events on the bus."""

    emotion_reader: Literal["lexicon", "comprehend"] = "lexicon"
    """What reads an emotion from a text: a word list that is shipped, or Amazon Comprehend, at a price a text."""

    @field_validator("scheduler_timezone")
    @classmethod
    def _is_a_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError("name a zone of the IANA database, such as Asia/Kolkata")
        return zone

    @field_validator("events_source")
    @classmethod
    def _is_their_own(cls, source: str) -> str:
        if source.startswith("aws."):
            raise ValueError("sources that begin with aws. are those of AWS; name one of your own")
        return source

    @property
    def followups(self) -> dict[str, Any]:
        """What the functions of follow-ups are told."""
        return {name: getattr(self, name) for name in FollowUpRules.model_fields}
