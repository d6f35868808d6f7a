"""Which language a message is written in: the one that was asked for, or its nearest relative, or English."""

from collections.abc import Mapping

COMPANY_LANGUAGE = "en"


def negotiate(wanted: str | None, names: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    """The tag of the language to write in, and the sentence that says why.

    `names` has every language that can be written, by tag, with what it is called; `wanted` is a tag such as
    hi-IN, or a language's name. A tag loses its last part until it fits (RFC 4647, lookup).
    """
    if wanted is None or not wanted.strip():
        return COMPANY_LANGUAGE, f"in {names[COMPANY_LANGUAGE][0]}, since no language is known of them"
    asked = wanted.strip().replace("_", "-").casefold()
    tags = {tag.casefold(): tag for tag in names}
    called = {name.casefold(): tag for tag, known in names.items() for name in known}
    parts = asked.split("-")
    for length in range(len(parts), 0, -1):
        tag = tags.get("-".join(parts[:length]))
        if tag is not None:
            return tag, f"in {names[tag][0]}, as they prefer"
    if asked in called:
        return called[asked], f"in {names[called[asked]][0]}, as they prefer"
    preferred = parts[0] if parts[0].isascii() and parts[0].isalpha() and len(parts[0]) <= 3 else "what they prefer"
    return COMPANY_LANGUAGE, f"in {names[COMPANY_LANGUAGE][0]}, since there are no messages in {preferred}"
