"""`beforehand cases`: what people must do, who does it, and what becomes of it where nobody does."""

import json
from typing import Annotated, Any

import typer

from beforehand_cli.api import Api
from beforehand_cli.commands.shown import Limit, listed, of_api, one_in_full, quoted, table
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json

app = typer.Typer(
    help="See what people must do; take a case, give it back, or end it.", invoke_without_command=True
)
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The case's id, as `list` shows it.")]
COLUMNS = ("due_at", "kind", "subject", "state", "else_because", "case_id")


@app.callback()
def default(context: typer.Context) -> None:
    """See what people must do; take a case, give it back, or end it. Without a verb: list."""
    if context.invoked_subcommand is None:
        command = typer.main.get_command(app).get_command(context, "list")  # type: ignore[attr-defined]
        with command.make_context("list", [], parent=context) as listing:
            command.invoke(listing)


@app.command(name="list")
def list_cases(
    state: Annotated[str | None, typer.Option(help="open, taken or done; else all that are not done.")] = None,
    kind: Annotated[str | None, typer.Option(help="escalation, review, approval or low_emotion.")] = None,
    role: Annotated[str | None, typer.Option(help="Whose work it is: operator or admin.")] = None,
    customer: Annotated[str | None, typer.Option(help="Whom it is about.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only those that you have taken.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those that are due already.")] = False,
    may_take: Annotated[bool, typer.Option("--may-take", help="Only those that you may take.")] = False,
    limit: Limit = 20,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """List cases, those first that are due first, and count them by kind."""
    asked = {"mine": mine, "overdue": overdue, "may_take": may_take}
    filters: dict[str, Any] = {"state": state, "kind": kind, "role": role, "customer_id": customer}
    filters |= {name: "true" for name, wanted in asked.items() if wanted}
    api = of_api(stage)
    found = api.items("/v1/cases", most=limit, **filters)
    if as_json:
        listed(found, COLUMNS, as_json)
        return
    table(found, COLUMNS)
    _count(api)


@app.command()
def show(case_id: CaseId, stage: Stage = None, as_json: AsJson = False) -> None:
    """Show one case; `beforehand why` with its outreach shows the message (`--message`)."""
    one_in_full(of_api(stage).get(f"/v1/cases/{quoted(case_id)}"), as_json)


@app.command()
def take(case_id: CaseId, stage: Stage = None, as_json: AsJson = False) -> None:
    """Take a case, so that nobody else does (operators)."""
    _move(case_id, "take", None, stage, as_json)


@app.command(name="give-back")
def give_back(case_id: CaseId, stage: Stage = None, as_json: AsJson = False) -> None:
    """Give a case back that you have taken, so that somebody else may take it (operators)."""
    _move(case_id, "give_back", None, stage, as_json)


@app.command()
def done(
    case_id: CaseId,
    answer: Annotated[
        str,
        typer.Option(help="handled: you saw to it; send: the message may go; dismissed: nothing is to be done."),
    ],
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """End a case that you have taken; a message that waits for it goes or is withdrawn (operators)."""
    _move(case_id, "done", {"answer": answer}, stage, as_json)


def _move(case_id: str, move: str, body: dict[str, str] | None, stage: str | None, as_json: bool) -> None:
    moved = of_api(stage).write("POST", f"/v1/cases/{quoted(case_id)}/{move}", body)
    if as_json:
        print_json(json.dumps(moved))
        return
    console.print(f"{moved['case']['subject']}: {moved['because']}", highlight=False, markup=False)


def _count(api: Api) -> None:
    counts = api.get("/v1/cases/statistics")
    told = []
    for one in counts["kinds"]:
        figures = [f"{one[name]} {name}" for name in ("open", "taken", "overdue") if one[name]]
        if figures:
            told.append(f"{one['kind'].replace('_', ' ')}: {', '.join(figures)}")
    if told:
        console.print("; ".join(told), highlight=False, markup=False)
