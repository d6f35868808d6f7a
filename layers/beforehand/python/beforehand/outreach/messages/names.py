"""Names of people as they may stand in a message: they come from files that nobody vouches for."""

import re
from unicodedata import category

MOST_NAME = 80
MOST_NAME_WORDS = 8
LINK = re.compile(r"https?:|www\.|\w{2,}\.[^\W\d]{2,}", re.IGNORECASE)
PLACEHOLDER = re.compile(r"\{\{|\}\}|\{%|%\}|\[[^\]]*\]|<[^>]*>")
FAMILY_NAME_FIRST = frozenset(("hu", "ja", "ko", "vi", "zh"))
"""Languages in which the first word of a name is not what a person is called by."""


def greetable(name: str | None) -> str | None:
    """A name as it may stand in a greeting, or None for one that is missing or is no name.

    A link or a second line must not travel into a message.
    """
    plain = " ".join((name or "").split())
    if not 0 < len(plain) <= MOST_NAME or len(plain.split()) > MOST_NAME_WORDS:
        return None
    if LINK.search(plain) or PLACEHOLDER.search(plain):
        return None
    return plain if all(_may_be_in_a_name(character) for character in plain) else None


def given_name(name: str, language: str) -> str:
    """The first word of a name, or the whole where that is an initial, a title, or a family name."""
    first, _, rest = name.partition(" ")
    if not rest or first.endswith(".") or sum(letter.isalpha() for letter in first) < 2:
        return name
    return name if language.split("-")[0].casefold() in FAMILY_NAME_FIRST else first


def _may_be_in_a_name(character: str) -> bool:
    # Marks and joiners are part of the letters of many scripts: of Hindi and Tamil, for two.
    return category(character)[0] in "LM" or character in " .,'’-·\u200c\u200d"
