"""Writes dates, moments, money and numbers as a language does, in the person's zone, with Babel.

A language that Babel's data here do not have gets forms that read alike everywhere: 2026-03-09, 10:00, INR 12.50.
"""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal

from beforehand.outreach.messages.model import Money
from beforehand.outreach.messages.names import given_name

DATES = ("short", "medium", "long", "full")
NAMES = ("given", "full")
ISO_DATE = "yyyy-MM-dd"
ISO_TIME = "HH:mm"


class UnknownFormError(ValueError):
    """A template asks for a form that there is not."""


@lru_cache(maxsize=256)
def locale_of(language: str) -> Locale | None:
    """Babel's data of a language, or of its base language; None where they are not there."""
    parts = language.replace("_", "-").split("-")
    for length in range(len(parts), 0, -1):
        try:
            return Locale.parse("-".join(parts[:length]), sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return None


@lru_cache(maxsize=1)
def _anywhere() -> Locale:
    return Locale.parse("root")


@lru_cache(maxsize=256)
def called(language: str) -> str:
    """What English calls a language; its tag where English has no name for it."""
    names: Mapping[str, str] = Locale.parse("en").languages
    base = language.split("-")[0].casefold()
    name = names.get(language.replace("-", "_")) or names.get(base)
    return language if name is None else str(name)


class LocalForms:
    """The forms of one language. `zone` is the person's; with `names_zone` every time says which zone it is in."""

    def __init__(self, language: str, zone: tzinfo, *, names_zone: bool) -> None:
        self._language = language
        self._locale = locale_of(language)
        self._zone = zone
        self._names_zone = names_zone

    def date(self, day: date, form: str = "long") -> str:
        """A date; of a moment, the date that it is for the person."""
        if isinstance(day, datetime):
            day = day.astimezone(self._zone)
        if self._locale is None:
            return _written(format_date(day, ISO_DATE, locale=_anywhere()))
        return _written(format_date(day, _known(form, DATES), locale=self._locale))

    def time(self, moment: datetime) -> str:
        """The time of a moment, in the person's zone."""
        here = moment.astimezone(self._zone)
        form, locale = ("short", self._locale) if self._locale else (ISO_TIME, _anywhere())
        return self._zoned(_written(format_time(here, form, tzinfo=self._zone, locale=locale)))

    def datetime(self, moment: datetime, form: str = "long") -> str:
        """Date and time of a moment, in the person's zone."""
        _known(form, DATES)
        here = moment.astimezone(self._zone)
        if self._locale is None:
            whole = format_datetime(here, f"{ISO_DATE} {ISO_TIME}", tzinfo=self._zone, locale=_anywhere())
            return self._zoned(_written(whole))
        # Babel's long forms of times name the zone, which says nothing to somebody who lives in it.
        day = format_date(here, form, locale=self._locale)
        time = format_time(here, "short", tzinfo=self._zone, locale=self._locale)
        joined = str(self._locale.datetime_formats[form]).replace("'", "").replace("{0}", time).replace("{1}", day)
        return self._zoned(_written(joined))

    def money(self, money: Money) -> str:
        """An amount with its currency."""
        if self._locale is None:
            return f"{money.currency} {money.amount}"
        return _written(format_currency(money.amount, money.currency, locale=self._locale))

    def number(self, number: int | Decimal) -> str:
        """A number, with at most three digits after the point."""
        return str(number) if self._locale is None else _written(format_decimal(number, locale=self._locale))

    def plural(self, number: int | Decimal) -> str:
        """Which plural the language puts to a number: zero, one, two, few, many or other."""
        return "other" if self._locale is None else str(self._locale.plural_form(number))

    def name(self, name: str, form: str = "given") -> str:
        """A person's name: what they are called by, or the whole."""
        return given_name(name, self._language) if _known(form, NAMES) == "given" else name

    def _zoned(self, time: str) -> str:
        return f"{time} ({self._zone})" if self._names_zone else time


def _known(form: str, forms: tuple[str, ...]) -> str:
    if form not in forms:
        raise UnknownFormError(f"there is no such form; write one of {', '.join(forms)}")
    return form


def _written(text: str) -> str:
    # A narrow space costs a text message its alphabet, and some fonts lack it.
    return text.replace("\u202f", "\u00a0")
