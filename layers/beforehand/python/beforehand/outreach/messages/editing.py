"""What people do with templates: save a new version, and go back to an older one."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from beforehand.outreach.messages.model import (
    SHIPPED,
    Catalogue,
    NoTemplateError,
    StaleTemplateError,
    Template,
)

Check = Callable[[Template, Mapping[str, Template]], None]
"""Holds a template, and those of its name in other languages, to what may go wrong. Raises TemplateError."""


class Templates(Protocol):
    """Where templates are kept."""

    def catalogue(self, names: Collection[str] | None = None) -> Catalogue:
        """What is used now."""

    def version(self, name: str, language: str, version: int) -> Template | None:
        """One version."""

    def hold(self, name: str) -> None:
        """Keeps others from saving templates of this name meanwhile."""

    def add(self, template: Template) -> None:
        """Adds a version."""


def save(
    template: Template,
    *,
    expected: int,
    by: str,
    now: datetime,
    templates: Templates,
    check: Check,
) -> tuple[Template, str]:
    """Saves a new version, which is used from now on, and says what came of it; the same is not saved again.

    `expected` is the version that the person saw, `SHIPPED` where there was none of the company's own. Raises
    StaleTemplateError where somebody has saved another since, TemplateError for a template that would go wrong.
    """
    templates.hold(template.name)
    others = templates.catalogue([template.name]).get(template.name, {})
    current = others.get(template.language)
    version = SHIPPED if current is None else current.version
    if version != expected:
        raise StaleTemplateError(
            f"The newest version is {version}, not {expected}; look at it, and save yours on it"
        )
    check(template, others)
    if current and version != SHIPPED and _says(current) == _says(template):
        return current, "nothing is different, so no version was added"
    added = replace(template, version=version + 1, created_by=by, created_at=now)
    templates.add(added)
    because = f"version {added.version} is used from now on"
    if template.restored_from is not None:
        old = "the shipped one" if template.restored_from == SHIPPED else f"version {template.restored_from}"
        because = f"version {added.version} says again what {old} said, and is used from now on"
    return added, because


def restore(
    name: str, language: str, version: int, *, expected: int, by: str, now: datetime, templates: Templates,
    check: Check,
) -> tuple[Template, str]:  # fmt: skip
    """Saves what an older version said as the newest one. Raises NoTemplateError besides what `save` raises."""
    old = templates.version(name, language, version)
    if old is None:
        raise NoTemplateError(f"There is no version {version} of this template in this language")
    again = replace(old, restored_from=version)
    return save(again, expected=expected, by=by, now=now, templates=templates, check=check)


def _says(template: Template) -> tuple[object, ...]:
    return template.subject, template.body, dict(template.variables)
