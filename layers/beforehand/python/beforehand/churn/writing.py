"""The fourth step of a scan, and the fourth agent, Empathy: the message for one customer, held to the facts."""

from typing import Protocol, TypeVar

from pydantic import BaseModel

from beforehand.churn import facts_check
from beforehand.churn.documents import Brief, Draft, brief_file, draft_file
from beforehand.churn.model import Letter
from beforehand.events.churn import MessageRequested, MessageWritten

M = TypeVar("M", bound=BaseModel)


class Writer(Protocol):
    """Whoever finds the words: a set of templates, or a model."""

    def write(self, brief: Brief) -> Letter:
        """The message for one customer."""


class Files(Protocol):
    """Where briefs are read and drafts are left."""

    def read(self, key: str, kind: type[M]) -> M:
        """A document that was written before. Raises NotFoundError."""

    def find(self, key: str, kind: type[M]) -> M | None:
        """A document, or None where nothing was written."""

    def write(self, key: str, document: BaseModel) -> None:
        """Puts a document in its place."""


def write(request: MessageRequested, *, files: Files, writer: Writer, company: str) -> MessageWritten:
    """Writes one message. A text that fails the check is kept as a draft, refused, and never proposed.

    A draft for which a language model was asked is not written again when the step is repeated.
    """
    known = files.find(draft_file(request.run_id, request.customer_id), Draft)
    if known is not None and known.model is not None:
        return _written(known)
    brief = files.read(brief_file(request.run_id, request.customer_id), Brief)
    letter = writer.write(brief)
    found = facts_check.problems(letter, brief, company)
    draft = Draft(
        run_id=request.run_id,
        customer_id=request.customer_id,
        language=letter.language,
        language_name=letter.language_name,
        subject=letter.subject,
        body=letter.body,
        tone=letter.tone,
        because=letter.because,
        refused="; ".join(found) or None,
        model=letter.asked,
    )
    files.write(draft_file(request.run_id, request.customer_id), draft)
    return _written(draft)


def _written(draft: Draft) -> MessageWritten:
    return MessageWritten(
        run_id=draft.run_id,
        customer_id=draft.customer_id,
        language=draft.language,
        because=f"refused: {draft.refused}" if draft.refused else draft.because,
    )
