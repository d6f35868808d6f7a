"""The terminal: what is for people goes through rich, what is for programs is printed plainly."""

import sys

from rich.console import Console

console = Console(soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)


def print_json(text: str) -> None:
    """Prints a JSON document on one line."""
    sys.stdout.write(text + "\n")
