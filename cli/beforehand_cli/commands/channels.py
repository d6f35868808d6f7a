"""`beforehand channels`: how each way to customers is run, and the switch that stops everything at once."""

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from beforehand_cli.api import Api
from beforehand_cli.deployment import Deployment
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json

app = typer.Typer(help="See and change how customers are reached.", no_args_is_help=True)
Channel = Annotated[str, typer.Argument(help="email, sms or webhook.")]
What = Annotated[str, typer.Argument(help="A channel, or all.")]
Because = Annotated[str, typer.Option(help="Why, for those who look later.")]


@app.command(name="list")
def list_channels(stage: Stage = None, as_json: AsJson = False) -> None:
    """List the channels: how each is run, and what waits for it."""
    items = _api(stage).get("/v1/channels")["items"]
    if as_json:
        print_json(json.dumps(items))
        return
    table = Table("channel", "mode", "a minute", "due", "held for it", "in flight", "oldest due", box=None)
    for one in items:
        mode = f"{one['mode'].replace('_', ' ')}{', stopped' if one['stopped'] else ''}"
        figures = (one["per_minute"], one["due"], one["dry_run"], one["in_flight"])
        table.add_row(one["channel"], mode, *(f"{figure:,}" for figure in figures), _time(one["oldest_due_at"]))
    console.print(table)


@app.command()
def enable(
    channel: Channel,
    cancel_waiting: Annotated[
        bool,
        typer.Option("--cancel-waiting", help="Cancel what waited for this, rather than send it."),
    ] = False,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Let messages go out by a channel, those that waited for this included."""
    _change(channel, {"mode": "live", "waiting": "cancel" if cancel_waiting else "send"}, stage, as_json)


@app.command(name="dry-run")
def dry_run(channel: Channel, stage: Stage = None, as_json: AsJson = False) -> None:
    """Decide about a channel's messages and hold those that would go."""
    _change(channel, {"mode": "dry_run"}, stage, as_json)


@app.command()
def off(channel: Channel, stage: Stage = None, as_json: AsJson = False) -> None:
    """Let a channel's messages wait, unlooked at."""
    _change(channel, {"mode": "off"}, stage, as_json)


@app.command(name="set")
def set_figures(
    channel: Channel,
    per_minute: Annotated[int | None, typer.Option(help="How many messages may go in a minute.")] = None,
    at_once: Annotated[int | None, typer.Option(help="How many may be in flight.")] = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Change how many messages a channel takes."""
    figures = {"per_minute": per_minute, "at_once": at_once}
    _change(channel, {name: value for name, value in figures.items() if value is not None}, stage, as_json)


@app.command()
def stop(what: What, because: Because, stage: Stage = None, as_json: AsJson = False) -> None:
    """Stop a channel, or all, at once."""
    _switch(what, "stop", because, stage, as_json)


@app.command()
def resume(what: What, because: Because, stage: Stage = None, as_json: AsJson = False) -> None:
    """Let a channel, or all, go on."""
    _switch(what, "resume", because, stage, as_json)


def _api(stage: str | None) -> Api:
    return Api(Deployment.of_stage(stage))


def _change(channel: str, body: dict[str, Any], stage: str | None, as_json: bool) -> None:
    _say(_api(stage).write("PATCH", f"/v1/channels/{channel}", body), as_json)


def _switch(what: str, how: str, because: str, stage: str | None, as_json: bool) -> None:
    answer = _api(stage).write("POST", f"/v1/channels/{what}/{how}", {"because": because})
    if as_json:
        print_json(json.dumps(answer))
        return
    stopped = ", ".join(answer["stopped"])
    console.print(f"stopped now: {stopped}" if stopped else "nothing is stopped now", highlight=False)


def _say(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(json.dumps(answer))
        return
    console.print(answer["because"], highlight=False, markup=False)


def _time(moment: str | None) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%m-%d %H:%M") if moment else ""
