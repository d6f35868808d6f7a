"""Makes a message of what is to be said: to which address, in which frame, with which way out."""

from collections.abc import Callable
from dataclasses import dataclass

from beforehand.errors import RefusedError
from beforehand.outreach.delivery.documents import Message
from beforehand.outreach.delivery.model import Due
from beforehand.outreach.gate.model import Facts
from beforehand.outreach.messages.model import Company, MessageError, Words
from beforehand.outreach.model import Channel
from beforehand.outreach.suppression.contacts import UnreadableAddressError, contact_hash
from beforehand.outreach.suppression.tokens import Unsubscribe, issue, url

Speak = Callable[[Due, Facts], Words]
"""The words of a message; raises MessageError where its template cannot be filled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageWriter:
    """Writes the messages of one company."""

    company: Company
    pepper: bytes
    public_url: str | None
    speak: Speak

    def write(self, due: Due, facts: Facts, *, attempt: int) -> Message:
        """The message as it goes out. Raises RefusedError where it cannot be made; no address is in its words."""
        to = facts.address(due.channel)
        try:
            contact = contact_hash(due.channel, to, self.pepper)
            leave = self._leave(due, contact)
            said = self.speak(due, facts)
            # Jinja2 and Babel take 100 ms to load, and whoever settles what was sent writes nothing.
            from beforehand.outreach.messages.compose import compose  # noqa: PLC0415

            composed = compose(
                channel=due.channel, subject=said.subject, body=said.body, language=said.language,
                company=self.company, unsubscribe_url=leave,
            )  # fmt: skip
        except (UnreadableAddressError, MessageError) as error:
            raise RefusedError(str(error)) from error
        return Message(
            outreach_id=due.outreach_id,
            customer_id=due.customer_id,
            attempt=attempt,
            to=to,
            contact=contact,
            subject=composed.subject,
            text=composed.text,
            html=composed.html,
            unsubscribe_url=leave,
            purpose=due.purpose,
            said_subject=said.subject,
            said_body=said.body,
            template=due.template,
            template_version=said.template_version,
            because="; ".join(filter(None, (said.because, composed.because))),
        )

    def _leave(self, due: Due, contact: str) -> str | None:
        if self.public_url is None or due.channel is Channel.WEBHOOK:
            return None
        asked = Unsubscribe(outreach_id=due.outreach_id, channel=due.channel, contact_hash=contact)
        return url(self.public_url, issue(asked, self.pepper))


def as_written(due: Due, _facts: Facts) -> Words:
    """The words of a message that was written when it was proposed."""
    return Words(subject=due.subject, body=due.body, language=due.language)
