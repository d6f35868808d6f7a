"""Holds a text to the language it should be in: by its script, and by the words that the language's messages use.

What is known of a language is what its own file of messages says, so one that is added is known at once.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_FOREIGN = 0.1
"""So much of a text may be in another script: names of products are."""

SCRIPT_COUNTS_FROM = 0.05
FEWEST_KNOWN_WORDS = 0.15
"""So much of any longer text is words that the language's own messages use as well: chosen, not measured."""

TEMPLATE = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What is known of a language: the scripts it is written in, and words that it uses."""

    scripts: frozenset[str]
    words: frozenset[str]


def sample_of(texts: Sequence[str]) -> Sample:
    """What texts in a language show of it."""
    text = TEMPLATE.sub(" ", " ".join(texts))
    counts = _scripts(text)
    most = sum(counts.values()) * SCRIPT_COUNTS_FROM
    return Sample(
        scripts=frozenset(script for script, count in counts.items() if count >= most),
        words=frozenset(words_of(text)),
    )


def problems(text: str, language: str, samples: Mapping[str, Sample]) -> list[str]:
    """What shows that a text is not in the language; nothing when it seems to be."""
    if not in_script(text, samples[language]):
        return ["it is not in the script of its language"]
    shares = {tag: _share(text, sample) for tag, sample in samples.items()}
    own = shares[language]
    if own < FEWEST_KNOWN_WORDS or any(share > own for tag, share in shares.items() if tag != language):
        return ["it is not in its language"]
    return []


def in_script(text: str, sample: Sample) -> bool:
    """Whether a text has letters, and nearly all of them are of the language's scripts."""
    counts = _scripts(text)
    letters = sum(counts.values())
    foreign = sum(count for script, count in counts.items() if script not in sample.scripts)
    return letters > 0 and foreign <= letters * MOST_FOREIGN


def words_of(text: str) -> list[str]:
    """The words of a text, in small letters, with the marks that belong to them."""
    plain = unicodedata.normalize("NFC", text).casefold()
    kept = "".join(c if unicodedata.category(c)[0] in "LM" or c in "\u200c\u200d" else " " for c in plain)
    return kept.split()


def _scripts(text: str) -> Counter[str]:
    """How many letters a text has of each script, as Unicode's names begin."""
    names = (unicodedata.name(c, "UNKNOWN").split()[0] for c in text if unicodedata.category(c)[0] == "L")
    return Counter(names)


def _share(text: str, sample: Sample) -> float:
    found = words_of(text)
    return sum(word in sample.words for word in found) / len(found) if found else 0.0
