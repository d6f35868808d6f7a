"""The files in `lexicons/`, one for each language: words with how good or bad they are, checked when they are read.

A language is added by dropping a file there: its name is the language's tag. `und.toml` is read with every
language, known or not.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from beforehand.errors import BeforehandError
from beforehand.followups.tokens import folded, tokens

LEXICONS = Path(__file__).parent / "lexicons"
ANY_LANGUAGE = "und"
LONGEST_PHRASE = 4

Term = Annotated[str, Field(min_length=1, max_length=60)]
Terms = tuple[Term, ...]
Weight = Annotated[float, Field(ge=-1, le=1)]
Strength = Annotated[float, Field(gt=0, le=2)]


class InvalidLexiconError(BeforehandError):
    """A file of words lacks something, has a word twice, or has something that nobody reads."""


class Does(StrEnum):
    """What a word does to the emotion of its sentence."""

    WEIGHS = "weighs"
    STRENGTHENS = "strengthens"
    TURNS = "turns"
    BREAKS = "breaks"
    NEGATES_NEXT = "negates next"
    NEGATES_LAST = "negates last"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A word or phrase. `value` is its weight (-1 to 1) or its strength (above 0, 1 changes nothing)."""

    does: Does
    value: float = 0


Entries = Mapping[tuple[str, ...], Entry]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """What is known of how a language feels. `vocabulary` has every word of its entries."""

    entries: Entries
    vocabulary: frozenset[str]
    faces: Mapping[str, str]


class Part(BaseModel):
    """Base of what stands in a file of words."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Clauses(Part):
    """What begins another thought: after a turn it counts for more than what came before."""

    turns: Terms = ()
    breaks: Terms = ()


class Negations(Part):
    """What turns others round: those that come after it, or (`after`) the one that it comes after."""

    before: Terms = ()
    after: Terms = ()


class LexiconDocument(Part):
    """What a file of words holds."""

    reads_also: tuple[str, ...] = ()
    words: Mapping[Weight, Terms]
    strength: Mapping[Strength, Terms] = {}
    clauses: Clauses = Clauses.model_construct()
    negations: Negations = Negations.model_construct()
    faces: Mapping[Term, Term] = {}

    def listed(self) -> Iterator[tuple[str, Entry]]:
        """Each term as it is written, and what it does."""
        for weight, terms in self.words.items():
            yield from ((term, Entry(does=Does.WEIGHS, value=weight)) for term in terms)
        for strength, terms in self.strength.items():
            yield from ((term, Entry(does=Does.STRENGTHENS, value=strength)) for term in terms)
        for does, terms in (
            (Does.TURNS, self.clauses.turns),
            (Does.BREAKS, self.clauses.breaks),
            (Does.NEGATES_NEXT, self.negations.before),
            (Does.NEGATES_LAST, self.negations.after),
        ):
            yield from ((term, Entry(does=does)) for term in terms)


@cache
def languages() -> tuple[str, ...]:
    """The tags of the languages whose words are known."""
    return tuple(sorted(path.stem for path in LEXICONS.glob("*.toml") if path.stem != ANY_LANGUAGE))


@cache
def lexicon(language: str | None) -> Lexicon:
    """The words of a language and of those that it is mixed with; None: of every language that there is.

    Raises InvalidLexiconError naming the file and what is wrong in it.
    """
    named = languages() if language is None else (language,)
    files = [document(tag) for tag in named]
    files += [document(tag) for one in files for tag in one.reads_also if tag not in named]
    if ANY_LANGUAGE not in named:
        files.append(document(ANY_LANGUAGE))
    found: dict[tuple[str, ...], Entry] = {}
    faces: dict[str, str] = {}
    for one in reversed(files):
        found |= entries(one)
        faces |= one.faces
    return Lexicon(entries=found, vocabulary=frozenset(word for term in found for word in term), faces=faces)


@cache
def document(tag: str) -> LexiconDocument:
    """One file as it is. Raises InvalidLexiconError."""
    return read(LEXICONS / f"{tag}.toml")


def read(path: Path) -> LexiconDocument:
    """The words of a file. Raises InvalidLexiconError naming the file and what is wrong in it."""
    try:
        found = LexiconDocument.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        entries(found)
    except FileNotFoundError as error:
        raise InvalidLexiconError(f"{path.name} is not there, and another file reads it also") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, InvalidLexiconError) as error:
        raise InvalidLexiconError(f"{path.name}: {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidLexiconError(f"{path.name}: {problems}") from error
    return found


def entries(given: LexiconDocument) -> dict[tuple[str, ...], Entry]:
    """What each term does, by its words as they are compared. Raises InvalidLexiconError."""
    found: dict[tuple[str, ...], Entry] = {}
    for term, entry in given.listed():
        words = tuple(tokens(folded(term)))
        if not 0 < len(words) <= LONGEST_PHRASE:
            raise InvalidLexiconError(f"{term!r} has {len(words)} words; write 1 to {LONGEST_PHRASE}")
        if found.get(words, entry) != entry:
            raise InvalidLexiconError(f"{term!r} stands there twice and says two things; take one of them out")
        found[words] = entry
    return found
