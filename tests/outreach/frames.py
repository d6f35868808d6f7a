"""Messages as they are laid out in tests: with nothing around what is said."""

from beforehand.outreach.delivery.documents import Message
from beforehand.outreach.messages.model import Composed
from beforehand.outreach.model import Channel


def bare(message: Message, _channel: Channel) -> Composed:
    """The words alone."""
    return Composed(subject=message.subject, text=message.body, html=None, because="")
