"""Which channels a deployment has set up."""

from beforehand.outreach.model import Channel
from beforehand.settings.channels import ChannelSettings


def available(settings: ChannelSettings) -> frozenset[Channel]:
    """The channels whose settings are there; a message for another is refused before it is claimed."""
    there = {
        Channel.EMAIL: settings.email_from,
        Channel.SMS: settings.sms_origination,
        Channel.WEBHOOK: settings.webhook_url and settings.webhook_secret,
    }
    return frozenset(channel for channel, needed in there.items() if needed)


def not_set_up(channel: Channel) -> str:
    """Why nothing goes out by a channel that is missing from `available`."""
    return f"{channel.value} is not set up in this deployment"
