"""A language model as the writer: asked within bounds, never trusted, the template always behind it.

The model is told what we know and nothing that the customer wrote: no name, no label, no free text. Whatever a
record says, it says it to nobody who could obey it. Greeting, offer and signature are the template's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from beforehand.ai import Answer, LanguageModel, NoAnswerError, Question
from beforehand.churn import facts_check, message_files, prompt, text_check
from beforehand.churn.documents import Brief, ModelAsked, asked_file
from beforehand.churn.model import Asked, Letter
from beforehand.churn.text_check import Written
from beforehand.outreach.model import Channel

REFUSALS = {
    "guardrail_intervened": "the guardrail stepped in",
    "content_filtered": "the model's text was filtered",
    "refusal": "the model refused",
    "model_context_window_exceeded": "the facts were too long for the model",
}
"""Why a model stopped for good; asking again would be asking the same."""


class Templates(Protocol):
    """The writer that always has an answer, and the frame of every letter."""

    def write(self, brief: Brief) -> Letter:
        """The message for one customer."""

    def around(self, brief: Brief, *, subject: str, text: str, tone: str, because: str) -> Letter:
        """A letter around a text that is put in as it is."""

    def asking(self, brief: Brief) -> str:
        """The sentence with which the message ends."""

    def known(self, brief: Brief) -> Mapping[str, Any]:
        """What a message may say of the customer."""


class Files(Protocol):
    """Where it stands that a model is asked."""

    def claim(self, key: str, document: BaseModel) -> bool:
        """Puts a document in its place if nothing is there."""


@dataclass(slots=True)
class _Count:
    """What one letter has used so far."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class ModelWriter:
    """Lets a model find the words, as often as the brief allows; the templates write where it may not or fails."""

    def __init__(self, model: LanguageModel, *, templates: Templates, files: Files, company: str) -> None:
        self._model = model
        self._templates = templates
        self._files = files
        self._company = company

    def write(self, brief: Brief) -> Letter:
        """The message for one customer; `because` says who wrote it, and why not the model where it did not."""
        template = self._templates.write(brief)
        why_not = self._why_not(brief, template)
        if why_not:
            return replace(template, because=f"{template.because}, by the template: {why_not}")
        used, because = _Count(), ""
        while used.calls < brief.model_calls:
            used.calls += 1
            try:
                answer = self._model.ask(self._question(brief, template, because))
            except NoAnswerError as error:
                because = str(error)
                break
            used.input_tokens += answer.input_tokens
            used.output_tokens += answer.output_tokens
            if answer.stopped in REFUSALS:
                because = REFUSALS[answer.stopped]
                break
            letter, because = self._read(answer, brief, template)
            if letter is not None:
                return replace(letter, asked=self._asked(used, wrote=True))
        because = f"{template.because}, by the template: {because}"
        return replace(template, because=because, asked=self._asked(used, wrote=False))

    def _why_not(self, brief: Brief, template: Letter) -> str | None:
        if brief.model_calls < 1:
            return "the run's budget for the model is spent"
        if not message_files.messages(template.language).promises:
            return f"nobody listed what must not be promised in {template.language_name}"
        asked = ModelAsked(run_id=brief.run_id, customer_id=brief.customer_id)
        if not self._files.claim(asked_file(brief.run_id, brief.customer_id), asked):
            return "the model was asked by an attempt that did not come back"
        return None

    def _question(self, brief: Brief, template: Letter, problems: str) -> Question:
        return prompt.question(
            brief,
            language=template.language,
            language_name=template.language_name,
            tone=template.tone,
            company=self._company,
            asking=self._templates.asking(brief),
            known=self._templates.known(brief),
            problems=problems,
        )

    def _read(self, answer: Answer, brief: Brief, template: Letter) -> tuple[Letter | None, str]:
        """The letter that an answer makes, or None and why it is not taken."""
        if answer.stopped == "max_tokens":
            return None, "the model's text was cut off"
        try:
            written = Written.model_validate(answer.given)
        except ValidationError:
            return None, "the model's answer is not what was asked for"
        found = text_check.wrong_with(
            written,
            brief,
            language=template.language,
            tone=template.tone,
            instructions=prompt.INSTRUCTIONS,
        )
        named = f"{self._company}: {written.text}" if brief.channel is Channel.SMS else written.text
        letter = self._templates.around(
            brief,
            subject=written.subject,
            text=named,
            tone=written.tone,
            because=f"{template.because}, by the model {self._model.name}",
        )
        found += facts_check.problems(letter, brief, self._company)
        return (None, f"the model's text was refused: {'; '.join(found)}") if found else (letter, "")

    def _asked(self, used: _Count, *, wrote: bool) -> Asked:
        return Asked(
            model=self._model.name,
            calls=used.calls,
            input_tokens=used.input_tokens,
            output_tokens=used.output_tokens,
            wrote=wrote,
        )
