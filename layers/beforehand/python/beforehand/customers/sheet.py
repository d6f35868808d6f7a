"""What a file looks like once it is open: a header, and numbered rows of cells."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

Flaws = Mapping[int, str]
"""What is wrong with cells of a row before anyone reads them, by their place (from 0); -1: the row itself."""

SOUND: Flaws = {}


class UnreadableFileError(ValueError):
    """A file that cannot be imported at all; the message says what is wrong and how to mend it."""


class Sheet(Protocol):
    """A file to import, whatever its form. A row that is empty is passed over by who reads it."""

    @property
    def header(self) -> tuple[str, ...]:
        """The columns' names; without a header, their places from 1."""
        ...

    @property
    def about(self) -> tuple[str, ...]:
        """What was found out about the file and not said by anyone, as sentences without an end."""
        ...

    def __iter__(self) -> Iterator[tuple[int, Sequence[str], Flaws]]:
        """Each row: its line in the file (the header's is the first), its cells, and what is wrong with them."""
        ...
