"""The settings of the functions of `churn`."""

from typing import Annotated

from pydantic import Field

from beforehand.settings import DatabaseSettings, Days, FilesSettings, Points, Share


class ChurnScoreSettings(DatabaseSettings):
    """`churn_score`: the score profile, by its version."""

    churn_profile: str = "default-v1"


class ChurnSelectSettings(DatabaseSettings):
    """`churn_select`: who is at risk, and how many are treated in one scan."""

    churn_profile: str = "default-v1"
    churn_health_threshold: Points = 40
    churn_risk_threshold: Share = 0.6
    churn_max_interventions: Annotated[int, Field(ge=1, le=1000)] = 10
    churn_cool_down_days: Days = 7


class ChurnBriefSettings(DatabaseSettings, FilesSettings):
    """`churn_brief`."""

    churn_profile: str = "default-v1"


class ChurnWriteSettings(FilesSettings):
    """`churn_write`: the company that signs the messages."""

    company_name: str


class ChurnProposeSettings(DatabaseSettings, FilesSettings):
    """`churn_propose`."""
