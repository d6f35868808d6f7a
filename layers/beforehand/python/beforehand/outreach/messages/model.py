"""Whom a message is from, what it is written from, what it becomes on its channel, and why it cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from beforehand.errors import BeforehandError


class MessageError(BeforehandError):
    """Base of what may be wrong with a message or a template. None quotes a message or what fills it."""


class UncomposableError(MessageError):
    """A message cannot leave on its channel as it is: what is wrong, and how to mend it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Company:
    """Whom messages are from. `support_url` is an https address where people find help.

    `language` (a tag) and `zone` (IANA) are those that it writes in where a person's are not known.
    """

    name: str
    postal_address: str | None = None
    support_url: str | None = None
    language: str = "en"
    zone: str = "UTC"


@dataclass(frozen=True, kw_only=True, slots=True)
class Composed:
    """A message as it leaves. `html` is there for e-mail only; `because` says in which language its frame is."""

    subject: str
    text: str
    html: str | None
    because: str


class Part(StrEnum):
    """What of a template an error is about."""

    SUBJECT = "subject"
    BODY = "body"
    VARIABLES = "variables"
    LANGUAGE = "language"


class TemplateError(MessageError):
    """A template, or what fills it, is refused: which template, in which language, where, and how to mend it.

    It quotes neither the template's text nor a value.
    """

    def __init__(self, name: str, language: str, part: Part, problem: str, *, line: int | None = None) -> None:
        where = f"{part}, line {line}" if line else str(part)
        super().__init__(f"Template {name} ({language}), {where}: {problem}")
        self.part = part
        self.problem = f"line {line}: {problem}" if line else problem


class NoTemplateError(MessageError):
    """There is no template of that name, or none in a language that the rule leads to."""


class StaleTemplateError(MessageError):
    """Somebody else has saved the template meanwhile."""


class Kind(StrEnum):
    """What a variable of a template holds, and so how it is written in the message's language."""

    TEXT = "text"
    DATE = "date"
    DATETIME = "datetime"
    MONEY = "money"
    NAME = "name"
    """A person's name, which nobody vouches for: one that could be a link or markup counts as missing."""
    NUMBER = "number"
    URL = "url"


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """What a template declares of a variable. An `optional` one may be missing; a name always may."""

    kind: Kind
    optional: bool = False

    @property
    def may_be_missing(self) -> bool:
        """Whether a message is written without it."""
        return self.optional or self.kind is Kind.NAME

    def __str__(self) -> str:
        return f"{self.kind}?" if self.optional else str(self.kind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Money:
    """An amount of a currency (ISO 4217)."""

    amount: Decimal
    currency: str


GIVEN: Mapping[str, Variable] = {"company": Variable(kind=Kind.TEXT), "name": Variable(kind=Kind.NAME)}
"""What every template may write without declaring it: the company's name, and whom the message is for."""

SHIPPED = 0
"""The version of a template that comes with the product."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A message to be filled in, in one language. Versions of the company's own begin at 1; `SHIPPED` is ours."""

    name: str
    language: str
    version: int
    subject: str
    body: str
    variables: Mapping[str, Variable]
    note: str = ""
    created_by: str | None = None
    created_at: datetime | None = None
    restored_from: int | None = None
    """The version whose text this one took up again."""

    @property
    def known(self) -> Mapping[str, Variable]:
        """All that it may write: what it declares, and what is always given."""
        return {**self.variables, **GIVEN}


Catalogue = Mapping[str, Mapping[str, Template]]
"""The templates that are used, by name and language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What a message says, as it was written or by a version of a template; `because` says why in this language."""

    subject: str
    body: str
    language: str
    template_version: int | None = None
    because: str = ""
