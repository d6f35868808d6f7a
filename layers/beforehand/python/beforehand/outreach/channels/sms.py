"""Text messages by AWS End User Messaging SMS, with the outreach named in the context that comes back in events.

Blind: the service takes no key, so a message whose answer was lost is never sent again.
Sources: End User Messaging SMS API v2, SendTextMessage and its errors; User Guide, "India sender ID registration".
"""

import re
from collections.abc import Mapping
from typing import Any

from beforehand.adapters.aws import client
from beforehand.outreach.channels.aws_calls import Caller, Rule, Waits, not_now, refused
from beforehand.outreach.channels.model import OPTED_OUT, Answer, Evidence, Outbound
from beforehand.outreach.model import Channel

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
INDIA = "+91"
SHORTEST_LIFE = 5
"""Seconds: no shorter time to live is taken."""
CONTEXT_SIZE = 5
"""So many entries of context the service carries along."""

MESSAGE_REASONS = {
    "DESTINATION_PHONE_NUMBER_OPTED_OUT": refused("the number has opted out", name=OPTED_OUT),
    "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION": refused("the number's country is blocked"),
    "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE": refused("the number is blocked"),
    "DESTINATION_COUNTRY_BLOCKED": refused("the number's country is blocked"),
    "COUNTRY_NOT_ENABLED": refused("the number's country is not enabled"),
    "INTERNATIONAL_SENDING_NOT_SUPPORTED": refused("the sender cannot reach the number's country"),
    "PRICE_OVER_THRESHOLD": refused("it costs more than the stage allows"),
}
"""Why a message is refused for good, by the reason that comes with the error."""

ACCOUNT_REASONS = {
    "DESTINATION_PHONE_NUMBER_NOT_VERIFIED": not_now("in the sandbox the recipient is not verified"),
    "CHANNEL_NOT_ENABLED": not_now("text messages are not enabled for the account"),
    "INVALID_ARN": not_now("the origination identity is not one that it knows"),
    "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY": not_now("the sender is not allowed in the number's country"),
    "RESOURCE_NOT_ACCESSIBLE": not_now("the origination identity or configuration set is not ours"),
    "SENDER_ID_NOT_REGISTERED": not_now("the sender id is not registered"),
    "SENDER_ID_NOT_SUPPORTED": not_now("the number's country takes no sender ids"),
    "SENDER_ID_REQUIRES_REGISTRATION": not_now("the sender id is not registered"),
}
"""What is wrong with the account's own set-up, by reason: others would meet it as well, and it can be mended."""

ERRORS = {
    "AccessDeniedException": not_now("the account may not send text messages"),
    "ConflictException": not_now("the sender is not ready to send this"),
    "ResourceNotFoundException": not_now("the origination identity or configuration set does not exist"),
    "ServiceQuotaExceededException": not_now("the spending limit or a quota is used up"),
    "ValidationException": refused("the message is not one that it takes"),
}


def rules(code: str, response: Mapping[str, Any]) -> Rule | None:
    """What an error means: by its reason where there is one, else by its name."""
    if code not in ERRORS:
        return None
    reason = str(response.get("Reason", ""))
    return MESSAGE_REASONS.get(reason) or ACCOUNT_REASONS.get(reason) or ERRORS[code]


class AwsSms:
    """Sends from `origination`: a phone number, a sender id or a pool. `stage` is named in each event.

    `india_templates` are the ids of templates in India's register (DLT), by our templates' names, `*` for the
    others; with an `india_entity`, a message there whose template has no id is refused before a carrier drops it.
    Carriers try for `seconds_to_live` to deliver, and no longer than the message is welcome.
    """

    channel = Channel.SMS
    evidence = Evidence.BLIND

    def __init__(
        self,
        *,
        origination: str,
        configuration_set: str | None = None,
        stage: str | None = None,
        message_type: str = "PROMOTIONAL",
        seconds_to_live: int = 3600,
        max_price: str | None = None,
        india_entity: str | None = None,
        india_templates: Mapping[str, str] | None = None,
        waits: Waits | None = None,
    ) -> None:
        self._always = {
            "OriginationIdentity": origination,
            "MessageType": message_type,
            **({"ConfigurationSetName": configuration_set} if configuration_set else {}),
            **({"MaxPrice": max_price} if max_price else {}),
        }
        self._seconds_to_live = seconds_to_live
        self._stage = stage
        self._india_entity, self._india_templates = india_entity, dict(india_templates or {})
        wait = waits or Waits()

        def sms() -> Any:
            return client("pinpoint-sms-voice-v2", attempts=1, connect_seconds=wait.connect, read_seconds=wait.read)

        self._caller = Caller(sms, shown="AWS SMS", rules=rules)

    def send(self, message: Outbound) -> Answer:
        """One message, once."""
        if not E164.fullmatch(message.to):
            return self._caller.answer(refused("the number is not in E.164; nothing was sent"))
        request = {
            **self._always,
            "DestinationPhoneNumber": message.to,
            "MessageBody": message.text,
            "TimeToLive": self._life_of(message),
            "Context": context(message, stage=self._stage),
        }
        if self._india_entity and message.to.startswith(INDIA):
            template = self._india_template(message)
            if template is None:
                return self._caller.answer(
                    refused("the template has no id in India's register (DLT); nothing was sent")
                )
            request["DestinationCountryParameters"] = {
                "IN_ENTITY_ID": self._india_entity,
                "IN_TEMPLATE_ID": template,
            }
        return self._caller.call(lambda sms: sms.send_text_message(**request))

    def _life_of(self, message: Outbound) -> int:
        left = self._seconds_to_live if message.seconds_left is None else message.seconds_left
        return max(SHORTEST_LIFE, min(self._seconds_to_live, left))

    def _india_template(self, message: Outbound) -> str | None:
        named = self._india_templates.get(message.tags.get("template", ""))
        return named or self._india_templates.get("*")


def context(message: Outbound, *, stage: str | None = None) -> dict[str, str]:
    """What comes back with each event of the message: its ids, the outreach's own first, and its stage."""
    ids = {"outreach_id": str(message.outreach_id), "attempt": str(message.attempt)}
    if stage is not None:
        ids["stage"] = stage
    more = {name: value for name, value in message.tags.items() if name not in ids}
    return dict(list({**ids, **more}.items())[:CONTEXT_SIZE])
