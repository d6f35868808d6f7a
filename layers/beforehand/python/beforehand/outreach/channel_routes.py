"""The routes of channels: how each is run, and the switch that stops everything at once."""

from dataclasses import asdict, replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Answer, Asked, Call, Routes
from beforehand.errors import NotFoundError
from beforehand.outreach.channels_store import ChannelSetting, PostgresChannels, Waiting
from beforehand.outreach.delivery.gates import DynamoGates
from beforehand.outreach.delivery.model import GatesUnreachableError, Mode
from beforehand.outreach.model import Channel

ALL = "all"
NOTHING = Waiting()
routes = Routes()


class ChannelPath(Asked):
    """Which channel."""

    channel: Annotated[Channel, Field(strict=False)]


class SwitchPath(Asked):
    """What is stopped or goes on: a channel, or all of them."""

    channel: Literal["all", "email", "sms", "webhook", "voice"]


class ChannelChange(Asked):
    """What is to be different; what is not named stays."""

    mode: Annotated[Mode, Field(strict=False)] | None = None
    per_minute: Annotated[int, Field(ge=1, le=10_000)] | None = None
    at_once: Annotated[int, Field(ge=1, le=10_000)] | None = None
    waiting: Literal["send", "cancel"] = Field(
        default="send", description="What becomes of the messages that wait for the channel to be enabled."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.mode is None and self.per_minute is None and self.at_once is None:
            raise ValueError("name at least one of mode, per_minute, at_once")
        return self


class Reason(Asked):
    """Why, for those who look later."""

    because: Annotated[str, Field(min_length=3, max_length=300)]


class ShownChannel(Answer):
    """How a channel is run and what waits for it. `stopped`: the kill switch is on, its own or everyone's."""

    channel: Channel
    mode: Mode
    stopped: bool
    per_minute: int
    at_once: int
    changed_at: datetime | None
    changed_by: str | None
    due: int
    dry_run: int
    in_flight: int
    oldest_due_at: datetime | None


class ShownChannels(Answer):
    """Every channel that messages go by."""

    items: tuple[ShownChannel, ...]


class ChangedChannel(Answer):
    """A channel after a change, and what the change did to what waited for it."""

    channel: ShownChannel
    because: str


class Switched(Answer):
    """What is stopped now."""

    stopped: tuple[str, ...]
    because: str


@routes.add("GET /v1/channels", refuses=(HTTPStatus.SERVICE_UNAVAILABLE,))
def list_channels(call: Call) -> ShownChannels:
    """List the channels: how each is run, and what waits for it."""
    return ShownChannels(items=tuple(_shown(one, call) for one in PostgresChannels(call.transaction).everyone()))


@routes.add("PATCH /v1/channels/{channel}", refuses=(HTTPStatus.SERVICE_UNAVAILABLE,))
def change_channel(call: Call, path: ChannelPath, body: ChannelChange) -> ChangedChannel:
    """Change how a channel is run; enabling it lets go what waited for that, or cancels it."""
    channels = PostgresChannels(call.transaction)
    try:
        before = channels.hold(path.channel)
    except NotFoundError:
        raise not_found("channel") from None
    given = {name: value for name, value in body.model_dump(exclude={"waiting"}).items() if value is not None}
    after = replace(before, **given, changed_at=call.now, changed_by=call.caller.user)
    channels.keep(after)
    because = f"{path.channel} is {_mode(after.mode)}, at most {after.per_minute} a minute"
    if after.mode is Mode.LIVE and before.mode is not Mode.LIVE:
        because += _what_waited(channels, path.channel, body, call.now)
    call.audit("channel.change", path.channel, before=_said(before), after=_said(after), because=because)
    return ChangedChannel(channel=_shown(after, call), because=because)


@routes.add("POST /v1/channels/{channel}/stop", refuses=(HTTPStatus.SERVICE_UNAVAILABLE,))
def stop_channel(call: Call, path: SwitchPath, body: Reason) -> Switched:
    """Stop a channel, or `all`, at once: what is claimed already goes no further than the next message."""
    return _switch(call, path.channel, on=True, because=body.because)


@routes.add("POST /v1/channels/{channel}/resume", refuses=(HTTPStatus.SERVICE_UNAVAILABLE,))
def resume_channel(call: Call, path: SwitchPath, body: Reason) -> Switched:
    """Let a channel, or `all`, go on; what was due meanwhile goes if its time has not passed."""
    return _switch(call, path.channel, on=False, because=body.because)


def _switch(call: Call, what: str, *, on: bool, because: str) -> Switched:
    gates = _gates(call)
    try:
        gates.switch(what, on=on, by=call.caller.user, now=call.now)
        stopped = tuple(sorted(gates.stopped()))
    except GatesUnreachableError as error:
        raise refuse(HTTPStatus.SERVICE_UNAVAILABLE, f"{str(error).capitalize()}.") from error
    call.audit(f"channel.{'stop' if on else 'resume'}", what, after={"stopped": list(stopped)}, because=because)
    return Switched(stopped=stopped, because=because)


def _what_waited(channels: PostgresChannels, channel: Channel, body: ChannelChange, now: datetime) -> str:
    if body.waiting == "cancel":
        return f"; {channels.drop(channel, now=now)} that waited for it are cancelled"
    return f"; {channels.let_go(channel, now=now)} that waited for it are due now"


def _gates(call: Call) -> DynamoGates:
    return DynamoGates(call.settings.gates_table)


def _shown(setting: ChannelSetting, call: Call) -> ShownChannel:
    try:
        stopped = _gates(call).stopped()
    except GatesUnreachableError as error:
        raise refuse(HTTPStatus.SERVICE_UNAVAILABLE, f"{str(error).capitalize()}.") from error
    waiting = PostgresChannels(call.transaction).waiting(now=call.now).get(setting.channel, NOTHING)
    is_stopped = bool(stopped & {ALL, setting.channel.value})
    return ShownChannel(**asdict(setting), **asdict(waiting), stopped=is_stopped)


def _mode(mode: Mode) -> str:
    return {Mode.LIVE: "live", Mode.DRY_RUN: "in dry run", Mode.OFF: "off"}[mode]


def _said(setting: ChannelSetting) -> dict[str, object]:
    return {"mode": setting.mode, "per_minute": setting.per_minute, "at_once": setting.at_once}
