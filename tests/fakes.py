"""Stand-ins that keep in memory what the real ones keep elsewhere."""

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

    def read(self, key: str, kind: type[M]) -> M:
        if key not in self.kept:
            raise NotFoundError(f"There is no file {key} in memory")
        return kind.model_validate_json(self.kept[key])

    def find(self, key: str, kind: type[M]) -> M | None:
        return self.read(key, kind) if key in self.kept else None
