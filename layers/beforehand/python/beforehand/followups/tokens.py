"""Cuts a text in any script into words, emoji, and ends of clauses and sentences, in time linear in its length."""

import unicodedata
from collections.abc import Iterator

MOST_CHARACTERS = 10_000
"""So much of a text is read; what comes after is left out."""

CLAUSE_ENDS, SENTENCE_ENDS = "\x1e", "\x1d"
"""What stands among the words for a comma and for a full stop."""

MOST_MARKS = 8
"""More marks on one letter than any language writes; to sort thousands of them takes the square of their time."""

ENDS = dict.fromkeys(",;:،、，(", CLAUSE_ENDS) | dict.fromkeys(".!?।॥\n\r…。؟", SENTENCE_ENDS)
FOLDED = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "\u0901": "\u0902"}
    # Nukta, joiners and the sign that makes an emoji colourful: people write them or not, and mean the same.
    | dict.fromkeys("\u093c\u200b\u200c\u200d\u2060\ufe0e\ufe0f\u00ad")
)


def folded(text: str) -> str:
    """The text as it is compared: composed, in small letters, without what people write or leave out at will."""
    composed = unicodedata.normalize("NFKC", _few_marks(text))
    return unicodedata.normalize("NFKC", composed.casefold()).translate(FOLDED)


def _few_marks(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def tokens(text: str) -> Iterator[str]:
    """Words, signs, and CLAUSE_ENDS or SENTENCE_ENDS, as they come in a folded text."""
    word: list[str] = []
    for character in text:
        kind = unicodedata.category(character)
        if kind[0] in "LMN" or character == "'":
            word.append(character)
            continue
        yield from _whole(word)
        word.clear()
        if kind == "So":
            yield character
        elif character in ENDS:
            yield ENDS[character]
    yield from _whole(word)


def _whole(letters: list[str]) -> Iterator[str]:
    word = "".join(letters).strip("'")
    if word:
        yield word
