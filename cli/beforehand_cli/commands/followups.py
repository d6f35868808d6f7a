"""`beforehand followups`: what is planned after an event, a silence or a bad moment; move it, or call it back."""

import json
from datetime import datetime
from typing import Annotated

import typer

from beforehand_cli.commands import followup_plans
from beforehand_cli.commands.shown import Limit, listed, of_api, one_in_full, quoted
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json

app = typer.Typer(
    help="Follow-ups after events, silences and bad moments: see, plan, move and cancel them.", no_args_is_help=True
)
app.add_typer(followup_plans.app, name="plan")
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The follow-up's id, as `list` shows it.")]
COLUMNS = ("scheduled_at", "customer_id", "kind", "template", "status", "state", "hold", "job_id")


@app.command(name="list")
def list_followups(
    kind: Annotated[str | None, typer.Option(help="post_event, re_engagement, emotion_based or custom.")] = None,
    status: Annotated[str | None, typer.Option(help="pending, executed, cancelled or failed.")] = None,
    customer: Annotated[str | None, typer.Option(help="Whom it is for.")] = None,
    conversation: Annotated[str | None, typer.Option(help="The conversation that it belongs to.")] = None,
    booking: Annotated[str | None, typer.Option(help="The booking that it follows.")] = None,
    due_from: Annotated[
        datetime | None, typer.Option(help="Due at this moment or after it, by your clock.")
    ] = None,
    due_before: Annotated[datetime | None, typer.Option(help="Due before this moment, by your clock.")] = None,
    limit: Limit = 20,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """List follow-ups by due time, latest first."""
    filters = {
        "kind": kind,
        "status": status,
        "customer": customer,
        "conversation": conversation,
        "booking": booking,
        "due_from": due_from and due_from.astimezone().isoformat(),
        "due_before": due_before and due_before.astimezone().isoformat(),
    }
    listed(of_api(stage).items("/v1/followups", most=limit, **filters), COLUMNS, as_json)


@app.command()
def show(job_id: JobId, stage: Stage = None, as_json: AsJson = False) -> None:
    """Show one follow-up with how it was moved; `beforehand why` with its outreach says why it is as it is."""
    one_in_full(of_api(stage).get(f"/v1/followups/{quoted(job_id)}"), as_json)


@app.command()
def cancel(job_id: JobId, stage: Stage = None, as_json: AsJson = False) -> None:
    """Call a follow-up back that has not gone (operators); says so where it is too late."""
    told = of_api(stage).write("POST", f"/v1/followups/{quoted(job_id)}/cancel")
    if as_json:
        print_json(json.dumps(told))
        return
    what = "is cancelled" if told["cancelled"] else "stays as it is"
    console.print(f"{job_id} {what}: {told['because']}", highlight=False, markup=False)


@app.command()
def reschedule(
    job_id: JobId,
    due: Annotated[datetime | None, typer.Option(help="When it is due instead, by your clock.")] = None,
    event_at: Annotated[
        datetime | None,
        typer.Option(help="When its event ends instead, by your clock; it comes as long after it as before."),
    ] = None,
    because: Annotated[str | None, typer.Option(help="Why, for those who look later; name nobody.")] = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Make a follow-up due at another time, in place (operators); when it was due before is kept."""
    if (due is None) == (event_at is None):
        raise typer.BadParameter("give --due or --event-at, one of the two")
    asked = {
        "due_at": due and due.astimezone().isoformat(),
        "event_at": event_at and event_at.astimezone().isoformat(),
        "because": because,
    }
    document = {name: value for name, value in asked.items() if value is not None}
    told = of_api(stage).write("POST", f"/v1/followups/{quoted(job_id)}/reschedule", document)
    if as_json:
        print_json(json.dumps(told))
        return
    due_at = datetime.fromisoformat(told["followup"]["scheduled_at"]).astimezone()
    line = f"{job_id} is due {due_at:%Y-%m-%d %H:%M:%S %Z}: {told['because']}"
    console.print(line, highlight=False, markup=False)


@app.command()
def health(stage: Stage = None, as_json: AsJson = False) -> None:
    """Show how follow-ups are doing: what waits, what went today, what is late, and by how much."""
    one_in_full(of_api(stage).get("/v1/followup-health"), as_json)
