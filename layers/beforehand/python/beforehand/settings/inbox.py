"""The settings of the functions that take in and apply what is reported of messages."""

from beforehand.settings import DatabaseSettings, FilesSettings, GatesSettings, Settings


class InboxSettings(Settings):
    """The table where reports wait to be applied."""

    inbox_table: str


class WebhooksReceiveSettings(FilesSettings, GatesSettings, InboxSettings):
    """`webhooks_receive`: the secret (ARN) that the company's own systems sign with; None: they report nothing.

    Events of messages that name another stage than `stage_name` are let be.
    """

    hooks_secret: str | None = None
    stage_name: str | None = None


class InboxApplySettings(DatabaseSettings, FilesSettings, GatesSettings, InboxSettings):
    """`inbox_apply`."""
