"""E-mail by Amazon SES: text and HTML, one click to unsubscribe, the outreach named in tags.

Blind: SES takes no key, so a message whose answer was lost is never sent again. Its Send event carries the tags and
proves that it was taken; silence proves nothing.
Sources: SES API v2, SendEmail and its errors; RFC 8058 and RFC 2369 (List-Unsubscribe); SES Developer Guide,
"Using one-click unsubscribe", "Email tags".
"""

import re
from collections.abc import Mapping
from email.utils import formataddr
from typing import Any
from urllib.parse import quote

from beforehand.adapters.aws import client
from beforehand.outreach.channels.aws_calls import Caller, Rule, Waits, not_now, refused
from beforehand.outreach.channels.model import Answer, Evidence, Outbound
from beforehand.outreach.model import Channel

UTF8 = "UTF-8"
_TAG = re.compile(r"[^A-Za-z0-9_.@-]")

RULES = {
    "AccountSuspendedException": not_now("sending is suspended for the account; AWS Support can lift it"),
    "SendingPausedException": not_now("sending is paused for the account or the configuration set"),
    "MailFromDomainNotVerifiedException": not_now("the sender's MAIL FROM domain is not verified"),
    "NotFoundException": not_now("the configuration set or the identity does not exist"),
    "TooManyRequestsException": not_now("it is asked too often"),
    "LimitExceededException": not_now("the sending quota is used up"),
    "BadRequestException": refused("the message is not one that it takes"),
}
NOT_VERIFIED = not_now("the sender, or in the sandbox the recipient, is not verified")
REJECTED = refused("it rejected the message")


def rules(code: str, response: Mapping[str, Any]) -> Rule | None:
    """What an error of SES means. Errors of the account wait; only those of the message end it."""
    if code == "MessageRejected":
        # One name for two things: an identity that is missing in the account, and a message with bad content.
        unverified = "not verified" in str(response.get("Error", {}).get("Message", ""))
        return NOT_VERIFIED if unverified else REJECTED
    return RULES.get(code)


class SesEmail:
    """Sends through SES as `sender`, which is shown under `name`.

    `unsubscribe_to` is a mailbox that also takes wishes to unsubscribe, if somebody reads one.
    """

    channel = Channel.EMAIL
    evidence = Evidence.BLIND

    def __init__(
        self,
        *,
        sender: str,
        name: str = "",
        reply_to: str | None = None,
        configuration_set: str | None = None,
        unsubscribe_to: str | None = None,
        waits: Waits | None = None,
    ) -> None:
        self._sender = formataddr((name, sender))
        self._reply_to, self._configuration_set = reply_to, configuration_set
        self._unsubscribe_to = unsubscribe_to
        wait = waits or Waits()

        def ses() -> Any:
            return client("sesv2", attempts=1, connect_seconds=wait.connect, read_seconds=wait.read)

        self._caller = Caller(ses, shown="SES", rules=rules)

    def send(self, message: Outbound) -> Answer:
        """One message, once."""
        request = self._request(message)
        return self._caller.call(lambda ses: ses.send_email(**request))

    def _request(self, message: Outbound) -> Mapping[str, Any]:
        body = {"Text": {"Data": message.text, "Charset": UTF8}}
        if message.html is not None:
            body["Html"] = {"Data": message.html, "Charset": UTF8}
        # A line's end in a subject would begin another header.
        simple: dict[str, Any] = {
            "Subject": {"Data": " ".join(message.subject.split()), "Charset": UTF8},
            "Body": body,
        }
        if headers := self._unsubscribe(message):
            simple["Headers"] = [{"Name": name, "Value": value} for name, value in headers.items()]
        request: dict[str, Any] = {
            "FromEmailAddress": self._sender,
            "Destination": {"ToAddresses": [ascii_domain(message.to)]},
            "Content": {"Simple": simple},
            "EmailTags": [{"Name": name, "Value": value} for name, value in tags(message).items()],
        }
        if self._reply_to:
            request["ReplyToAddresses"] = [self._reply_to]
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        return request

    def _unsubscribe(self, message: Outbound) -> dict[str, str]:
        if message.unsubscribe_url is None:
            return {}
        ways = [f"<{message.unsubscribe_url}>"]
        if self._unsubscribe_to:
            subject = quote(f"unsubscribe {message.outreach_id}")
            ways.append(f"<mailto:{self._unsubscribe_to}?subject={subject}>")
        return {
            "List-Unsubscribe": ", ".join(ways),
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }


def tags(message: Outbound) -> dict[str, str]:
    """The tags of a message: its ids, in the characters that SES takes. They come back with each of its events."""
    given = {**message.tags, "outreach_id": str(message.outreach_id), "attempt": str(message.attempt)}
    return {_TAG.sub("_", name)[:256]: _TAG.sub("_", value)[:256] or "-" for name, value in given.items()}


def ascii_domain(address: str) -> str:
    """The address with its domain in the form that mail servers take (Punycode)."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address
