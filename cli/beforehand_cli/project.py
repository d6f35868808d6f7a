"""Where the project is: the folder with `cdk.json`, at or above the place where the command runs."""

from pathlib import Path

from beforehand.errors import BeforehandError


class NoProjectError(BeforehandError):
    """There is no cdk.json here or above."""

    def __init__(self, start: Path) -> None:
        super().__init__(f"There is no cdk.json in {start} or above it; run this inside a checkout of Beforehand.")


def root(start: Path | None = None) -> Path:
    """The project's folder. Raises NoProjectError."""
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if (folder / "cdk.json").is_file():
            return folder
    raise NoProjectError(begin)
