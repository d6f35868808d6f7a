"""The settings of the function that rehearses."""

from typing import Annotated

from pydantic import Field

from beforehand.settings import CompanySettings, FilesSettings, GatesSettings
from beforehand.settings.channels import ChannelSettings
from beforehand.settings.churn import ChurnSelectSettings
from beforehand.settings.followups import FollowUpRules


class RehearsalRunSettings(
    ChurnSelectSettings, FilesSettings, GatesSettings, CompanySettings, ChannelSettings, FollowUpRules
):
    """`rehearsal_run`: what the desk and the planners are told that it plays."""

    public_url: str | None = None
    scheduler_enabled: bool = True
    scheduler_timezone: str | None = None
    scheduler_hour: Annotated[int, Field(ge=0, le=23)] = 9
    scan_every_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
