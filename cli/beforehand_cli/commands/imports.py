"""`beforehand import`: customers and purchases from CSV and Excel files."""

from pathlib import Path

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from beforehand.clock import now
from beforehand.customers.columns import COLUMNS, Kind
from beforehand.events.customers import ImportFinished, ImportProgress
from beforehand.results import Status
from beforehand_cli import uploads
from beforehand_cli.commands import import_preview
from beforehand_cli.commands.import_options import File, MappingFile, mapping_of
from beforehand_cli.deployment import Deployment
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, errors, print_json

SHOWN_REFUSALS = 10
NOTHING_TAKEN, SOME_REFUSED = 1, 3
AS_USUAL = "every column was read"
app = typer.Typer(help="Import customers and purchases from CSV and Excel files.", no_args_is_help=True)
app.add_typer(import_preview.app, name="preview")


@app.command()
def customers(file: File, mapping: MappingFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Import customers; needs the column customer_id, understands the others that `columns` lists.

    Ends with status 0 when every row was taken, 3 when some were refused, 1 when nothing was taken.
    """
    run("customers", file, mapping, stage, as_json)


@app.command()
def purchases(file: File, mapping: MappingFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Import purchases; needs customer_id, purchased_on and amount.

    Ends with status 0 when every row was taken, 3 when some were refused, 1 when nothing was taken.
    """
    run("purchases", file, mapping, stage, as_json)


@app.command()
def columns() -> None:
    """List the columns that each kind of file may have."""
    for kind, known in COLUMNS.items():
        console.print(f"[bold]{kind}[/bold]")
        for name, column in known.items():
            console.print(f"  {name:<25} {column.type}{'  needed' if column.required else ''}", highlight=False)


def run(kind: Kind, file: Path, mapping: Path | None, stage: str | None, as_json: bool) -> None:
    """Imports a file and shows what became of it; the exit status says it too."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]}"),
    )
    read = mapping_of(mapping)
    with Progress(*columns, console=errors, transient=True, disable=as_json or not errors.is_terminal) as progress:
        task = progress.add_task(f"Uploading {file.name}", total=1.0, rows="")

        def reading(far: ImportProgress) -> None:
            does = "Reading" if far.phase == "reading" else "Taking in"
            shown = f"{does} {file.name}"
            progress.update(task, description=shown, completed=far.share, rows=f"{far.rows:,} rows")

        answer = uploads.import_file(
            Deployment.of_stage(stage),
            kind,
            file,
            now=now(),
            progress=lambda share: progress.update(task, completed=share),
            mapping=read,
            reading=reading,
        )
    if as_json:
        print_json(answer.model_dump_json())
    else:
        show(file.name, answer)
    if status := exit_status(answer):
        raise typer.Exit(status)


def exit_status(answer: ImportFinished) -> int:
    """0 when every row was taken, 3 when some were refused, 1 when nothing was taken."""
    if answer.status is not Status.DONE:
        return NOTHING_TAKEN
    if not answer.refused_rows:
        return 0
    return SOME_REFUSED if answer.added + answer.changed + answer.unchanged else NOTHING_TAKEN


def show(name: str, answer: ImportFinished) -> None:
    """The answer as a person reads it."""
    if answer.status is not Status.DONE:
        console.print(f"[red]{name}: nothing was imported:[/red] {answer.because}")
        return
    rows = "1 row" if answer.rows == 1 else f"{answer.rows:,} rows"
    console.print(
        f"{name}: {rows}, {answer.added:,} added, {answer.changed:,} changed, "
        f"{answer.unchanged:,} unchanged, {answer.refused_rows:,} refused",
        highlight=False,
    )
    if answer.because not in ("", AS_USUAL):
        console.print("  [yellow]columns[/yellow]", highlight=False, end=" ")
        console.print(answer.because, highlight=False, markup=False)
    for refusal in answer.refused[:SHOWN_REFUSALS]:
        where = f"line {refusal.line}" + (f", {refusal.column}" if refusal.column else "")
        console.print(f"  [yellow]{where}[/yellow]", highlight=False, end=" ")
        console.print(refusal.because, highlight=False, markup=False)
    if answer.refused_rows > SHOWN_REFUSALS:
        console.print(f"  … and {answer.refused_rows - SHOWN_REFUSALS:,} more")
