"""A template as files and the API have it: subject, body, and each variable with its type."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from beforehand.outreach.messages.model import GIVEN, Kind, Template, Variable

NAME = r"^[a-z][a-z0-9_]{0,63}$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"
VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,39}")
TYPES = ", ".join(Kind)
RESERVED = frozenset(
    ("and", "or", "not", "if", "else", "elif", "in", "is", "true", "false", "none", "self", "loop")
)
MOST_VARIABLES = 40
MOST_SOURCE = 8_000


def _declared(given: Mapping[str, str]) -> Mapping[str, str]:
    for name, kind in given.items():
        if not VARIABLE.fullmatch(name) or name in RESERVED:
            raise ValueError(
                "a variable is named by small letters, digits and _, such as starts_at, and by no keyword"
            )
        if name in GIVEN:
            raise ValueError(f"{name} is always there; take it out of the declared variables")
        if kind.removesuffix("?") not in set(Kind):
            raise ValueError(f"the type of {name} must be one of {TYPES}; a ? after it says that it may be missing")
    return given


Declared = Annotated[
    Mapping[str, Annotated[str, Field(max_length=20)]],
    Field(
        max_length=MOST_VARIABLES,
        description=f"Each variable with its type: {TYPES}. A ? after the type says that it may be missing.",
    ),
    AfterValidator(_declared),
]
Subject = Annotated[str, Field(min_length=1, max_length=1_000)]
Body = Annotated[str, Field(min_length=1, max_length=MOST_SOURCE)]
Note = Annotated[str, Field(max_length=500, description="What this version is for, or what changed.")]


class TemplateDocument(BaseModel):
    """What a file of a template holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    subject: Subject
    body: Body
    variables: Declared
    note: Note = ""

    def template(self, name: str, language: str, *, version: int) -> Template:
        """The template of this document."""
        return Template(
            name=name,
            language=language,
            version=version,
            subject=self.subject,
            body=self.body,
            variables=variables_of(self.variables),
            note=self.note,
        )


def variables_of(declared: Mapping[str, str]) -> dict[str, Variable]:
    """The variables that were declared as `name: type`, a ? after the type for one that may be missing."""
    return {
        name: Variable(kind=Kind(kind.removesuffix("?")), optional=kind.endswith("?"))
        for name, kind in sorted(declared.items())
    }
