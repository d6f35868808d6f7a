"""Which language's template is used: the one that was asked for, its base, the company's, or English."""

from collections.abc import Callable, Collection, Iterator

from beforehand.outreach.messages.model import NoTemplateError

ENGLISH = "en"


def negotiate(
    wanted: str | None, there: Collection[str], *, company: str = ENGLISH, called: Callable[[str], str], name: str
) -> tuple[str, str]:
    """The tag of the template to use, and the sentence that says why.

    A tag loses its last part until there is a template (RFC 4647, lookup); then the company's language is looked up
    in the same way, then English. `called` gives a language's name. Raises NoTemplateError where none is there.
    """
    tags = {tag.casefold(): tag for tag in there}
    asked = _plain(wanted)
    for tag in _shorter(asked.casefold()):
        if tag in tags:
            found = tags[tag]
            if tag == asked.casefold():
                return found, f"in {called(found)}, as they prefer"
            return found, f"in {called(found)}, since there is none in {_shown(asked)}"
    missing = f"there is none in {_shown(asked)}" if asked else "no language is known of them"
    for tag in _shorter(_plain(company).casefold()):
        if tag in tags:
            return tags[tag], f"in {called(tags[tag])}, the company's language, since {missing}"
    if ENGLISH in tags:
        return tags[ENGLISH], f"in {called(tags[ENGLISH])}, since {missing} and none in the company's language"
    languages = ", ".join(sorted(there))
    raise NoTemplateError(
        f"Template {name}: {missing}, in the company's language or in English, only in {languages}; "
        f"save it in {company} or {ENGLISH}"
    )


def _plain(tag: str | None) -> str:
    return (tag or "").strip().replace("_", "-")


def _shorter(tag: str) -> Iterator[str]:
    parts = tag.split("-")
    return ("-".join(parts[:length]) for length in range(len(parts), 0, -1) if tag)


def _shown(tag: str) -> str:
    """The tag for a sentence; what is no tag is not repeated."""
    parts = tag.split("-")
    is_tag = all(part.isascii() and part.isalnum() and len(part) <= 8 for part in parts) and len(parts[0]) <= 3
    return tag if is_tag and len(parts) <= 5 else "what they prefer"
