"""Progress as lines of text, each step with its seconds; who shows them decides where they go."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[str], None]


@contextmanager
def step(report: Report, done: str) -> Iterator[None]:
    """Report `done` with its seconds when the block ends well; a failure speaks for itself."""
    started = time.monotonic()
    yield
    report(f"{done} ({time.monotonic() - started:.1f} s)")
