"""What the demo shows of follow-ups: the company's bus tells of a booking and of a bad moment."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from rich.console import Console

from beforehand.clock import within
from beforehand_cli.api import Api
from beforehand_cli.deployment import Deployment
from beforehand_cli.waiting import LOOK_EVERY_SECONDS, pause

WAITS_SECONDS = 60
"""How long the demo waits for the bus, which tells within seconds."""


class FollowUpsTour:
    """Goes through follow-ups with the customers that the risk list names first."""

    def __init__(self, api: Api, deployment: Deployment, console: Console) -> None:
        self._api, self._bus, self._console = api, deployment.client("events"), console

    def show(self, *, now: datetime) -> None:
        """One customer's booking is over, another writes something bitter; what is planned is shown."""
        first, second = self._two()
        number = int(now.timestamp())
        ended = (now - timedelta(hours=2)).replace(microsecond=0)
        self._tell("BookingCompleted", booking_id=f"BK{number}", customer_id=first, ends_at=ended.isoformat())
        self._say(f"BookingCompleted: the booking of {first} ended two hours ago")
        text = "I am very disappointed, this was terrible"
        self._tell("EmotionRecorded", customer_id=second, conversation_id=f"conv_{number}", text=text)
        self._say(f"EmotionRecorded: {second} wrote something bitter; the text is read and forgotten")
        for customer in (first, second):
            for one in self._awaited(partial(self._waiting, customer)):
                due = datetime.fromisoformat(one["scheduled_at"]).astimezone()
                what = f"due {due:%a %H:%M}, {one['template']}, by {one['channel']}"
                self._say(f"[bold]{one['job_id']}[/bold], {what}")
        for case in self._awaited(partial(self._cases, second)):
            self._say(f"case: {case['subject']}; {case['else_because']}")

    def _two(self) -> tuple[str, str]:
        """Two whom nothing stands against, or whoever there is."""
        found = [one for one in self._api.items("/v1/risk", most=100) if one["standing"] == "free"]
        ids = [one["customer_id"] for one in found or self._api.items("/v1/customers", most=20)]
        return str(ids[-1]), str(ids[-2])

    def _tell(self, kind: str, **detail: Any) -> None:
        """As the company's own systems tell."""
        self._bus.put_events(Entries=[{"Source": "company", "DetailType": kind, "Detail": json.dumps(detail)}])

    def _waiting(self, customer: str) -> list[Mapping[str, Any]]:
        return list(self._api.items("/v1/followups", most=1, customer=customer, status="pending"))

    def _cases(self, customer: str) -> list[Mapping[str, Any]]:
        return list(self._api.items("/v1/cases", most=1, customer_id=customer, kind="low_emotion"))

    def _awaited(self, look: Callable[[], list[Mapping[str, Any]]]) -> Iterator[Mapping[str, Any]]:
        time_left, found = within(WAITS_SECONDS), look()
        while not found and time_left():
            pause(LOOK_EVERY_SECONDS)
            found = look()
        yield from found

    def _say(self, line: str) -> None:
        self._console.print(f"   {line}", highlight=False)
