"""Holds a template to everything that could go wrong with it before a message is written from it."""

from collections.abc import Mapping
from typing import Any

from beforehand.outreach.messages.engine import parse
from beforehand.outreach.messages.model import Catalogue, Company, Part, Template, TemplateError, Variable
from beforehand.outreach.messages.render import known, write
from beforehand.outreach.messages.values import examples

SOMEBODY = "Asha Rao"
COMPANY = Company(name="The Company")


def check(template: Template, others: Mapping[str, Template]) -> None:
    """Looks a template through and writes it with every variable given, and with each missing that may be.

    `others` are the templates of its name in other languages: a variable holds the same in each of them. Raises
    TemplateError.
    """
    _check_kinds(template, others)
    for part in (Part.SUBJECT, Part.BODY):
        parse(template, part)
    for name in (SOMEBODY, None):
        for values in _trials(template.variables):
            write(template, others, None, values, person_name=name, person_zone="UTC", company=COMPANY)


def check_proposal(templates: Catalogue, name: str, variables: Mapping[str, Any]) -> None:
    """Whether messages can be written from a template with these variables. Raises TemplateError, NoTemplateError.

    They have to fit in every language that there is: which one is used is known only when a message is sent.
    """
    of_name = known(templates, name)
    for template in of_name.values():
        write(template, of_name, None, variables, person_name=SOMEBODY, person_zone="UTC", company=COMPANY)


def _check_kinds(template: Template, others: Mapping[str, Template]) -> None:
    for other in others.values():
        if other.language == template.language:
            continue
        for name, variable in template.variables.items():
            theirs = other.variables.get(name)
            if theirs and theirs.kind is not variable.kind:
                raise TemplateError(
                    template.name,
                    template.language,
                    Part.VARIABLES,
                    f"{name} is of the type {theirs.kind} in {other.language}; give it that type, or another name",
                )


def _trials(variables: Mapping[str, Variable]) -> list[dict[str, Any]]:
    """Values to try a template with: all, none that may be missing, and all but each of these."""
    every: dict[str, Any] = examples(variables)
    loose = [name for name, variable in variables.items() if variable.may_be_missing]
    without = [{name: value for name, value in every.items() if name != missing} for missing in loose]
    only = [{name: value for name, value in every.items() if name not in loose or name == given} for given in loose]
    least = {name: value for name, value in every.items() if name not in loose}
    return [every, least, *without, *only]
