"""Finds the words of a message whose proposal names a template: when it goes, as the template is by then."""

from collections.abc import Collection
from typing import Protocol

from beforehand.outreach.delivery.model import Due
from beforehand.outreach.delivery.writing import Speak, as_written
from beforehand.outreach.gate.model import Facts
from beforehand.outreach.messages.model import Catalogue, Company, Words


class Templates(Protocol):
    """Where templates are kept."""

    def catalogue(self, names: Collection[str] | None = None) -> Catalogue:
        """What is used now, of these names."""


def from_templates(templates: Templates, company: Company) -> Speak:
    """Speaks by template where a proposal names one, and as it was written where not; each name is read once."""
    read: dict[str, Catalogue] = {}

    def speak(due: Due, facts: Facts) -> Words:
        if due.template is None:
            return as_written(due, facts)
        # Babel takes 100 ms to load, and most messages are written already.
        from beforehand.outreach.messages.render import render  # noqa: PLC0415

        if due.template not in read:
            read[due.template] = templates.catalogue([due.template])
        return render(
            read[due.template], due.template, facts.language or due.language, due.variables or {},
            person_name=facts.name, person_zone=facts.person.zone, company=company,
        )  # fmt: skip

    return speak
