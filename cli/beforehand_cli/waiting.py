"""How the command waits between two looks at something that runs elsewhere."""

import time

LOOK_EVERY_SECONDS = 0.25


def pause(seconds: float = LOOK_EVERY_SECONDS) -> None:
    """Waits a moment; Ctrl+C ends it."""
    time.sleep(seconds)
