"""Holds what a language model wrote to what it was asked for; `facts_check` then holds the letter to the facts."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal
from unicodedata import category

from pydantic import BaseModel, ConfigDict, Field

from beforehand.churn import message_files
from beforehand.churn.documents import Brief
from beforehand.churn.language_check import Sample, in_script, problems, sample_of, words_of
from beforehand.outreach.model import Channel

MOST_TEXT = {Channel.EMAIL: 900, Channel.SMS: 300}
LEAK_WORDS = 6
ECHO_CHARACTERS = 12
JOINERS = "\u200c\u200d\n"
NO_PUNCTUATION = "*#_@%/|\\{}[]"
ROLE = re.compile(r"\b(?:system|assistant|user|human|developer|tool)\s*:", re.IGNORECASE)


class Written(BaseModel):
    """What the model gives: exactly this."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True, hide_input_in_errors=True)

    language: str
    tone: Literal["apologetic", "personal", "warm"]
    subject: Annotated[str, Field(min_length=1, max_length=150)]
    text: Annotated[str, Field(min_length=20, max_length=900)]


def wrong_with(written: Written, brief: Brief, *, language: str, tone: str, instructions: str) -> list[str]:
    """What keeps the text from being taken; nothing when it may be. The sentences hold nothing of it."""
    whole = f"{written.subject}\n{written.text}"
    found = [
        (written.language != language, "it says that it is in another language"),
        (written.tone != tone, "it has another tone than was asked for"),
        (len(written.text) > MOST_TEXT[brief.channel], "it is too long"),
        (any(category(c)[0] == "C" and c not in JOINERS for c in whole), "it has control characters"),
        (_is_marked(whole), "it has marks that no letter has"),
        (not in_script(written.subject, samples()[language]), "its subject is not in the script of its language"),
        (_promises(whole, language), "it promises what nobody approved"),
        (_leaks(whole, instructions), "it repeats its instructions"),
        (_echoes(whole, brief), "it repeats what stands in the customer's record"),
    ]
    return [problem for is_so, problem in found if is_so] + problems(written.text, language, samples())


@cache
def samples() -> Mapping[str, Sample]:
    """What is known of each language from its messages."""
    return {tag: sample_of(tuple(message_files.messages(tag).texts())) for tag in message_files.languages()}


def _is_marked(text: str) -> bool:
    """Whether it has signs of code, markup, money or role tags."""
    return ROLE.search(text) is not None or any(c in NO_PUNCTUATION or category(c)[0] == "S" for c in text)


def _promises(text: str, language: str) -> bool:
    plain = f" {' '.join(words_of(text))} "
    return any(f" {' '.join(words_of(word))}" in plain for word in message_files.messages(language).promises)


def _leaks(text: str, instructions: str) -> bool:
    said, ours = words_of(text), words_of(instructions)
    runs = {tuple(ours[at : at + LEAK_WORDS]) for at in range(len(ours) - LEAK_WORDS + 1)}
    return any(tuple(said[at : at + LEAK_WORDS]) in runs for at in range(len(said) - LEAK_WORDS + 1))


def _echoes(text: str, brief: Brief) -> bool:
    """Whether it has a text that the customer's record brought in. The model was told none of them."""
    signals = brief.signals
    brought = [brief.name, brief.language, signals.segment, signals.loyalty_tier, brief.customer_id]
    said = _plain(text)
    return any(_plain(one) in said for one in brought if one and _is_telling(one))


def _is_telling(text: str) -> bool:
    return len(text.split()) > 1 or len(text) >= ECHO_CHARACTERS


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
