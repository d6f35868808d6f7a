"""The settings of the function of the API."""

from typing import Annotated

from pydantic import Field

from beforehand.settings import CommandsSettings, DatabaseSettings, FilesSettings, GatesSettings


class ApiServeSettings(DatabaseSettings, FilesSettings, CommandsSettings, GatesSettings):
    """`api_serve`: the client whose access tokens are taken, and how often a scan comes due."""

    user_client_id: str
    scan_every_minutes: Annotated[int, Field(ge=1, le=1440)]
