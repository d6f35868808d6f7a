"""Shows what a message of a template will look like. It loads Jinja2 and Babel: other routes do without."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beforehand.outreach.messages.compose import compose
from beforehand.outreach.messages.model import Catalogue, Company, Composed, Words
from beforehand.outreach.messages.render import known, render
from beforehand.outreach.messages.sms import Segments, segments
from beforehand.outreach.messages.values import examples
from beforehand.outreach.model import Channel

LEAVE = "https://example.com/unsubscribe"


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """A message as it would leave. `examples` are the variables for which nothing was given."""

    rendered: Words
    composed: Composed
    segments: Segments | None
    examples: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LaidOut:
    """A message in the frame of its channel. `segments` are what a text message is billed as."""

    composed: Composed
    segments: Segments | None


def preview(
    templates: Catalogue,
    name: str,
    *,
    language: str | None,
    variables: Mapping[str, Any],
    person_name: str | None,
    person_zone: str | None,
    channel: Channel,
    company: Company,
) -> Preview:
    """The message as it would leave, with an example for each variable that is not given.

    A variable that is given as None stays missing. Raises MessageError.
    """
    declared = {key: one for template in known(templates, name).values() for key, one in template.variables.items()}
    missing = {key: value for key, value in examples(declared).items() if key not in variables}
    rendered = render(
        templates, name, language, {**missing, **variables},
        person_name=person_name, person_zone=person_zone, company=company,
    )  # fmt: skip
    laid_out = lay_out(
        subject=rendered.subject, body=rendered.body, language=rendered.language, channel=channel, company=company
    )
    return Preview(
        rendered=rendered,
        composed=laid_out.composed,
        segments=laid_out.segments,
        examples=tuple(sorted(missing)),
    )


def lay_out(*, subject: str, body: str, language: str, channel: Channel, company: Company) -> LaidOut:
    """Words as they would leave on a channel, with an address that leads nowhere for who wants no more of them.

    Raises UncomposableError.
    """
    composed = compose(
        channel=channel, subject=subject, body=body, language=language, company=company,
        unsubscribe_url=LEAVE if channel is Channel.EMAIL else None,
    )  # fmt: skip
    return LaidOut(composed=composed, segments=segments(composed.text) if channel is Channel.SMS else None)
