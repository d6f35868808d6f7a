"""How somebody feels by what they wrote, from 0 (worst) to 1 (best), read by the words that a language has for it.

It is a rule and not a judge: it knows words, negations, strength, turns and emoji, and neither irony nor context.
The same text is read the same way every time, and is never told to anyone.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import takewhile
from math import sqrt

from beforehand.followups.lexicon import ANY_LANGUAGE, LONGEST_PHRASE, Does, Entry, Lexicon, languages, lexicon
from beforehand.followups.tokens import CLAUSE_ENDS, MOST_CHARACTERS, SENTENCE_ENDS, folded, tokens

NEUTRAL = 0.5

REACH = 4
"""So many words a negation reaches."""

NEGATED = 0.6
LEAST_NOT_GOOD = 0.4
"""Not good says at least so much, however little the good word says: not fine is not neutral."""
MOST_NOT_BAD = 0.3
"""Not bad is never praise."""

BEFORE_A_TURN, AFTER_A_TURN = 0.7, 1.3
SOFTNESS = 0.75
"""How many words it takes to be certain: one that weighs 0.6 says 0.78, two say 0.91."""

REPEATED = re.compile(r"(.)\1{2,}")


def read(text: str, language: str | None) -> float:
    """The emotion of a text, from 0 to 1; 0.5 where it says nothing, or nothing that is known.

    `language` is a tag such as hi or en-IN. None: it may be any that is known. In a language that is not known,
    emoji alone are read. At most the first 10,000 characters count.
    """
    words = lexicon(_known(language))
    said = [_spoken(sentence) for sentence in _sentences(_matched(text[:MOST_CHARACTERS], words))]
    total = sum(said)
    return round(NEUTRAL + NEUTRAL * total / sqrt(total * total + SOFTNESS), 4)


def _known(language: str | None) -> str | None:
    if language is None or not language.strip():
        return None
    tag = language.strip().replace("_", "-").casefold()
    return next((one for one in (tag, tag.partition("-")[0]) if one in languages()), ANY_LANGUAGE)


def _matched(text: str, words: Lexicon) -> Iterator[Entry | str]:
    """What stands in a text: what is known of a word or a phrase, the longest first; other words as they are."""
    plain = folded(_faces(words).sub(lambda face: f" {words.faces[face[0]]} ", text))[:MOST_CHARACTERS]
    found = [_nearest(word, words) for word in tokens(plain)]
    at = 0
    while at < len(found):
        longest = min(LONGEST_PHRASE, len(found) - at)
        sizes = (size for size in range(longest, 0, -1) if tuple(found[at : at + size]) in words.entries)
        size = next(sizes, 0)
        yield words.entries[tuple(found[at : at + size])] if size else found[at]
        at += size or 1


@lru_cache(maxsize=8)
def _pattern(faces: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(faces, key=len, reverse=True)
    return re.compile("|".join(re.escape(face) + r"(?!\w)" for face in longest_first) or r"(?!)")


def _faces(words: Lexicon) -> re.Pattern[str]:
    return _pattern(tuple(words.faces))


def _nearest(word: str, words: Lexicon) -> str:
    """The word, or the one that is meant where letters are drawn out: sooo, goood."""
    if word in words.vocabulary or not REPEATED.search(word):
        return word
    shorter = (REPEATED.sub(letters, word) for letters in (r"\1\1", r"\1"))
    return next((one for one in shorter if one in words.vocabulary), word)


def _sentences(found: Iterator[Entry | str]) -> Iterator[list[Entry | str]]:
    sentence: list[Entry | str] = []
    for one in found:
        if one == SENTENCE_ENDS:
            yield sentence
            sentence = []
        else:
            sentence.append(one)
    yield sentence


def _spoken(sentence: Sequence[Entry | str]) -> float:
    """What a sentence says, above 0 for good: its words, each as those around it change it."""
    known = {at: one for at, one in enumerate(sentence) if isinstance(one, Entry)}
    weights = {at: one.value for at, one in known.items() if one.does is Does.WEIGHS}
    negated = _negated(sentence, weights)
    turn = max((at for at, one in known.items() if one.does is Does.TURNS), default=None)
    total = 0.0
    for at, weight in weights.items():
        value = _turned_round(weight) if at in negated else weight * _strength(sentence, at)
        if turn is not None:
            value *= BEFORE_A_TURN if at < turn else AFTER_A_TURN
        total += value
    return total


def _negated(sentence: Sequence[Entry | str], weights: dict[int, float]) -> set[int]:
    """Where in a sentence the words stand that are turned round."""
    found: set[int] = set()
    for at, one in enumerate(sentence):
        if _does(one, Does.NEGATES_LAST):
            last = next((near for near in _clause(sentence, at, -1) if near in weights), None)
            if last is not None:
                found.add(last)
                continue
        if _does(one, Does.NEGATES_LAST, Does.NEGATES_NEXT):
            found |= {near for near in _clause(sentence, at, 1) if near in weights}
    return found


def _clause(sentence: Sequence[Entry | str], at: int, step: int) -> Iterator[int]:
    """The places near one, on one side, that belong to the same clause."""
    near = range(at + step, at + step * (REACH + 1), step)
    within = (place for place in near if 0 <= place < len(sentence))
    return takewhile(
        lambda place: sentence[place] != CLAUSE_ENDS and not _does(sentence[place], Does.TURNS, Does.BREAKS), within
    )


def _strength(sentence: Sequence[Entry | str], at: int) -> float:
    """How much the two words before one strengthen it."""
    value = 1.0
    for one in reversed(sentence[max(0, at - 2) : at]):
        if not isinstance(one, Entry) or one.does is not Does.STRENGTHENS:
            break
        value *= one.value
    return value


def _turned_round(weight: float) -> float:
    if weight > 0:
        return -max(weight * NEGATED, LEAST_NOT_GOOD)
    return min(-weight * NEGATED, MOST_NOT_BAD)


def _does(one: Entry | str, *what: Does) -> bool:
    return isinstance(one, Entry) and one.does in what
