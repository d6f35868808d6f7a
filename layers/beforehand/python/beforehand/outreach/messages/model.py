"""Whom a message is from, what it becomes on its channel, and why it cannot."""

from dataclasses import dataclass

from beforehand.errors import BeforehandError


class MessageError(BeforehandError):
    """Base of what may be wrong with a message or a template. None quotes a message or what fills it."""


class UncomposableError(MessageError):
    """A message cannot leave on its channel as it is: what is wrong, and how to mend it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Company:
    """Whom messages are from. `support_url` is an https address where people find help."""

    name: str
    postal_address: str | None = None
    support_url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Composed:
    """A message as it leaves. `html` is there for e-mail only; `because` says in which language its frame is."""

    subject: str
    text: str
    html: str | None
    because: str
