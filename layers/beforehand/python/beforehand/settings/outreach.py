"""The settings of the functions of `outreach`."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from beforehand.settings import Settings

EMAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
EmailAddress = Annotated[str, Field(pattern=EMAIL, max_length=320)]
"""One plain address, without a name."""
INDIA_TEMPLATES = r"^([A-Za-z0-9_.-]+|\*)=[0-9]{1,50}(,([A-Za-z0-9_.-]+|\*)=[0-9]{1,50})*$"


class ChannelSettings(Settings):
    """What each channel to customers needs; one that lacks it is not set up, and nothing is claimed for it."""

    company_name: Annotated[str, StringConstraints(min_length=1, max_length=100)] = "Beforehand"

    email_from: EmailAddress | None = None
    """Whom customers get e-mail from: an identity (address or domain) verified in SES. None: no e-mail."""
    email_reply_to: EmailAddress | None = None
    email_unsubscribe_to: EmailAddress | None = None
    """A mailbox that takes wishes to unsubscribe, besides the link; None: the link alone."""
    email_configuration_set: str | None = None

    sms_origination: Annotated[str, Field(pattern=r"^[A-Za-z0-9_:/+-]{1,256}$")] | None = None
    """Whom customers get text messages from: a number, a sender id or a pool, by name, id or ARN. None: no SMS."""
    sms_configuration_set: str | None = None
    sms_message_type: Literal["PROMOTIONAL", "TRANSACTIONAL"] = "PROMOTIONAL"
    sms_seconds_to_live: Annotated[int, Field(ge=5, le=259_200)] = 3600
    """A message that no carrier took in so many seconds is dropped, lest it comes at night."""
    sms_max_price: Annotated[str, Field(pattern=r"^[0-9]{0,2}\.[0-9]{1,5}$")] | None = None
    """The most that one part of a message may cost, in US dollars."""
    sms_india_entity: Annotated[str, Field(pattern=r"^[0-9]{1,50}$")] | None = None
    """The company's id in India's register of senders (DLT); None: numbers of India are sent to as all others."""
    sms_india_templates: Annotated[str, Field(pattern=INDIA_TEMPLATES)] | None = None
    """The registered id of each template, `name=id` with commas between; `*` stands for every other template."""

    @property
    def india_templates(self) -> dict[str, str]:
        """The id of each template in India's register, by the template's name."""
        pairs = (pair.split("=") for pair in (self.sms_india_templates or "").split(",") if pair)
        return dict(pairs)
