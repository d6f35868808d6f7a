"""The providers of the channels that are set up."""

from collections.abc import Mapping

from beforehand import clock
from beforehand.adapters.secrets_manager import TextSecret
from beforehand.outreach.channels.email import SesEmail
from beforehand.outreach.channels.model import Provider
from beforehand.outreach.channels.sms import AwsSms
from beforehand.outreach.channels.webhook import SignedWebhook
from beforehand.outreach.model import Channel
from beforehand.settings.channels import ChannelSettings


def providers(settings: ChannelSettings) -> Mapping[Channel, Provider]:
    """Each channel's provider; made for one invocation, so that no connection of an earlier one is used."""
    made: dict[Channel, Provider] = {}
    if settings.email_from is not None:
        made[Channel.EMAIL] = SesEmail(
            sender=settings.email_from,
            name=settings.company_name,
            reply_to=settings.email_reply_to,
            configuration_set=settings.email_configuration_set,
            unsubscribe_to=settings.email_unsubscribe_to,
        )
    if settings.sms_origination is not None:
        made[Channel.SMS] = AwsSms(
            origination=settings.sms_origination,
            configuration_set=settings.sms_configuration_set,
            stage=settings.stage_name,
            message_type=settings.sms_message_type,
            seconds_to_live=settings.sms_seconds_to_live,
            max_price=settings.sms_max_price,
            india_entity=settings.sms_india_entity,
            india_templates=settings.india_templates,
        )
    if settings.webhook_url is not None and settings.webhook_secret is not None:
        made[Channel.WEBHOOK] = SignedWebhook(
            url=settings.webhook_url,
            hosts=settings.allowed_hosts,
            loopback=settings.webhook_on_loopback,
            secret=TextSecret(settings.webhook_secret),
            now=clock.now,
        )
    return made
