"""What a deploy would carry, as one hash, so that an unchanged project is not deployed again."""

import hashlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

SOURCES = ("infra", "functions", "layers", "console", "app", "cdk.json", "app.py")
_LEFT_OUT = {"__pycache__", "node_modules"}


def fingerprint(project_root: Path, context: Mapping[str, str]) -> str:
    """The hash of the project's deployed sources, the context values and this Python's version."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {sorted(context.items())}".encode())
    for path in _files(project_root):
        digest.update(f"{path.relative_to(project_root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(project_root: Path) -> Iterator[Path]:
    for name in SOURCES:
        source = project_root / name
        if source.is_file():
            yield source
        for path in sorted(source.rglob("*")) if source.is_dir() else ():
            parts = path.relative_to(project_root).parts
            if path.is_file() and path.suffix != ".pyc" and not _LEFT_OUT & set(parts) and parts[-1][0] != ".":
                yield path
