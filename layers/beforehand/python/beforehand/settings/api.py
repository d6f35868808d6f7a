"""The settings of the function of the API."""

from typing import Annotated

from pydantic import Field

from beforehand.settings import (
    CommandsSettings,
    CompanySettings,
    DatabaseSettings,
    FilesSettings,
    GatesSettings,
)
from beforehand.settings.followups import FollowUpRules


class ApiServeSettings(
    DatabaseSettings, FilesSettings, CommandsSettings, GatesSettings, CompanySettings, FollowUpRules
):
    """`api_serve`: the client whose access tokens are taken, how often a scan comes due, whom previews are from."""

    user_client_id: str
    channels: Annotated[str, Field(pattern=r"^(none|[a-z]+(,[a-z]+)*)$")] | None = None
    """The channels that are set up, with commas between, or `none`. None: it is not known here."""
    scan_every_minutes: Annotated[int, Field(ge=1, le=1440)]
