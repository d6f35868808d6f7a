"""Writes messages from the templates in `messages/`, one file for each language, with Jinja2 and Babel.

Templates are ours, what they are filled with is not: they run sandboxed, a missing fact is an error, and the
result is plain text. Whoever makes HTML of it escapes it.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from beforehand.churn.documents import Brief
from beforehand.churn.facts_check import greetable
from beforehand.churn.language import negotiate
from beforehand.churn.model import Action, Letter, Sentiment
from beforehand.outreach.model import Channel

MESSAGES = Path(__file__).parent / "messages"
LONG_ENOUGH_TO_THANK = 365

# What the message is about, by the factor that costs the customer most.
THEMES = {
    "recency": "absence",
    "frequency": "less",
    "spending": "less",
    "engagement": "less",
    "support": "support",
    "nps": "opinion",
}
OTHERWISE = "thanks"


class TemplateWriter:
    """Finds the words in the templates, and signs for the company."""

    def __init__(self, company: str) -> None:
        self._company = company

    def write(self, brief: Brief) -> Letter:
        """The message for one customer, in their language or the nearest that there is."""
        language, because = negotiate(brief.language, _names())
        words = _words(language)
        theme = words["themes"][THEMES.get(brief.pattern.cause, OTHERWISE)]
        facts = self._facts(brief, language)
        if brief.channel is Channel.SMS:
            subject, parts = "{{ company }}", [theme["sms"]]
        else:
            greeting = "greeting" if facts["name"] else "greeting_nameless"
            asking = words["actions"][brief.plan.action]
            subject, parts = theme["subject"], [words[greeting], theme["opening"], asking, words["closing"]]
        return Letter(
            language=language,
            language_name=words["name"],
            subject=_filled(subject, facts),
            body="\n\n".join(_filled(part, facts) for part in parts),
            tone=_tone(brief),
            because=because,
        )

    def _facts(self, brief: Brief, language: str) -> Mapping[str, Any]:
        return {
            "company": self._company,
            "name": greetable(brief.name),
            "last_order_on": _day(brief.purchases.last_on, _locale(brief.language, language)),
            "since": _since(brief),
            "waiting": bool(brief.signals.tickets_overdue),
        }


def languages() -> tuple[str, ...]:
    """The tags of the languages that can be written."""
    return tuple(sorted(path.stem for path in MESSAGES.glob("*.toml")))


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    return {tag: (_words(tag)["name"], _words(tag)["own_name"]) for tag in languages()}


@cache
def _words(language: str) -> dict[str, Any]:
    return tomllib.loads((MESSAGES / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)


def _filled(template: str, facts: Mapping[str, Any]) -> str:
    return _environment().from_string(template).render(facts).strip()


def _locale(wanted: str | None, language: str) -> Locale:
    """How the customer writes dates: their own kind of the language where Babel knows it."""
    if wanted is not None and wanted.replace("_", "-").casefold().startswith(f"{language.casefold()}-"):
        try:
            return Locale.parse(wanted.replace("_", "-"), sep="-")
        except (UnknownLocaleError, ValueError):
            pass
    return Locale.parse(language, sep="-")


def _day(day: date | None, locale: Locale) -> str | None:
    return None if day is None else format_date(day, format="long", locale=locale)


def _since(brief: Brief) -> str | None:
    """The year since which they have been a customer, when that is long enough to thank them for it."""
    days = brief.signals.tenure_days
    if days is None or days < LONG_ENOUGH_TO_THANK:
        return None
    return str((brief.due_at.date() - timedelta(days=days)).year)


def _tone(brief: Brief) -> str:
    if brief.context.sentiment is Sentiment.NEGATIVE:
        return "apologetic"
    return "personal" if brief.plan.action is Action.PERSONAL_OUTREACH else "warm"
