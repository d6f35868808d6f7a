"""Whether the messages of a rehearsal can be made of their templates: one of each kind is, as in production."""

from collections.abc import Mapping
from typing import Any, Protocol

from beforehand.errors import RefusedError
from beforehand.outreach.delivery.model import Due
from beforehand.outreach.delivery.writing import Speak
from beforehand.outreach.gate.model import Facts
from beforehand.outreach.messages.fitting import fit, sms_text
from beforehand.outreach.messages.model import Company, MessageError
from beforehand.outreach.messages.sms import segments
from beforehand.outreach.model import Channel
from beforehand.outreach.suppression.tokens import LENGTH, url

Kind = tuple[str, Channel, str, bool, frozenset[str]]
"""A template, a channel, a language, whether there is a name, and which values are given."""


class Trial(Protocol):
    """Tries messages."""

    def parts(self, due: Due, facts: Facts) -> int:
        """As how many parts a message is billed. Raises RefusedError where it cannot be made."""


class OneOfEachKind:
    """Makes the first message of each kind, and takes it that the others of the kind fare as it does.

    A hundred thousand messages of one template differ in their values and hardly in whether they can be made.
    """

    def __init__(self, speak: Speak, *, company: Company, public_url: str | None) -> None:
        self._speak, self._company = speak, company
        self._leave_at = None if public_url is None else url(public_url, "x" * LENGTH)
        self._known: dict[Kind, int | str] = {}

    def parts(self, due: Due, facts: Facts) -> int:
        """As how many parts a message is billed. Raises RefusedError where it cannot be made."""
        kind = (
            due.template or "", due.channel, facts.language or due.language, facts.name is not None,
            shape(due.variables),
        )  # fmt: skip
        if kind not in self._known:
            self._known[kind] = self._tried(due, facts)
        told = self._known[kind]
        if isinstance(told, str):
            raise RefusedError(told)
        return told

    def _tried(self, due: Due, facts: Facts) -> int | str:
        leave = None if due.channel is Channel.WEBHOOK else self._leave_at
        try:
            said = self._speak(due, facts)
            words = fit(
                channel=due.channel, subject=said.subject, body=said.body, language=said.language,
                company=self._company, unsubscribe_url=leave,
            )  # fmt: skip
        except MessageError as error:
            return str(error)
        if due.channel is not Channel.SMS:
            return 1
        return segments(sms_text(words.body, said.language, leave)).count


def shape(variables: Mapping[str, Any] | None) -> frozenset[str]:
    """Which values are given."""
    return frozenset(name for name, value in (variables or {}).items() if value is not None)


class Samples:
    """The values of one message of each shape, in place of those of all: every message is kept in hand."""

    def __init__(self) -> None:
        self._of: dict[tuple[str | None, frozenset[str]], Mapping[str, Any]] = {}

    def like(self, template: str | None, variables: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The values that stand for these."""
        if template is None or variables is None:
            return None
        return self._of.setdefault((template, shape(variables)), variables)
