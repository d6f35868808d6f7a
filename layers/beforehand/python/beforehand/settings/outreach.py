"""The settings of the functions of `outreach`."""

from typing import Annotated

from pydantic import Field, StringConstraints

from beforehand.settings import Settings

EMAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
EmailAddress = Annotated[str, Field(pattern=EMAIL, max_length=320)]
"""One plain address, without a name."""


class ChannelSettings(Settings):
    """What each channel to customers needs; one that lacks it is not set up, and nothing is claimed for it."""

    company_name: Annotated[str, StringConstraints(min_length=1, max_length=100)] = "Beforehand"

    email_from: EmailAddress | None = None
    """Whom customers get e-mail from: an identity (address or domain) verified in SES. None: no e-mail."""
    email_reply_to: EmailAddress | None = None
    email_unsubscribe_to: EmailAddress | None = None
    """A mailbox that takes wishes to unsubscribe, besides the link; None: the link alone."""
    email_configuration_set: str | None = None
