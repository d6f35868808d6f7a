"""Makes a message of what is to be said: to which address, in which words, with which way out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from beforehand.errors import RefusedError
from beforehand.outreach.delivery.documents import Message
from beforehand.outreach.delivery.model import Due
from beforehand.outreach.gate.model import Facts
from beforehand.outreach.messages.fitting import fit
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

    def write(self, due: Due, facts: Facts, *, attempt: int, within: datetime | None) -> Message:
        """What is said, fit for its channel. Raises RefusedError where no message can be made of it."""
        to = facts.address(due.channel)
        try:
            contact = contact_hash(due.channel, to, self.pepper)
            leave = self._leave(due, contact)
            said = self.speak(due, facts)
            words = fit(
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
            subject=words.subject,
            body=words.body,
            language=said.language,
            unsubscribe_url=leave,
            template=due.template,
            template_version=said.template_version,
            within=within,
            because="; ".join(filter(None, (said.because, words.because))),
        )

    def _leave(self, due: Due, contact: str) -> str | None:
        if self.public_url is None or due.channel is Channel.WEBHOOK:
            return None
        asked = Unsubscribe(outreach_id=due.outreach_id, channel=due.channel, contact_hash=contact)
        return url(self.public_url, issue(asked, self.pepper))


def as_written(due: Due, _facts: Facts) -> Words:
    """The words of a message that was written when it was proposed."""
    return Words(subject=due.subject, body=due.body, language=due.language)
