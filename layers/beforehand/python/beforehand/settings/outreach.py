"""The settings of the functions that deliver outreach."""

from beforehand.settings import CompanySettings, DatabaseSettings, FilesSettings, GatesSettings
from beforehand.settings.channels import ChannelSettings


class OutreachClaimSettings(DatabaseSettings, FilesSettings, GatesSettings, CompanySettings, ChannelSettings):
    """`outreach_claim`: whom messages are from, by which channels, and where people go who want no more of them."""

    public_url: str | None = None


class OutreachRecordSettings(DatabaseSettings, FilesSettings, GatesSettings):
    """`outreach_record`."""


class OutreachSendSettings(CompanySettings, ChannelSettings, FilesSettings, GatesSettings):
    """`outreach_send`: what each channel is reached with, and whom messages are from."""


class OutreachReconcileSettings(FilesSettings, GatesSettings):
    """`outreach_reconcile`."""
