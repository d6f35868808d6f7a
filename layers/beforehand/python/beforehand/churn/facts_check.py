"""Holds a message to the facts before it leaves, whoever wrote it."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from beforehand.churn.documents import Brief
from beforehand.churn.model import Letter
from beforehand.outreach.messages.names import LINK, PLACEHOLDER, greetable
from beforehand.outreach.model import Channel

MOST_CHARACTERS = {Channel.EMAIL: 4_000, Channel.SMS: 480}
MOST_SUBJECT = 150

# One number: digits of any script, with single marks between groups of them.
NUMBER = re.compile(r"\d+(?:[.,'\u2019\u00a0\u202f\u066b\u066c]\d+)*")


def problems(letter: Letter, brief: Brief, company: str) -> list[str]:
    """What keeps a message from leaving; nothing when it may. The sentences hold no name and no text of it."""
    text = f"{letter.subject}\n{letter.body}"
    name = greetable(brief.name)
    given = _without(text, company, name)
    found = [
        (not letter.subject.strip(), "the subject is empty"),
        (not letter.body.strip(), "the message is empty"),
        (len(letter.subject) > MOST_SUBJECT or "\n" in letter.subject, "the subject is too long"),
        (len(letter.body) > MOST_CHARACTERS[brief.channel], "the message is too long"),
        (PLACEHOLDER.search(given) is not None, "a placeholder is left in it"),
        (LINK.search(given) is not None, "it has a link that nobody gave it"),
        (
            brief.channel is Channel.EMAIL and name is not None and name not in letter.body,
            "it does not greet the customer by their name",
        ),
    ]
    invented = set(_numbers(given)) - _known_numbers(brief)
    return [problem for is_so, problem in found if is_so] + [
        f"the number {number} is in none of the facts" for number in sorted(invented)
    ]


def _without(text: str, *known: str | None) -> str:
    for part in known:
        text = text.replace(part, " ") if part else text
    return text


def _numbers(text: str) -> Iterator[str]:
    for match in NUMBER.finditer(text):
        digits = "".join(str(int(digit)) for digit in match.group() if digit.isdecimal())
        yield digits.lstrip("0") or "0"


def _known_numbers(brief: Brief) -> set[str]:
    bought, signals = brief.purchases, brief.signals
    days = [day for day in (bought.first_on, bought.last_on, _customer_since(brief)) if day is not None]
    figures = [bought.orders, signals.tickets_overdue, bought.spent, int(bought.spent)]
    numbers = [part for day in days for part in (day.day, day.month, day.year)]
    return {number for figure in [*figures, *numbers] if figure is not None for number in _numbers(str(figure))}


def _customer_since(brief: Brief) -> date | None:
    days = brief.signals.tenure_days
    return None if days is None else brief.due_at.date() - timedelta(days=days)
