"""The terminal: what is for people goes through rich, what is for programs is printed plainly."""

import os
import sys

from rich.console import Console

WIDE = 1_000
"""How long the lines of a table may become where no terminal bounds them: in a pipe, a cell is one line."""

console = Console(soft_wrap=True)
if not console.is_terminal and "COLUMNS" not in os.environ:
    console.width = WIDE
errors = Console(stderr=True, soft_wrap=True)


def print_json(text: str) -> None:
    """Prints a JSON document on one line."""
    sys.stdout.write(text + "\n")
