"""Lays a written message out for its channel: the frame of an e-mail, the way out of a text message.

The text is taken as it is: whatever stands in it becomes text and nothing else.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from beforehand.outreach.messages.cleaning import checked_url, clean_subject, clean_text, link_at, paragraphs
from beforehand.outreach.messages.frames import TAG, Footer, direction, footer, footer_language
from beforehand.outreach.messages.model import Company, Composed, UncomposableError
from beforehand.outreach.messages.sms import segments
from beforehand.outreach.model import Channel

LAYOUT = Path(__file__).parent / "layouts" / "email.html"
MOST_SEGMENTS = 10
PREVIEWED = 110
"""Characters that mail programs show beside the subject."""
SAYS_SOMETHING = 40
"""A first paragraph that is shorter greets, and is not what is shown beside the subject."""


def compose(
    *, channel: Channel, subject: str, body: str, language: str, company: Company, unsubscribe_url: str | None
) -> Composed:
    """The message as it leaves on a channel; `body` is plain text whose paragraphs blank lines part.

    Raises UncomposableError for an empty or overlong message, an address that is not https, or a call.
    """
    subject, text = clean_subject(subject), clean_text(body)
    if not text:
        raise UncomposableError("The message is empty: give it a text")
    tag = language.strip().replace("_", "-")
    if unsubscribe_url is not None:
        unsubscribe_url = checked_url(unsubscribe_url, "The unsubscribe address")
    if channel is Channel.EMAIL:
        return _email(subject, text, tag, company, unsubscribe_url)
    if channel is Channel.SMS:
        return _sms(subject, text, tag, unsubscribe_url)
    if channel is Channel.WEBHOOK:
        return Composed(subject=subject, text=text, html=None, because="as it was written, since a system reads it")
    raise UncomposableError("A call has no message: propose it on the channel email, sms or webhook")


def _email(subject: str, text: str, language: str, company: Company, unsubscribe_url: str | None) -> Composed:
    if not subject:
        raise UncomposableError("The e-mail has no subject: give it one")
    own = footer_language(language)
    words = footer(own)
    lines = list(_footer_lines(words, company, unsubscribe_url))
    below = [words.why.replace("{company}", clean_subject(company.name)), *("".join(line) for line in lines)]
    html = _layout().render(
        subject=subject,
        language=language if TAG.fullmatch(language) else "",
        direction=direction(language),
        preheader=_preheader(text),
        paragraphs=[[list(_parts(line)) for line in part.split("\n")] for part in paragraphs(text)],
        why=below[0],
        footer_language=own,
        footer_direction=direction(own),
        lines=[_split(line) for line in lines],
    )
    return Composed(
        subject=subject, text="\n".join([text, "", "-- ", *below]), html=html, because=_because(words, language)
    )


def _sms(subject: str, text: str, language: str, unsubscribe_url: str | None) -> Composed:
    words = footer(footer_language(language))
    leave = f"{words.sms_leave} {unsubscribe_url}" if unsubscribe_url else words.sms_leave_by_reply
    # One space that does not break would put the whole text into UCS-2.
    whole = "\n".join([*paragraphs(text), leave]).replace("\u00a0", " ")
    needed = segments(whole)
    if needed.count > MOST_SEGMENTS:
        raise UncomposableError(
            f"The text message takes {needed.count} segments of {needed.encoding}, and at most {MOST_SEGMENTS} are "
            f"sent: shorten it by about {_over(needed.count)} percent"
        )
    return Composed(subject=subject, text=whole, html=None, because=_because(words, language))


def _over(count: int) -> int:
    return -(-(count - MOST_SEGMENTS) * 100 // count)


def _because(words: Footer, language: str) -> str:
    if footer_language(language).casefold() in (language.casefold(), language.casefold().split("-")[0]):
        return f"with the footer in {words.name}, as the message is"
    shown = language if TAG.fullmatch(language) else "the message's language"
    return f"with the footer in {words.name}, since there is none in {shown}"


def _footer_lines(words: Footer, company: Company, unsubscribe_url: str | None) -> Iterator[tuple[str, ...]]:
    """The lines below the first; a line of two is a text and the address that follows it."""
    if company.support_url:
        yield f"{words.help} ", checked_url(company.support_url, "The company's support address")
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
