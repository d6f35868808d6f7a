"""`beforehand followups plan`: one follow-up of each kind."""

import json
from datetime import datetime
from typing import Annotated, Any

import typer

from beforehand_cli.commands.shown import of_api
from beforehand_cli.commands.templates import kinds_of, value_of
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json

app = typer.Typer(help="Plan a follow-up (operators); the gate decides when it is due.", no_args_is_help=True)
Customer = Annotated[str, typer.Argument(help="Whom it is for.")]
Conversation = Annotated[str | None, typer.Option(help="The conversation that it belongs to.")]
Channel = Annotated[str | None, typer.Option(help="email, sms or webhook; else the first that reaches them.")]


@app.command(name="post-event")
def post_event(
    customer: Customer,
    event_at: Annotated[datetime, typer.Option(help="When the event ended, or will end, by your clock.")],
    delay_hours: Annotated[
        float | None, typer.Option(min=0, max=8760, help="How long after it; else as the stage says.")
    ] = None,
    booking: Annotated[str | None, typer.Option(help="The booking that it was.")] = None,
    conversation: Conversation = None,
    channel: Channel = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Plan a message some hours after an event; of events within a day of each other, one is followed up."""
    asked = {"event_at": _moment(event_at), "delay_hours": delay_hours, "booking_id": booking}
    _plan("post-event", customer, asked, conversation, channel, stage, as_json)


@app.command(name="re-engagement")
def re_engagement(
    customer: Customer,
    last_activity: Annotated[datetime, typer.Option(help="When they last did something, by your clock.")],
    inactive_days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="How long after that; else as the stage says.")
    ] = None,
    conversation: Conversation = None,
    channel: Channel = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Plan to ask somebody back who did nothing for some days; at once where those are over."""
    asked = {"last_activity": _moment(last_activity), "inactive_days": inactive_days}
    _plan("re-engagement", customer, asked, conversation, channel, stage, as_json)


@app.command(name="check-in")
def check_in(
    customer: Customer,
    due: Annotated[
        datetime | None, typer.Option(help="When, by your clock; else after the hours that a person has.")
    ] = None,
    conversation: Conversation = None,
    channel: Channel = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Plan to ask how somebody is; a person comes first where they felt bad of late."""
    _plan("check-in", customer, {"due_at": due and _moment(due)}, conversation, channel, stage, as_json)


@app.command()
def custom(
    customer: Customer,
    due: Annotated[datetime, typer.Option(help="When, by your clock.")],
    subject: Annotated[str | None, typer.Option(help="The subject of an e-mail.")] = None,
    body: Annotated[str | None, typer.Option(help="What it says; blank lines part paragraphs.")] = None,
    template: Annotated[str | None, typer.Option(help="The template that it is written from.")] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", help="A variable of the template, as name=value.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Your own key, of which one is made, however often you ask.")
    ] = None,
    conversation: Conversation = None,
    channel: Channel = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Plan a message of your own, at a moment of your own."""
    if (body is None) == (template is None):
        raise typer.BadParameter("give --body or --template, one of the two")
    if values and template is None:
        raise typer.BadParameter("--set fills a template; name one with --template")
    asked: dict[str, Any] = {"due_at": _moment(due), "subject": subject, "body": body, "template": template}
    asked["key"] = key
    if template is not None and values:
        kinds = kinds_of(of_api(stage), template)
        asked["variables"] = dict(value_of(one, kinds) for one in values)
    _plan("custom", customer, asked, conversation, channel, stage, as_json)


def _plan(
    kind: str,
    customer: str,
    asked: dict[str, Any],
    conversation: str | None,
    channel: str | None,
    stage: str | None,
    as_json: bool,
) -> None:
    whole = {"customer_id": customer, "conversation_id": conversation, "channel": channel, **asked}
    document = {name: value for name, value in whole.items() if value is not None}
    told = of_api(stage).write("POST", f"/v1/followups/{kind}", document)
    if as_json:
        print_json(json.dumps(told))
    elif told["job_id"] is None:
        console.print(f"Nothing was planned: {told['because']}", highlight=False, markup=False)
    else:
        due = datetime.fromisoformat(told["scheduled_at"]).astimezone()
        line = f"{told['job_id']} is due {due:%Y-%m-%d %H:%M:%S %Z} by {told['template']}: {told['because']}"
        console.print(line, highlight=False, markup=False)


def _moment(given: datetime) -> str:
    return given.astimezone().isoformat()
