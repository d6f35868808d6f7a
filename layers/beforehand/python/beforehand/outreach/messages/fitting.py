"""Makes words fit for their channel: plain, not empty, not too long. What passes here can be laid out.

No engine of templates is loaded for it: whoever claims a message asks here, and whoever sends it lays it out.
"""

from dataclasses import dataclass
from functools import lru_cache

from beforehand.outreach.messages.cleaning import checked_url, clean_subject, clean_text, paragraphs
from beforehand.outreach.messages.frames import TAG, Footer, footer, footer_language
from beforehand.outreach.messages.model import Company, UncomposableError
from beforehand.outreach.messages.sms import segments
from beforehand.outreach.model import Channel

MOST_SEGMENTS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """Words as they can leave on a channel; `because` says in which language their frame is, and why."""

    subject: str
    body: str
    because: str


def fit(
    *, channel: Channel, subject: str, body: str, language: str, company: Company, unsubscribe_url: str | None
) -> Fit:
    """The words, made plain. Fit words stay as they are.

    Raises UncomposableError for an empty or overlong message, an address that is not https, or a call.
    """
    subject, body = clean_subject(subject), clean_text(body)
    if not body:
        raise UncomposableError("The message is empty: give it a text")
    if unsubscribe_url is not None:
        checked_url(unsubscribe_url, "The unsubscribe address")
    match channel:
        case Channel.EMAIL:
            if not subject:
                raise UncomposableError("The e-mail has no subject: give it one")
            if company.support_url:
                checked_url(company.support_url, "The company's support address")
        case Channel.SMS:
            sms_text(body, language, unsubscribe_url)
        case Channel.WEBHOOK:
            return Fit(subject=subject, body=body, because="as it was written, since a system reads it")
        case _:
            raise UncomposableError("A call has no message: propose it on the channel email, sms or webhook")
    return Fit(subject=subject, body=body, because=_framed(language))


def sms_text(body: str, language: str, unsubscribe_url: str | None) -> str:
    """A text message with its way out. Raises UncomposableError where it takes too many segments."""
    words = footer_of(language)
    leave = f"{words.sms_leave} {unsubscribe_url}" if unsubscribe_url else words.sms_leave_by_reply
    # One space that does not break would put the whole text into UCS-2.
    whole = "\n".join([*paragraphs(body), leave]).replace("\u00a0", " ")
    needed = segments(whole)
    if needed.count > MOST_SEGMENTS:
        raise UncomposableError(
            f"The text message takes {needed.count} segments of {needed.encoding}, and at most {MOST_SEGMENTS} are "
            f"sent: shorten it by about {_over(needed.count)} percent"
        )
    return whole


def tag_of(language: str) -> str:
    """A language as tags are written."""
    return language.strip().replace("_", "-")


def footer_of(language: str) -> Footer:
    """The footer of a message in a language: its own, its base language's, or the English one."""
    return footer(footer_language(tag_of(language)))


@lru_cache(maxsize=256)
def _framed(language: str) -> str:
    tag, words = tag_of(language), footer_of(language)
    if footer_language(tag).casefold() in (tag.casefold(), tag.casefold().split("-")[0]):
        return f"with the footer in {words.name}, as the message is"
    shown = tag if TAG.fullmatch(tag) else "the message's language"
    return f"with the footer in {words.name}, since there is none in {shown}"


def _over(count: int) -> int:
    return -(-(count - MOST_SEGMENTS) * 100 // count)
