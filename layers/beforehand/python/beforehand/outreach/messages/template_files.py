"""The templates that come with the product, `files/<name>/<language>.toml`, checked when they are read.

A template is added by dropping a file there: its folder is its name, and its own name is the language's tag.
"""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from beforehand.outreach.messages.documents import TemplateDocument
from beforehand.outreach.messages.model import SHIPPED, Catalogue, MessageError, Template

FILES = Path(__file__).parent / "files"


class InvalidTemplateFileError(MessageError):
    """A file of a template lacks something, or has something that nobody reads."""


@cache
def shipped() -> Catalogue:
    """Every template that comes with the product. Raises InvalidTemplateFileError naming the file."""
    found: dict[str, dict[str, Template]] = {}
    for path in sorted(FILES.glob("*/*.toml")):
        found.setdefault(path.parent.name, {})[path.stem] = read(path)
    return found


def read(path: Path) -> Template:
    """The template of one file, whose place says its name and language. Raises InvalidTemplateFileError."""
    where = f"{path.parent.name}/{path.name}"
    try:
        document = TemplateDocument.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidTemplateFileError(f"{where}: {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidTemplateFileError(f"{where}: {problems}") from error
    return document.template(path.parent.name, path.stem, version=SHIPPED)
