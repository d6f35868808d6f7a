"""The numbers of a stage that say how customers are reached; a channel without its number is not set up."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator, model_validator

from beforehand.settings.channels import INDIA_TEMPLATES, EmailAddress

DOMAIN = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$"
SECRET = r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$"  # noqa: S105
ORIGINATION = re.compile(
    r"arn:aws[a-z-]*:sms-voice:[a-z0-9-]+:[0-9]{12}:(phone-number|pool|sender-id)/[A-Za-z0-9_/-]+"
    r"|(phone|pool)-[A-Za-z0-9]+"
    r"|(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}"
)


def is_sender_id(origination: str | None) -> bool:
    """Whether text messages are from a name, rather than a number or a pool."""
    return origination is not None and not origination.startswith(("arn:", "phone-", "pool-"))


class ChannelNumbers(BaseModel):
    """How customers are reached in one stage."""

    email_from: EmailAddress | None = None
    """Whom customers get e-mail from: an identity of SES, or an address of `email_domain`. None: no e-mail."""
    email_domain: Annotated[str, Field(pattern=DOMAIN)] | None = None
    """A domain that the stack makes an identity of, with its records as outputs. None: it is there already."""
    email_reply_to: EmailAddress | None = None
    email_unsubscribe_to: EmailAddress | None = None
    """A mailbox that somebody reads, which takes wishes to unsubscribe besides the link; None: the link alone."""

    sms_origination: str | None = None
    """Whom text messages are from: a sender id, or a number or pool by id or ARN. None: no text messages."""
    sms_countries: Annotated[str, Field(pattern=r"^[A-Z]{2}(,[A-Z]{2})*$")] | None = None
    """The countries in which a sender id is registered, by their codes (ISO 3166) with commas between."""
    sms_configuration_set: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    """One that the account has, for its protection or feedback; events come without one."""
    sms_message_type: Literal["PROMOTIONAL", "TRANSACTIONAL"] = "PROMOTIONAL"
    sms_seconds_to_live: Annotated[int, Field(ge=5, le=259_200)] = 3600
    sms_max_price: Annotated[str, Field(pattern=r"^[0-9]{0,2}\.[0-9]{1,5}$")] | None = None
    """In US dollars, for one part of a message."""
    sms_india_entity: Annotated[str, Field(pattern=r"^[0-9]{1,50}$")] | None = None
    sms_india_templates: Annotated[str, Field(pattern=INDIA_TEMPLATES)] | None = None
    """`name=id` with commas between, `*` for all other templates."""

    webhook_url: str | None = None
    """Where the company's own system takes messages; None: no webhook."""
    webhook_hosts: str | None = None
    """The hosts that it may lie on, with commas between; None: the URL's own."""
    webhook_secret: Annotated[str, Field(pattern=SECRET)] | None = None
    """The secret that signs. On this machine there may be none: the stack makes one."""

    @property
    def sms_sender_countries(self) -> tuple[str, ...]:
        """The countries in which a sender id is registered."""
        return tuple(self.sms_countries.split(",")) if self.sms_countries else ()

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that are set up, by name."""
        there = {"email": self.email_from, "sms": self.sms_origination, "webhook": self.webhook_url}
        return tuple(name for name, needed in there.items() if needed is not None)

    @field_validator("sms_origination")
    @classmethod
    def _named_so_that_no_other_may_be_used(cls, origination: str | None) -> str | None:
        if origination is not None and not ORIGINATION.fullmatch(origination):
            raise ValueError(
                "name a sender id (at most 11 letters and digits), or a number or pool by its id (phone-…, pool-…) "
                "or ARN, so that the function may send from it and from nothing else"
            )
        return origination

    @model_validator(mode="after")
    def _channels_are_whole(self) -> Self:
        problems = [*self._email(), *self._sms(), *self._webhook()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _email(self) -> list[str]:
        if self.email_from is None:
            return ["email_domain: name email_from, an address in it"] if self.email_domain else []
        domain = self.email_from.rpartition("@")[2].lower()
        if self.email_domain and domain != self.email_domain and not domain.endswith(f".{self.email_domain}"):
            return [f"email_from: {domain} does not lie in email_domain ({self.email_domain})"]
        return []

    def _sms(self) -> list[str]:
        if bool(self.sms_countries) != is_sender_id(self.sms_origination):
            return ["sms_countries: name the countries of a sender id, such as IN,GB; a number or a pool has none"]
        if (self.sms_india_entity is None) != (self.sms_india_templates is None):
            return ["sms_india_entity and sms_india_templates: India's register wants both, or leave both out"]
        return []

    def _webhook(self) -> list[str]:
        if self.webhook_url is None:
            return [] if self.webhook_secret is None else ["webhook_secret: name webhook_url, which it signs for"]
        parts = urlsplit(self.webhook_url)
        loopback = parts.hostname in ("127.0.0.1", "localhost")
        on_host = getattr(self, "runs_on", "aws") == "host"
        if on_host:
            good, wanted = (
                parts.scheme == "http" and loopback,
                "http://127.0.0.1:<port>/…, the sink on this machine",
            )
        else:
            named = re.fullmatch(DOMAIN, parts.hostname or "") is not None
            good = parts.scheme == "https" and named and "@" not in parts.netloc and not parts.fragment
            wanted = "https://<a full host name>/…, without a user, a password or a fragment"
        if not good:
            return [f"webhook_url: it may be {wanted}"]
        if self.webhook_secret is None and not on_host:
            return ["webhook_secret: name the secret (ARN) that signs; docs/channels.md says how to make it"]
        return []
