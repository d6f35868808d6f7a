"""The settings of the functions that plan follow-ups."""

from typing import Annotated, Literal

from pydantic import Field

from beforehand.settings import DatabaseSettings, Settings, Share


class FollowUpRules(Settings):
    """When follow-ups come due; `beforehand/followups/model.py` says what each number means."""

    followup_delay_hours: Annotated[float, Field(ge=0, le=8760)] = 24
    followup_tolerance_hours: Annotated[float, Field(ge=0, le=8760)] = 24
    followup_high_emotion: Share = 0.7
    followup_low_emotion: Share = 0.4
    followup_answer_hours: Annotated[float, Field(ge=0.25, le=168)] = 4
    reengagement_inactive_days: Annotated[int, Field(ge=1, le=3650)] = 30
    reengagement_a_day: Annotated[int, Field(ge=0, le=100_000)] = 200
    company_language: str = "en"
    followup_kept_days: Annotated[int, Field(ge=1, le=3650)] = 90


class FollowupsPlanSettings(DatabaseSettings, FollowUpRules):
    """`followups_plan`."""


class FollowupsFindInactiveSettings(FollowupsPlanSettings):
    """`followups_find_inactive`: the company's own zone (IANA), in which its days begin."""

    company_zone: str = "UTC"


class FollowupsReadEmotionSettings(Settings):
    """`followups_read_emotion`: by what texts are read, in which language where they do not say, and under which
    source their emotions are told."""

    emotion_reader: Literal["lexicon", "comprehend"] = "lexicon"
    company_language: str = "en"
    events_source: str
