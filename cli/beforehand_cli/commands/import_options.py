"""What imports and their preview are given: a file, and a mapping for it."""

from pathlib import Path
from typing import Annotated

import typer

from beforehand.customers.mapping import ImportMapping, read_mapping
from beforehand.customers.sheet import UnreadableFileError

File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A CSV or Excel (.xlsx) file.")
]
MappingFile = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        exists=True,
        dir_okay=False,
        readable=True,
        help="How to read the file: TOML or JSON, see docs/importing.md.",
    ),
]


def mapping_of(path: Path | None) -> ImportMapping | None:
    """The mapping in a file. Raises BadParameter naming what is wrong with it."""
    if path is None:
        return None
    try:
        return read_mapping(path.read_bytes(), name=path.name)
    except UnreadableFileError as error:
        raise typer.BadParameter(str(error)) from error
