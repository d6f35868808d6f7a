"""Writes messages from the templates in `messages/`, one file for each language, with Jinja2 and Babel.

Templates are ours, what they are filled with is not: they run sandboxed, a missing fact is an error, and the
result is plain text. Whoever makes HTML of it escapes it.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from beforehand.churn import message_files
from beforehand.churn.documents import Brief
from beforehand.churn.language import COMPANY_LANGUAGE, negotiate
from beforehand.churn.model import Action, Letter, Sentiment
from beforehand.churn.themes import theme_of
from beforehand.outreach.messages.names import greetable
from beforehand.outreach.model import Channel

LONG_ENOUGH_TO_THANK = 365


class TemplateWriter:
    """Finds the words in the templates, and signs for the company."""

    def __init__(self, company: str) -> None:
        self._company = company

    def write(self, brief: Brief) -> Letter:
        """The message for one customer, in their language or the nearest that there is."""
        language, because = negotiate(brief.language, message_files.names())
        theme = message_files.messages(language).themes[theme_of(brief.pattern.cause, brief.signals)]
        facts = self._facts(brief, language)
        text = theme.sms if brief.channel is Channel.SMS else theme.opening
        return self.around(
            brief,
            subject=_filled(theme.subject, facts),
            text=_filled(text, facts),
            tone=tone_of(brief),
            because=because,
        )

    def around(self, brief: Brief, *, subject: str, text: str, tone: str, because: str) -> Letter:
        """A letter around a text that is put in as it is: greeting, what is asked and signature are the templates'.

        A text message is the text alone, and its subject the company.
        """
        language, _ = negotiate(brief.language, message_files.names())
        words = message_files.messages(language)
        facts = self._facts(brief, language)
        body = text
        if brief.channel is Channel.SMS:
            subject = self._company
        else:
            greeting = words.greeting if facts["name"] else words.greeting_nameless
            parts = [_filled(greeting, facts), text, self.asking(brief), _filled(words.closing, facts)]
            body = "\n\n".join(parts)
        return Letter(
            language=language, language_name=words.name, subject=subject, body=body, tone=tone, because=because
        )

    def asking(self, brief: Brief) -> str:
        """The sentence with which the message ends: what the plan lets us ask of them or offer."""
        language, _ = negotiate(brief.language, message_files.names())
        return _filled(message_files.messages(language).actions[brief.plan.action], self._facts(brief, language))

    def known(self, brief: Brief) -> Mapping[str, Any]:
        """What a message may say of the customer, in their language; it has nothing that they wrote themselves."""
        language, _ = negotiate(brief.language, message_files.names())
        return {
            name: fact for name, fact in self._facts(brief, language).items() if name not in ("company", "name")
        }

    def _facts(self, brief: Brief, language: str) -> Mapping[str, Any]:
        return {
            "company": self._company,
            "name": greetable(brief.name),
            "last_order_on": _day(brief.purchases.last_on, _locale(brief.language, language)),
            "since": _since(brief),
            "waiting": bool(brief.signals.tickets_overdue),
        }


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)


@cache
def _compiled(template: str) -> Template:
    """A text of our files, read once; to fill it takes a tenth of the time."""
    return _environment().from_string(template)


def _filled(template: str, facts: Mapping[str, Any]) -> str:
    return _compiled(template).render(facts).strip()


def _locale(wanted: str | None, language: str) -> Locale:
    """How the customer writes dates: their own kind of the language where Babel knows it, else the company's."""
    if wanted is not None and wanted.replace("_", "-").casefold().startswith(f"{language.casefold()}-"):
        try:
            return Locale.parse(wanted.replace("_", "-"), sep="-")
        except (UnknownLocaleError, ValueError):
            pass
    try:
        return Locale.parse(language, sep="-")
    except UnknownLocaleError:
        return Locale.parse(COMPANY_LANGUAGE)


def _day(day: date | None, locale: Locale) -> str | None:
    return None if day is None else format_date(day, format="long", locale=locale)


def _since(brief: Brief) -> str | None:
    """The year since which they have been a customer, when that is long enough to thank them for it."""
    days = brief.signals.tenure_days
    if days is None or days < LONG_ENOUGH_TO_THANK:
        return None
    return str((brief.due_at.date() - timedelta(days=days)).year)


def tone_of(brief: Brief) -> str:
    """How the message should sound."""
    if brief.context.sentiment is Sentiment.NEGATIVE:
        return "apologetic"
    return "personal" if brief.plan.action is Action.PERSONAL_OUTREACH else "warm"
