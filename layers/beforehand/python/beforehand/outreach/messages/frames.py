"""The files in `footers/`, one for each language: what stands around every message, checked when they are read.

A language is added by dropping a file there: its name is the language's tag (`te.toml`, `pt-BR.toml`).
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from beforehand.outreach.messages.model import MessageError

FOOTERS = Path(__file__).parent / "footers"
ENGLISH = "en"

TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
RIGHT_TO_LEFT = frozenset(("ar", "ckb", "dv", "fa", "he", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"))
RIGHT_TO_LEFT_SCRIPTS = frozenset(("adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"))

Text = Annotated[str, Field(min_length=1)]


class InvalidFooterError(MessageError):
    """A file of footers lacks something, or has something that nobody reads."""


class Footer(BaseModel):
    """What stands below every message in one language. `why` names the company as `{company}`.

    `leave` is shown with an address to click, `leave_by_reply` without one; `sms_leave` and `sms_leave_by_reply`
    are the same for text messages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: Text
    why: Annotated[str, Field(pattern=r"\{company\}")]
    leave: Text
    leave_by_reply: Text
    help: Text
    sms_leave: Text
    sms_leave_by_reply: Annotated[str, Field(pattern=r"\bSTOP\b")]


def languages() -> tuple[str, ...]:
    """The tags of the languages that there are footers in."""
    return tuple(sorted(path.stem for path in FOOTERS.glob("*.toml")))


@cache
def footer(language: str) -> Footer:
    """The footer of one language that has a file. Raises InvalidFooterError naming the file and what is wrong."""
    path = FOOTERS / f"{language}.toml"
    try:
        return Footer.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise InvalidFooterError(f"{path.name}: {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidFooterError(f"{path.name}: {problems}") from error


@cache
def footer_language(language: str) -> str:
    """The language of the footer of a message: its own, its base language, or English."""
    known = {tag.casefold(): tag for tag in languages()}
    parts = language.casefold().split("-")
    candidates = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((known[tag] for tag in candidates if tag in known), ENGLISH)


def direction(language: str) -> str:
    """`rtl` or `ltr`: the script of the tag where it names one, else the language's usual one."""
    base, *more = language.casefold().split("-")
    script = next((part for part in more if len(part) == 4 and part.isalpha()), None)
    if script is not None:
        return "rtl" if script in RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if base in RIGHT_TO_LEFT else "ltr"
