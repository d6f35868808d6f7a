"""What an import did to the tables."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """How many rows were new, different, and the same as before."""

    added: int
    changed: int
    unchanged: int
