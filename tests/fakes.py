"""Stand-ins that keep in memory what the real ones keep elsewhere."""

from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel

from beforehand.errors import NotFoundError

M = TypeVar("M", bound=BaseModel)


class MemoryFiles:
    """The files bucket in memory; like the real one it keeps text, so whatever is read went through JSON."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def write(self, key: str, document: BaseModel) -> None:
        self.kept[key] = document.model_dump_json()

    def claim(self, key: str, document: BaseModel) -> bool:
        return self.kept.setdefault(key, text := document.model_dump_json()) is text

    def write_lines(self, key: str, documents: Iterable[BaseModel]) -> None:
        self.kept[key] = "".join(f"{document.model_dump_json()}\n" for document in documents)

    def read(self, key: str, kind: type[M]) -> M:
        if key not in self.kept:
            raise NotFoundError(f"There is no file {key} in memory")
        return kind.model_validate_json(self.kept[key])

    def find(self, key: str, kind: type[M]) -> M | None:
        return self.read(key, kind) if key in self.kept else None
