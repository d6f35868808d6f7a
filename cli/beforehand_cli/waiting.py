"""How the command waits between two looks at something that runs elsewhere."""

import time
from datetime import datetime

from beforehand.clock import now

LOOK_EVERY_SECONDS = 0.25
LOOK_AT_AWS_EVERY_SECONDS = 2.0


def pause(seconds: float = LOOK_EVERY_SECONDS) -> None:
    """Waits a moment; Ctrl+C ends it."""
    time.sleep(seconds)


def wait_until(moment: datetime) -> None:
    """Waits for a moment; Ctrl+C ends it."""
    while (left := (moment - now()).total_seconds()) > 0:
        pause(min(left, 1.0))
