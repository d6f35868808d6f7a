"""The routes of templates: what is sent is written from them, in each language, one version after the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from beforehand.api.pages import Page, PageAsked, after, page
from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Answer, Asked, Call, Routes
from beforehand.outreach.messages import company, editing
from beforehand.outreach.messages.documents import LANGUAGE, NAME, Body, Declared, Note, Subject, variables_of
from beforehand.outreach.messages.model import (
    SHIPPED,
    Company,
    MessageError,
    NoTemplateError,
    StaleTemplateError,
    Template,
    TemplateError,
)
from beforehand.outreach.messages.store import PostgresTemplates
from beforehand.outreach.model import Channel

MOST_VERSIONS = 200
TAG = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,4}$"
BY_NAME = TypeAdapter(tuple[str])

Name = Annotated[str, Field(pattern=NAME)]
Language = Annotated[str, Field(pattern=LANGUAGE)]
Version = Annotated[int, Field(ge=0, le=1_000_000)]
Expected = Annotated[
    Version, Field(description="The version that this one goes on from; 0 where there is none of your own.")
]
Origin = Literal["own", "shipped"]
routes = Routes()


class NamePath(Asked):
    """Which template."""

    name: Name


class TemplatePath(NamePath):
    """Which template in which language."""

    language: Language


class TemplatesAsked(PageAsked):
    """Which page of the templates."""


class VersionAsked(Asked):
    """Which version; without one, the one that is used."""

    version: Version | None = None


class Written(Answer):
    """In which language there is a template, and which version is used."""

    language: str
    version: int
    origin: Origin


class ListedTemplate(Answer):
    """One template by its name."""

    name: str
    languages: tuple[Written, ...]
    variables: dict[str, str]
    note: str


class ShownTemplate(Answer):
    """One version of a template in one language; version 0 is the one that comes with the product."""

    name: str
    language: str
    version: int
    origin: Origin
    subject: str
    body: str
    variables: dict[str, str]
    note: str
    created_by: str | None
    created_at: datetime | None
    restored_from: int | None


class EarlierVersion(Answer):
    """A version of the company's own, without its text."""

    language: str
    version: int
    note: str
    created_by: str | None
    created_at: datetime | None
    restored_from: int | None


class TemplateInFull(Answer):
    """What is used in each language, and the versions that there were, newest first."""

    name: str
    languages: tuple[ShownTemplate, ...]
    versions: tuple[EarlierVersion, ...]


class NewVersion(Asked):
    """A new version."""

    subject: Subject
    body: Body
    variables: Declared
    note: Note = ""
    expected_version: Expected


class SavedTemplate(Answer):
    """What is used now, and what came of saving it."""

    template: ShownTemplate
    because: str


class Restored(Asked):
    """Which version is to be used again."""

    version: Annotated[Version, Field(description="0 is the one that comes with the product.")]
    expected_version: Expected


class PreviewAsked(Asked):
    """What the message is to be filled with; what is not given is an example."""

    channel: Literal["email", "sms", "webhook"] = "email"
    language: Annotated[str, Field(pattern=TAG)] | None = None
    customer_id: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None, description="Whose name, language and zone are used."
    )
    zone: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    variables: Annotated[dict[str, Any], Field(max_length=60)] = Field(default_factory=dict)


class ShownSegments(Answer):
    """What a text message is billed as."""

    encoding: str
    count: int


class PreviewedMessage(Answer):
    """A message as it would leave."""

    name: str
    version: int
    language: str
    because: str
    frame_because: str
    subject: str
    text: str
    html: str | None
    segments: ShownSegments | None
    examples: tuple[str, ...]


@routes.add("GET /v1/templates")
def list_templates(call: Call, query: TemplatesAsked) -> Page[ListedTemplate]:
    """List templates by name, with the languages that each is written in."""
    catalogue = PostgresTemplates(call.transaction).catalogue()
    begin = after(query, BY_NAME)
    names = [name for name in sorted(catalogue) if begin is None or name > begin[0]]
    return page(
        names[: query.limit + 1],
        query,
        lambda name: _listed(name, list(catalogue[name].values())),
        lambda name: (name,),
    )


@routes.add("GET /v1/templates/{name}")
def show_template(call: Call, path: NamePath) -> TemplateInFull:
    """Show a template in every language, with who saved which version when."""
    templates = PostgresTemplates(call.transaction)
    used = templates.catalogue([path.name]).get(path.name)
    if not used:
        raise not_found("template")
    return TemplateInFull(
        name=path.name,
        languages=tuple(_shown(used[language]) for language in sorted(used)),
        versions=tuple(map(_earlier, templates.versions(path.name, most=MOST_VERSIONS))),
    )


@routes.add("GET /v1/templates/{name}/{language}")
def show_version(call: Call, path: TemplatePath, query: VersionAsked) -> ShownTemplate:
    """Show one version of a template in one language."""
    templates = PostgresTemplates(call.transaction)
    if query.version is None:
        found = templates.catalogue([path.name]).get(path.name, {}).get(path.language)
    else:
        found = templates.version(path.name, path.language, query.version)
    if found is None:
        raise not_found("template")
    return _shown(found)


