"""Leaves the memory of customers as files, `memory/{customer_id}.jsonl`: one line for each intervention."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from beforehand.churn.documents import MemoryLine
from beforehand.events.churn import MemoryExported, MemoryRequested, memory_file

AT_ONCE = 200


class Memory(Protocol):
    """What was tried with each customer."""

    def after(self, customer_id: str | None, *, limit: int) -> list[str]:
        """The next customers, by id, of whom something is remembered."""

    def lines(self, customer_id: str) -> list[MemoryLine]:
        """All that is remembered of a customer, oldest first."""


class Files(Protocol):
    """Where the files are left."""

    def write_lines(self, key: str, documents: Iterable[MemoryLine]) -> None:
        """Puts documents in their place, one on each line."""


def export(request: MemoryRequested, *, memory: Memory, files: Files) -> MemoryExported:
    """Writes the files of the customers who are named, or of the next 200 of all.

    Whoever has no memory gets no file and is named in `nothing`. `next_after` is where to go on, None at the end.
    """
    wanted: Sequence[str] = request.customer_ids or memory.after(request.after, limit=AT_ONCE)
    written, nothing, lines = [], [], 0
    for customer_id in wanted:
        remembered = memory.lines(customer_id)
        if remembered:
            files.write_lines(memory_file(customer_id), remembered)
            written.append(customer_id)
            lines += len(remembered)
        else:
            nothing.append(customer_id)
    more = not request.customer_ids and len(wanted) == AT_ONCE
    return MemoryExported(
        customers=tuple(written), nothing=tuple(nothing), lines=lines, next_after=wanted[-1] if more else None
    )
