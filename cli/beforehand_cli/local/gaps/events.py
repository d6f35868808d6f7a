"""The default bus, as services of AWS put their own events on it."""

import contextvars
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import eventbridge

APART_SECONDS = 0.1
"""Between one event of a message and the next, so that they come in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event; `resources` are ARNs."""

    source: str
    detail_type: str
    detail: dict[str, Any]
    resources: tuple[str, ...] = ()


def emit(events: Sequence[Event]) -> None:
    """Puts the events on the bus one after the other, soon, in the account and region of the present request."""
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_emit, tuple(events)), daemon=True).start()


def _emit(events: Sequence[Event]) -> None:
    for event in events:
        time.sleep(APART_SECONDS)
        eventbridge._dispatch_event(
            {
                "EventId": new_uuid(),
                "Source": event.source,
                "DetailType": event.detail_type,
                "Detail": json.dumps(event.detail),
                "EventBusName": "default",
                "Time": int(time.time()),
                "Resources": list(event.resources),
                "Account": get_account_id(),
                "Region": get_region(),
            }
        )
