"""`beforehand emotions`: how customers felt, which decides what is written to them after an event."""

import json
import sys
from datetime import datetime
from typing import Annotated

import typer

from beforehand_cli.commands.shown import listed, of_api
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json

app = typer.Typer(help="How customers felt: record an emotion, or see the latest.", no_args_is_help=True)
COLUMNS = ("at", "score", "read_by", "conversation_id")
Customer = Annotated[str, typer.Argument(help="Whose emotions.")]
FROM_STDIN = "-"


@app.command()
def record(
    customer: Customer,
    score: Annotated[float | None, typer.Option(min=0, max=1, help="From 0, the worst, to 1.")] = None,
    text: Annotated[
        str | None,
        typer.Option(help="What they wrote, which is read and forgotten; `-` takes it from standard input."),
    ] = None,
    language: Annotated[str | None, typer.Option(help="The tag of the text's language, such as hi.")] = None,
    conversation: Annotated[str | None, typer.Option(help="The conversation in which it was.")] = None,
    at: Annotated[datetime | None, typer.Option(help="When it was, by your clock; else now.")] = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Record how a customer felt (operators); what waits for them is written as it fits."""
    if (score is None) == (text is None):
        raise typer.BadParameter("give --score or --text, one of the two")
    if language is not None and text is None:
        raise typer.BadParameter("--language is of a text; give --text too, or leave it out")
    asked = {
        "customer_id": customer,
        "score": score,
        "text": sys.stdin.read() if text == FROM_STDIN else text,
        "language": language,
        "conversation_id": conversation,
        "at": at and at.astimezone().isoformat(),
    }
    document = {name: value for name, value in asked.items() if value is not None}
    told = of_api(stage).write("POST", "/v1/emotions", document)
    if as_json:
        print_json(json.dumps(told))
        return
    figures = [f"{told[name]} {word}" for name, word in FIGURES.items() if told[name]]
    line = f"{told['score']:.2f} is kept: {'; '.join([told['because'], *figures])}"
    console.print(line, highlight=False, markup=False)


FIGURES = {"planned": "check-in planned", "rewritten": "waiting follow-up written anew"}


@app.command(name="list")
def list_emotions(
    customer: Customer,
    conversation: Annotated[str | None, typer.Option(help="Only those of this conversation.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Show at most so many.")] = 5,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """List how a customer felt of late, newest first, and the template that it leads to after an event."""
    told = of_api(stage).get("/v1/emotions", customer=customer, conversation=conversation, limit=limit)
    if as_json:
        print_json(json.dumps(told))
        return
    listed(told["items"], COLUMNS, as_json)
    console.print(f"After an event: {told['template']}; {told['because']}", highlight=False, markup=False)
