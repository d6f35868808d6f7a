"""The files in `messages/`, one for each language: what stands in them, checked when they are read.

A language is added by dropping a file there: its name is the language's tag (`te.toml`, `pt-BR.toml`).
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from beforehand.churn.model import Action
from beforehand.churn.themes import Theme
from beforehand.errors import BeforehandError

MESSAGES = Path(__file__).parent / "messages"

Text = Annotated[str, Field(min_length=1)]


class InvalidMessagesError(BeforehandError):
    """A file of messages lacks something, or has something that nobody reads."""


class Part(BaseModel):
    """Base of what stands in a file of messages."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ThemeTexts(Part):
    """What a message about one theme says, by e-mail and as a text message."""

    subject: Text
    opening: Text
    sms: Text


class Messages(Part):
    """All that is written in one language. `name` is what English calls it, `own_name` what it calls itself.

    `promises` are words that stand for what nobody approved: a refund, a discount, a gift. A language model writes
    only in languages that have them, since its text is held to them.
    """

    name: Text
    own_name: Text
    greeting: Text
    greeting_nameless: Text
    closing: Text
    themes: Mapping[Theme, ThemeTexts]
    actions: Mapping[Action, Text]
    promises: tuple[Text, ...] = ()

    def texts(self) -> Iterator[str]:
        """Every text that a customer may read."""
        yield from (self.greeting, self.greeting_nameless, self.closing)
        for theme in self.themes.values():
            yield from (theme.subject, theme.opening, theme.sms)
        yield from self.actions.values()


def languages() -> tuple[str, ...]:
    """The tags of the languages that can be written."""
    return tuple(sorted(path.stem for path in MESSAGES.glob("*.toml")))


def names() -> Mapping[str, tuple[str, ...]]:
    """What each language is called, by tag."""
    return {tag: (messages(tag).name, messages(tag).own_name) for tag in languages()}


@cache
def messages(language: str) -> Messages:
    """The messages of one language. Raises InvalidMessagesError naming the file and what is wrong in it."""
    path = MESSAGES / f"{language}.toml"
    try:
        found = Messages.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise InvalidMessagesError(f"{path.name}: {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidMessagesError(f"{path.name}: {problems}") from error
    lacking = [str(name) for kind, has in ((Theme, found.themes), (Action, found.actions)) for name in kind
               if name not in has]  # fmt: skip
    if lacking:
        raise InvalidMessagesError(f"{path.name}: has nothing for {', '.join(lacking)}")
    return found
