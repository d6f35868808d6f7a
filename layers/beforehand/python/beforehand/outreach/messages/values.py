"""Reads what fills a template, each by its declared type; what does not fit is refused by name."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from beforehand.outreach.messages.cleaning import checked_url, clean_text
from beforehand.outreach.messages.model import Kind, MessageError, Money, UncomposableError, Variable
from beforehand.outreach.messages.names import greetable

MOST_CHARACTERS = 4_000
LARGEST = Decimal(10) ** 15
LINK = re.compile(r"://|www\.|mailto:|javascript:", re.IGNORECASE)
CURRENCY = re.compile(r"[A-Z]{3}")


class UnfitValueError(MessageError):
    """A value is not what its variable is declared to be; the value itself is never told."""


def read(name: str, variable: Variable, value: object) -> Any:
    """The value as templates use it; None where it is missing and may be. Raises UnfitValueError.

    Values come as JSON has them: dates and moments as ISO 8601 texts, money as
    `{"amount": "12.50", "currency": "INR"}`.
    """
    if value is None:
        if variable.may_be_missing:
            return None
        raise UnfitValueError(f"{name} is missing: give it as {EXPECTED[variable.kind]}")
    try:
        return READERS[variable.kind](value)
    except (ValueError, TypeError, ArithmeticError, UncomposableError):
        raise UnfitValueError(f"{name} must be {EXPECTED[variable.kind]}") from None


def examples(variables: Mapping[str, Variable]) -> dict[str, Any]:
    """A value for each variable, as `read` takes it: what a template is tried with."""
    return {name: EXAMPLES[variable.kind] for name, variable in variables.items()}


def _text(value: object) -> str:
    text = clean_text(_string(value))
    if not text or len(text) > MOST_CHARACTERS or LINK.search(text):
        raise ValueError
    return text


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return date.fromisoformat(_string(value))


def _datetime(value: object) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(_string(value))
    if moment.tzinfo is None:
        raise ValueError
    # A moment that no other zone can tell is no appointment.
    for shift in (-1, 1):
        moment.astimezone(UTC) + timedelta(days=shift)
    return moment


def _money(value: object) -> Money:
    if isinstance(value, Money):
        value = {"amount": value.amount, "currency": value.currency}
    if not isinstance(value, Mapping) or value.keys() != {"amount", "currency"}:
        raise ValueError
    currency = _string(value["currency"])
    if not CURRENCY.fullmatch(currency):
        raise ValueError
    amount = value["amount"]
    return Money(amount=_decimal(Decimal(amount) if isinstance(amount, str) else amount), currency=currency)


def _name(value: object) -> str | None:
    return greetable(clean_text(_string(value)))


def _number(value: object) -> int | Decimal:
    found = _decimal(value)
    return int(found) if found == found.to_integral_value() else found


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError
    found = Decimal(str(value))
    if not found.is_finite() or abs(found) > LARGEST:
        raise InvalidOperation
    return found


def _url(value: object) -> str:
    return checked_url(_string(value), "It")


def _string(value: object) -> str:
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS:
        raise ValueError
    return value


READERS: Mapping[Kind, Callable[[object], Any]] = {
    Kind.TEXT: _text,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.MONEY: _money,
    Kind.NAME: _name,
    Kind.NUMBER: _number,
    Kind.URL: _url,
}
EXPECTED: Mapping[Kind, str] = {
    Kind.TEXT: f"a text of 1 to {MOST_CHARACTERS} characters without a link (a link is a variable of the type url)",
    Kind.DATE: "a date such as 2026-03-09",
    Kind.DATETIME: "a moment with its offset, such as 2026-03-09T10:00:00+05:30",
    Kind.MONEY: 'an amount and a currency, such as {"amount": "12.50", "currency": "INR"}',
    Kind.NAME: "a name as a text",
    Kind.NUMBER: "a number of at most 15 digits before the point",
    Kind.URL: "an address that begins with https://",
}
EXAMPLES: Mapping[Kind, Any] = {
    Kind.TEXT: "an example",
    Kind.DATE: "2026-03-09",
    Kind.DATETIME: "2026-03-09T10:00:00+00:00",
    Kind.MONEY: {"amount": "1250.50", "currency": "INR"},
    Kind.NAME: "Asha Rao",
    Kind.NUMBER: 2,
    Kind.URL: "https://example.com/a",
}
