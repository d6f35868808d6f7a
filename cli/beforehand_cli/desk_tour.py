"""What the demo shows of the desk: a channel is enabled, and one message is sent, one held, one skipped."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from beforehand.clock import within
from beforehand_cli.api import Api
from beforehand_cli.waiting import LOOK_AT_AWS_EVERY_SECONDS, pause
from beforehand_cli.why_screen import show

Outreach = Mapping[str, Any]

WAITS_SECONDS = 300
"""How long the demo waits for the desk: it looks once a minute, and somewhere it is always daytime."""

SENT = ("sent", "delivered")
WAITING = (("scheduled", None), ("held", "dry_run"))


class DeskTour:
    """Goes through the desk with the messages that a scan has just proposed."""

    def __init__(self, api: Api, console: Console) -> None:
        self._api, self._console = api, console

    def opt_out(self) -> str:
        """Somebody who is about to be written to says no; returns whose message it was."""
        # Between two looks of the desk they are scheduled; after one, held until their channel is enabled.
        waiting = (one for state, hold in WAITING for one in self._listed(state, "email", hold=hold))
        first = next(waiting, None) or self._propose()
        self._api.write("PATCH", f"/v1/customers/{first['customer_id']}", {"marketing_consent": False})
        self._say(f"{first['customer_id']} opts out before their message goes")
        return str(first["outreach_id"])

    def _propose(self) -> Outreach:
        """A message to somebody, where the desk holds them all until it is morning there."""
        someone = next(one for one in self._api.items("/v1/risk", most=100) if one["standing"] == "free")
        message = {"subject": "A note", "body": "We kept your place."}
        asked = {"customer_id": someone["customer_id"], "channel": "email", **message}
        return {**asked, **self._api.write("POST", "/v1/outreach", asked)}

    def enable(self) -> None:
        """Nothing goes out of a new deployment before somebody says so."""
        for channel in ("email", "sms"):
            answer = self._api.write("PATCH", f"/v1/channels/{channel}", {"mode": "live"})
            self._say(answer["because"])

    def watch(self, refused: str) -> None:
        """Waits for the desk's next looks, and shows one message of each kind with its because, and one in full."""
        time_left, sent = within(WAITS_SECONDS), None
        while time_left():
            sent = next((one for state in SENT for one in self._listed(state, "email")), None)
            if sent is not None and self._get(refused)["state"] == "skipped":
                break
            pause(LOOK_AT_AWS_EVERY_SECONDS)
        held = next((one for hold in ("window", None) for one in self._listed("held", None, hold=hold)), None)
        for one in filter(None, (sent, held, self._get(refused))):
            what = f"{one['customer_id']} by {one['channel']}"
            self._say(f"[bold]{one['state']:>9}[/bold] {what}: {one['state_because']}")
        if sent is not None:
            self._console.print()
            why = self._api.get(f"/v1/why/{sent['outreach_id']}", message="false", replay="false")
            show(why, zone=None, everything=False, console=self._console)

    def _get(self, outreach_id: str) -> Outreach:
        return self._api.get(f"/v1/outreach/{outreach_id}")

    def _listed(self, state: str, channel: str | None, *, hold: str | None = None) -> Iterator[Outreach]:
        return self._api.items("/v1/outreach", most=20, state=state, channel=channel, hold=hold)

    def _say(self, line: str) -> None:
        self._console.print(f"   {line}", highlight=False)
