"""Writes a message from a template, in the language of whom it is for, or the nearest that there is."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from beforehand.outreach.messages.cleaning import clean_subject, clean_text
from beforehand.outreach.messages.engine import fill
from beforehand.outreach.messages.languages import negotiate
from beforehand.outreach.messages.local_forms import called, locale_of
from beforehand.outreach.messages.model import (
    Catalogue,
    Company,
    NoTemplateError,
    Part,
    Template,
    TemplateError,
    UncomposableError,
    Words,
)
from beforehand.outreach.messages.names import greetable
from beforehand.outreach.messages.values import UnfitValueError, read


def render(
    templates: Catalogue,
    name: str,
    language: str | None,
    variables: Mapping[str, Any],
    *,
    person_name: str | None,
    person_zone: str | None,
    company: Company,
) -> Words:
    """The message for one person, as plain text for `compose`.

    `variables` are values as JSON has them (see `values.read`). Times are told in `person_zone` (IANA); where it is
    not known, in the company's, which is then named. Raises NoTemplateError, or TemplateError for a variable that
    is missing, not declared or not what it is declared to be.
    """
    of_name = known(templates, name)
    chosen, because = negotiate(language, of_name, company=company.language, called=called, name=name)
    return write(
        of_name[chosen], of_name, language, variables,
        person_name=person_name, person_zone=person_zone, company=company, because=because,
    )  # fmt: skip


def known(templates: Catalogue, name: str) -> Mapping[str, Template]:
    """The templates of a name, by language. Raises NoTemplateError that says which names there are."""
    found = templates.get(name)
    if not found:
        there = ", ".join(sorted(templates)) or "none"
        raise NoTemplateError(f"There is no template of that name; there are: {there}")
    return found


def write(
    template: Template,
    others: Mapping[str, Template],
    language: str | None,
    variables: Mapping[str, Any],
    *,
    person_name: str | None,
    person_zone: str | None,
    company: Company,
    because: str = "",
) -> Words:
    """The message from one template; `others` are those of its name, whose variables may be given as well."""
    values = _values(template, others, variables)
    values |= {"company": clean_subject(company.name), "name": greetable(person_name)}
    theirs = zone_of(person_zone) if person_zone else None
    zone = theirs or zone_of(company.zone) or UTC
    forms = _forms(language, template.language)
    subject, body = (
        fill(template, part, values, language=forms, zone=zone, names_zone=theirs is None)
        for part in (Part.SUBJECT, Part.BODY)
    )
    reasons = [because]
    if theirs is None and any(isinstance(value, datetime) for value in values.values()):
        reasons.append(f"times are told in {zone}, since their zone is not known")
    return Words(
        subject=_cleaned(template, Part.SUBJECT, subject),
        body=_cleaned(template, Part.BODY, body),
        language=template.language,
        template_version=template.version,
        because="; ".join(filter(None, reasons)),
    )


def _values(template: Template, others: Mapping[str, Template], given: Mapping[str, Any]) -> dict[str, Any]:
    """What fills the template. Raises TemplateError that names the variable."""
    declared = {name for one in others.values() for name in one.variables} | template.variables.keys()
    if unknown := sorted(name for name in given if name not in declared):
        shown = ", ".join(name for name in unknown if name.isascii() and name.isidentifier()) or "a variable"
        there = ", ".join(sorted(declared)) or "none"
        raise _refused(template, f"{shown} is not declared; declared are: {there}")
    values = {}
    for name, variable in template.variables.items():
        try:
            values[name] = read(name, variable, given.get(name))
        except UnfitValueError as error:
            raise _refused(template, str(error)) from None
    return values


def _refused(template: Template, problem: str) -> TemplateError:
    return TemplateError(template.name, template.language, Part.VARIABLES, problem)


def _cleaned(template: Template, part: Part, text: str) -> str:
    try:
        clean = clean_subject(text) if part is Part.SUBJECT else clean_text(text)
    except UncomposableError as error:
        raise TemplateError(template.name, template.language, part, str(error)) from None
    if not clean:
        raise TemplateError(template.name, template.language, part, "it comes out empty; give it a text")
    return clean


def _forms(wanted: str | None, language: str) -> str:
    """The tag whose forms of dates are used: the person's own kind of the language that is written."""
    asked = (wanted or "").strip().replace("_", "-")
    is_kind_of_it = asked.casefold().startswith(f"{language.casefold()}-")
    return asked if is_kind_of_it and locale_of(asked) else language


@lru_cache(maxsize=512)
def zone_of(name: str) -> tzinfo | None:
    """A time zone by its IANA name, or None."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
