"""How many parts a text message is billed as, before there is one: of its text, and of the way out below it."""

from collections.abc import Callable

from beforehand.outreach.messages.frames import footer, footer_language
from beforehand.outreach.messages.sms import segments
from beforehand.outreach.suppression.tokens import LENGTH, url

UNWRITTEN = 1
"""Parts of a message that nobody has written yet."""


def parts_with(public_url: str | None) -> Callable[[str, str], int]:
    """Counts the parts of a text in a language, with the way out that messages of this deployment have."""
    leave_at = None if public_url is None else url(public_url, "x" * LENGTH)

    def parts_of(text: str, language: str) -> int:
        if not text.strip():
            return UNWRITTEN
        words = footer(footer_language(language.strip().replace("_", "-")))
        leave = f"{words.sms_leave} {leave_at}" if leave_at else words.sms_leave_by_reply
        return segments(f"{text.strip()}\n{leave}").count

    return parts_of