@routes.add("PUT /v1/templates/{name}/{language}", refuses=(HTTPStatus.CONFLICT,))
def save_template(call: Call, path: TemplatePath, body: NewVersion) -> SavedTemplate:
    """Save a new version of a template, which is used from now on; one that would go wrong is refused."""
    from beforehand.outreach.messages.checking import check  # noqa: PLC0415 - see `previewing`

    template = Template(
        name=path.name, language=path.language, version=body.expected_version, subject=body.subject,
        body=body.body, variables=variables_of(body.variables), note=body.note,
    )  # fmt: skip
    with _refusals():
        saved, because = editing.save(
            template, expected=body.expected_version, by=call.caller.user, now=call.now,
            templates=PostgresTemplates(call.transaction), check=check,
        )  # fmt: skip
    return _saved(call, "template.set", saved, body.expected_version, because)


@routes.add("POST /v1/templates/{name}/{language}/restore", refuses=(HTTPStatus.CONFLICT,))
def restore_template(call: Call, path: TemplatePath, body: Restored) -> SavedTemplate:
    """Go back to an older version, which is saved again as the newest."""
    from beforehand.outreach.messages.checking import check  # noqa: PLC0415 - see `previewing`

    with _refusals():
        saved, because = editing.restore(
            path.name, path.language, body.version, expected=body.expected_version, by=call.caller.user,
            now=call.now, templates=PostgresTemplates(call.transaction), check=check,
        )  # fmt: skip
    return _saved(call, "template.restore", saved, body.expected_version, because)


@routes.add("POST /v1/templates/{name}/preview")
def preview_template(call: Call, path: NamePath, body: PreviewAsked) -> PreviewedMessage:
    """Show a message as it would leave, for a customer or for nobody in particular; nothing is sent."""
    from beforehand.outreach.messages.previewing import preview  # noqa: PLC0415 - see `previewing`

    person = _person(call, body)
    variables = {name: value for name, value in body.variables.items() if name != "name"}
    named = body.variables.get("name", person["name"])
    if named is not None and not isinstance(named, str):
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY, "The body does not fit.", {"variables": "name must be a text"}
        )
    with _refusals():
        found = preview(
            PostgresTemplates(call.transaction).catalogue([path.name]), path.name,
            language=body.language or person["language"], variables=variables, person_name=named,
            person_zone=body.zone or person["zone"], channel=Channel(body.channel), company=company_of(call),
        )  # fmt: skip
    counted = found.segments
    return PreviewedMessage(
        name=path.name,
        version=found.rendered.template_version,
        language=found.rendered.language,
        because=found.rendered.because,
        frame_because=found.composed.because,
        subject=found.composed.subject,
        text=found.composed.text,
        html=found.composed.html,
        segments=ShownSegments(encoding=counted.encoding, count=counted.count) if counted else None,
        examples=found.examples,
    )


def _saved(call: Call, action: str, saved: Template, before: int, because: str) -> SavedTemplate:
    """The answer of a change, which is audited where a version was added; the versions themselves have the text."""
    if saved.version != before:
        after = {"version": saved.version, "restored_from": saved.restored_from}
        call.audit(
            action, f"{saved.name}/{saved.language}", before={"version": before}, after=after, because=because
        )
    return SavedTemplate(template=_shown(saved), because=because)


def _person(call: Call, body: PreviewAsked) -> dict[str, Any]:
    if body.customer_id is None:
        return {"name": "Asha Rao", "language": None, "zone": None}
    found = call.transaction.row(
        "select name, language, zone from customers_v_profiles where customer_id = :customer_id",
        customer_id=body.customer_id,
    )
    if found is None:
        raise not_found("customer")
    return found


def company_of(call: Call) -> Company:
    """Whom messages of this deployment are from."""
    return company.company_of(call.settings)


@contextmanager
def _refusals() -> Iterator[None]:
    """Tells what is wrong with a template or what fills it, field by field."""
    try:
        yield
    except StaleTemplateError as error:
        raise refuse(HTTPStatus.CONFLICT, f"{error}.", {"expected_version": str(error)}) from None
    except NoTemplateError as error:
        raise refuse(HTTPStatus.NOT_FOUND, f"{error}.") from None
    except TemplateError as error:
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.", {str(error.part): error.problem}) from None
    except MessageError as error:
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.") from None


def _listed(name: str, used: list[Template]) -> ListedTemplate:
    by_language = sorted(used, key=lambda template: template.language)
    return ListedTemplate(
        name=name,
        languages=tuple(Written(language=t.language, version=t.version, origin=_origin(t)) for t in by_language),
        variables={key: str(one) for t in by_language for key, one in t.variables.items()},
        note=next((t.note for t in by_language if t.note), ""),
    )


def _origin(template: Template) -> Origin:
    return "shipped" if template.version == SHIPPED else "own"


def _shown(template: Template) -> ShownTemplate:
    return ShownTemplate(
        name=template.name,
        language=template.language,
        version=template.version,
        origin=_origin(template),
        subject=template.subject,
        body=template.body,
        variables={name: str(variable) for name, variable in template.variables.items()},
        note=template.note,
        created_by=template.created_by,
        created_at=template.created_at,
        restored_from=template.restored_from,
    )


def _earlier(template: Template) -> EarlierVersion:
    return EarlierVersion(
        language=template.language,
        version=template.version,
        note=template.note,
        created_by=template.created_by,
        created_at=template.created_at,
        restored_from=template.restored_from,
    )
