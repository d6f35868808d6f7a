"""`beforehand memory`: what was tried with each customer and what came of it, as files."""

from pathlib import Path
from typing import Annotated

import typer

from beforehand_cli import memories
from beforehand_cli.deployment import Deployment
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, errors, print_json

FOLDER = Path("data/memory")
app = typer.Typer(help="What was tried with each customer before.", no_args_is_help=True)


@app.callback()
def memory() -> None:
    """What was tried with each customer before."""


@app.command()
def export(
    customers: Annotated[list[str] | None, typer.Argument(help="The customers' ids, such as C100088.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody of whom something is remembered.")] = False,
    to: Annotated[Path, typer.Option(file_okay=False, help="The folder to write to.")] = FOLDER,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Write {customer_id}.jsonl for each customer: one line for each intervention, oldest first.

    Ends with status 1 when nothing is remembered of anybody who was asked for.
    """
    if bool(customers) == everybody:
        raise typer.BadParameter("name customers, or ask for --all of them")
    exported = memories.export(
        Deployment.of_stage(stage),
        tuple(customers or ()),
        to=to,
        progress=lambda files: errors.print(f"{files} files …") if errors.is_terminal else None,
    )
    if as_json:
        print_json(exported.model_dump_json())
    else:
        files = "1 file" if len(exported.customers) == 1 else f"{len(exported.customers)} files"
        console.print(f"{files} in {to}, {exported.lines} interventions", highlight=False)
        for customer_id in exported.nothing:
            console.print(f"  [yellow]{customer_id}[/yellow] nothing is remembered", highlight=False)
    if not exported.customers:
        raise typer.Exit(1)
