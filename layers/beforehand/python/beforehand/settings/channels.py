"""What each channel to customers is reached with."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

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
    stage_name: str | None = None
    """What text messages name as their stage: all stages of an account hear each other's events."""
    sms_message_type: Literal["PROMOTIONAL", "TRANSACTIONAL"] = "PROMOTIONAL"
    sms_seconds_to_live: Annotated[int, Field(ge=5, le=259_200)] = 3600
    """A message that no carrier took in so many seconds is dropped, lest it comes at night."""
    sms_max_price: Annotated[str, Field(pattern=r"^[0-9]{0,2}\.[0-9]{1,5}$")] | None = None
    """The most that one part of a message may cost, in US dollars."""
    sms_india_entity: Annotated[str, Field(pattern=r"^[0-9]{1,50}$")] | None = None
    """The company's id in India's register of senders (DLT); None: numbers of India are sent to as all others."""
    sms_india_templates: Annotated[str, Field(pattern=INDIA_TEMPLATES)] | None = None
    """The registered id of each template, `name=id` with commas between; `*` stands for every other template."""

    webhook_url: Annotated[str, Field(max_length=2048)] | None = None
    """Where the company's own system takes messages, signed; None: no webhook."""
    webhook_hosts: str | None = None
    """The hosts that it may lie on, with commas between; None: the URL's own."""
    webhook_secret: str | None = None
    """The secret (ARN) that signs: `{"current": "whsec_…", "previous": "whsec_…"}`, this one while it lives."""
    webhook_on_loopback: bool = False
    """The URL is plain http on this machine, and nothing else is called: for the local sink."""

    @property
    def india_templates(self) -> dict[str, str]:
        """The id of each template in India's register, by the template's name."""
        pairs = (pair.split("=") for pair in (self.sms_india_templates or "").split(",") if pair)
        return dict(pairs)

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The hosts that the webhook may lie on."""
        named = (self.webhook_hosts or "").split(",") if self.webhook_hosts else [_host(self.webhook_url or "")]
        return frozenset(name.strip().lower() for name in named if name.strip())


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
