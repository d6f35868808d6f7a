"""`beforehand outreach`: the ledger of outreach, proposing, and the two moves that a person makes."""

import json
from datetime import datetime
from typing import Annotated

import typer

from beforehand_cli.commands.propose import propose
from beforehand_cli.commands.shown import Limit, of_api, one_in_full, quoted, table
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json

app = typer.Typer(
    help="What is planned, held and sent; propose a message, call one back, or let one go.", no_args_is_help=True
)
app.command()(propose)
OutreachId = Annotated[str, typer.Argument(help="The outreach's id.")]
COLUMNS = ("due_at", "customer_id", "purpose", "channel", "state", "hold", "next_at", "outreach_id")


@app.command(name="list")
def list_outreach(
    state: Annotated[str | None, typer.Option(help="scheduled, held, sent, delivered, skipped …")] = None,
    hold: Annotated[str | None, typer.Option(help="What it waits for: person, window, budget, dry_run …")] = None,
    purpose: Annotated[str | None, typer.Option(help="Such as churn_intervention.")] = None,
    channel: Annotated[str | None, typer.Option(help="email, sms, voice or webhook.")] = None,
    customer: Annotated[str | None, typer.Option(help="Whom it is for.")] = None,
    due_from: Annotated[
        datetime | None, typer.Option(help="Due at this moment or after it, by your clock.")
    ] = None,
    due_before: Annotated[datetime | None, typer.Option(help="Due before this moment, by your clock.")] = None,
    limit: Limit = 20,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """List outreach by due time, latest first."""
    filters = {
        "state": state,
        "hold": hold,
        "purpose": purpose,
        "channel": channel,
        "customer": customer,
        "due_from": due_from and due_from.astimezone().isoformat(),
        "due_before": due_before and due_before.astimezone().isoformat(),
    }
    found = of_api(stage).items("/v1/outreach", most=limit, **filters)
    if as_json:
        for one in found:
            print_json(json.dumps(one))
        return
    table(found, COLUMNS)


@app.command()
def show(outreach_id: OutreachId, stage: Stage = None, as_json: AsJson = False) -> None:
    """Show one outreach with its attempts; `beforehand why` says why it is as it is."""
    one_in_full(of_api(stage).get(f"/v1/outreach/{quoted(outreach_id)}"), as_json)


@app.command()
def cancel(outreach_id: OutreachId, stage: Stage = None, as_json: AsJson = False) -> None:
    """Call a message back that has not gone (operators); says so where it is too late."""
    _move(outreach_id, "cancel", stage, as_json)


@app.command()
def release(outreach_id: OutreachId, stage: Stage = None, as_json: AsJson = False) -> None:
    """Let a message go that waits for a person (operators); the gate looks at it as at any other."""
    _move(outreach_id, "release", stage, as_json)


def _move(outreach_id: str, move: str, stage: str | None, as_json: bool) -> None:
    moved = of_api(stage).write("POST", f"/v1/outreach/{quoted(outreach_id)}/{move}")
    if as_json:
        print_json(json.dumps(moved))
        return
    one = moved["outreach"]
    console.print(f"{one['outreach_id']} is {one['state']}: {moved['because']}", highlight=False, markup=False)
