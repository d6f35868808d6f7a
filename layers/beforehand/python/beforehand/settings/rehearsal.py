"""The settings of the function that rehearses."""

from typing import Annotated

from pydantic import Field

from beforehand.settings import CompanySettings, FilesSettings, GatesSettings
from beforehand.settings.channels import ChannelSettings
from beforehand.settings.churn import ChurnSelectSettings


class RehearsalRunSettings(ChurnSelectSettings, FilesSettings, GatesSettings, CompanySettings, ChannelSettings):
    """`rehearsal_run`: what the desk and the planners are told that it plays."""

    public_url: str | None = None
    scan_every_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
