"""Lays a written message out for its channel: the frame of an e-mail, the way out of a text message.

The text is taken as it is: whatever stands in it becomes text and nothing else.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from beforehand.outreach.messages.cleaning import clean_subject, clean_text, link_at, paragraphs
from beforehand.outreach.messages.fitting import Fit, fit, sms_text, tag_of
from beforehand.outreach.messages.frames import TAG, Footer, direction, footer, footer_language
from beforehand.outreach.messages.model import Company, Composed
from beforehand.outreach.model import Channel

LAYOUT = Path(__file__).parent / "layouts" / "email.html"
PREVIEWED = 110
"""Characters that mail programs show beside the subject."""
SAYS_SOMETHING = 40
"""A first paragraph that is shorter greets, and is not what is shown beside the subject."""


def compose(
    *, channel: Channel, subject: str, body: str, language: str, company: Company, unsubscribe_url: str | None
) -> Composed:
    """The message as it leaves on a channel; `body` is plain text whose paragraphs blank lines part.

    Raises UncomposableError where the words do not fit (`fitting.py`).
    """
    words = fit(
        channel=channel, subject=subject, body=body, language=language, company=company,
        unsubscribe_url=unsubscribe_url,
    )  # fmt: skip
    if channel is Channel.EMAIL:
        return _email(words, tag_of(language), company, unsubscribe_url)
    text = sms_text(words.body, language, unsubscribe_url) if channel is Channel.SMS else words.body
    return Composed(subject=words.subject, text=text, html=None, because=words.because)


def _email(said: Fit, language: str, company: Company, unsubscribe_url: str | None) -> Composed:
    own = footer_language(language)
    words = footer(own)
    lines = list(_footer_lines(words, company, unsubscribe_url))
    below = [words.why.replace("{company}", clean_subject(company.name)), *("".join(line) for line in lines)]
    html = _layout().render(
        subject=said.subject,
        language=language if TAG.fullmatch(language) else "",
        direction=direction(language),
        preheader=_preheader(said.body),
        paragraphs=[[list(_parts(line)) for line in part.split("\n")] for part in paragraphs(said.body)],
        why=below[0],
        footer_language=own,
        footer_direction=direction(own),
        lines=[_split(line) for line in lines],
    )
    text = "\n".join([said.body, "", "-- ", *below])
    return Composed(subject=said.subject, text=text, html=html, because=said.because)


def _footer_lines(words: Footer, company: Company, unsubscribe_url: str | None) -> Iterator[tuple[str, ...]]:
    """The lines below the first; a line of two is a text and the address that follows it."""
    if company.support_url:
        yield f"{words.help} ", company.support_url
    if unsubscribe_url:
        yield f"{words.leave} ", unsubscribe_url
    else:
        yield (words.leave_by_reply,)
    yield (clean_subject(company.name),)
    if company.postal_address:
        yield (", ".join(line.strip(" ,") for line in clean_text(company.postal_address).split("\n") if line),)


def _split(line: tuple[str, ...]) -> dict[str, Any]:
    return {"text": line[0].strip(" :") if len(line) > 1 else line[0], "url": line[1] if len(line) > 1 else None}


def _parts(line: str) -> Iterator[tuple[str, bool]]:
    """The line in parts, each with whether it is an https address."""
    done = 0
    while found := link_at(line, done):
        start, end = found
        if start > done:
            yield line[done:start], False
        yield line[start:end], True
        done = end
    if done < len(line):
        yield line[done:], False


def _preheader(text: str) -> str:
    """What is shown beside the subject: the first paragraph that says something."""
    plain = [" ".join(part.split()) for part in paragraphs(text)]
    chosen = next((part for part in plain if len(part) >= SAYS_SOMETHING), plain[0])
    return chosen if len(chosen) <= PREVIEWED else chosen[: PREVIEWED - 1].rsplit(" ", 1)[0].rstrip() + "…"


@cache
def _layout() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(LAYOUT.read_text(encoding="utf-8"))
