"""What a language model is asked, and what comes back: the port behind which any model stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from beforehand.errors import BeforehandError


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Instructions of ours, facts as a JSON document, and the one tool whose input is the answer (JSON Schema)."""

    instructions: str
    facts: str
    tool: str
    purpose: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a model said: why it stopped, in its service's word, and what it gave the tool, None where nothing."""

    stopped: str
    given: Any
    input_tokens: int
    output_tokens: int


class NoAnswerError(BeforehandError):
    """A model did not answer; the message says why, and holds nothing of what was asked."""


class LanguageModel(Protocol):
    """Something that answers a question, or raises NoAnswerError. It is called once for each question."""

    @property
    def name(self) -> str:
        """The model's name."""

    def ask(self, question: Question) -> Answer:
        """Its answer. Raises NoAnswerError."""
