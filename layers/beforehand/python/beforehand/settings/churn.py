"""The settings of the functions of `churn`."""

from typing import Annotated

from pydantic import Field

from beforehand.names import Profile
from beforehand.settings import DatabaseSettings, FilesSettings, Points, Share

Guardrail = Annotated[str, Field(pattern=r"^[a-z0-9]{1,64}:(DRAFT|[1-9][0-9]{0,7})$")]
"""A guardrail of Bedrock by its id and version."""

Price = Annotated[float, Field(ge=0)]


class ChurnScoreSettings(DatabaseSettings):
    """`churn_score`: the score profile, by its version."""

    churn_profile: Profile = Profile.DEFAULT_V1


class ChurnSelectSettings(DatabaseSettings):
    """`churn_select`: who is at risk, and how many are treated in one scan; the rest is the contact policy's."""

    churn_profile: Profile = Profile.DEFAULT_V1
    churn_health_threshold: Points = 40
    churn_risk_threshold: Share = 0.6
    churn_max_interventions: Annotated[int, Field(ge=1, le=1000)] = 10
    churn_min_lifetime_value: Annotated[float, Field(ge=0)] | None = None
    churn_segments: Annotated[str, Field(min_length=1)] | None = None
    """Comma-separated."""

    @property
    def segments(self) -> tuple[str, ...] | None:
        """The segments that are looked at; None: all of them."""
        names = (name.strip() for name in (self.churn_segments or "").split(","))
        return tuple(filter(None, names)) or None


class ChurnBriefSettings(DatabaseSettings, FilesSettings):
    """`churn_brief`: the score profile, and how often a language model may be asked (0: there is none)."""

    churn_profile: Profile = Profile.DEFAULT_V1
    bedrock_calls_per_run: Annotated[int, Field(ge=0)] = 0
    bedrock_calls_per_letter: Annotated[int, Field(ge=0, le=3)] = 0


class ChurnWriteSettings(FilesSettings):
    """`churn_write`: the company that signs the messages, and the model of Amazon Bedrock that may write them.

    `bedrock_model` is a model's id or an inference profile's id or ARN; None: templates write every message.
    """

    company_name: str
    bedrock_model: str | None = None
    bedrock_region: str | None = None
    bedrock_guardrail: Guardrail | None = None
    bedrock_max_tokens: Annotated[int, Field(ge=200, le=2000)] = 600


class ChurnProposeSettings(DatabaseSettings, FilesSettings):
    """`churn_propose`: what a million tokens cost that the model reads and writes, if it is known."""

    bedrock_price_input: Price | None = None
    bedrock_price_output: Price | None = None


class ChurnExportSettings(DatabaseSettings, FilesSettings):
    """`churn_export`."""
