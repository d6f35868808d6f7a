"""`beforehand import preview`: what an import would make of a file, found out on this machine; nothing is sent."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from beforehand.clock import now
from beforehand.customers.columns import Kind
from beforehand.customers.mapping import AS_IT_IS
from beforehand.customers.preview import LOOKED_AT, Preview, preview
from beforehand.customers.suggest import as_toml
from beforehand_cli.commands.import_options import File, MappingFile, mapping_of
from beforehand_cli.options import AsJson
from beforehand_cli.terminal import console, print_json

NOTHING_TAKEN, SOME_REFUSED = 1, 3
SHOWN_REFUSALS = 10
WIDEST = 40

app = typer.Typer(help="See what an import would do; nothing is sent.", no_args_is_help=True)

Looked = Annotated[int, typer.Option("--rows", min=1, max=1_000_000, help="Look at so many rows.")]
Written = Annotated[
    Path | None, typer.Option("--write-mapping", dir_okay=False, help="Write the suggested mapping, to be edited.")
]


@app.command()
def customers(
    file: File,
    mapping: MappingFile = None,
    rows: Looked = LOOKED_AT,
    write_mapping: Written = None,
    as_json: AsJson = False,
) -> None:
    """Preview a file of customers: its columns, its first rows as they would go in, what would be refused.

    Ends with status 0 when all that was looked at is good, 3 when rows are refused, 1 when the file is.
    """
    run("customers", file, mapping, rows, write_mapping, as_json)


@app.command()
def purchases(
    file: File,
    mapping: MappingFile = None,
    rows: Looked = LOOKED_AT,
    write_mapping: Written = None,
    as_json: AsJson = False,
) -> None:
    """Preview a file of purchases: its columns, its first rows as they would go in, what would be refused.

    Whether their customers are known is for the import to say.
    """
    run("purchases", file, mapping, rows, write_mapping, as_json)


def run(kind: Kind, file: Path, mapping: Path | None, rows: int, write_mapping: Path | None, as_json: bool) -> None:
    """Looks at a file and shows it; the exit status says whether it is good."""
    with file.open("rb") as stream:
        seen = preview(file.name, kind, stream, mapping_of(mapping) or AS_IT_IS, now=now(), looked_at=rows)
    if write_mapping:
        if write_mapping.exists():
            raise typer.BadParameter(f"{write_mapping} is there already; name another file")
        write_mapping.write_text(as_toml(seen.mapping, found=seen.found, kind=kind), encoding="utf-8")
    if as_json:
        print_json(seen.model_dump_json(by_alias=True))
    else:
        show(seen, write_mapping)
    if seen.problem:
        raise typer.Exit(NOTHING_TAKEN)
    if seen.refused_rows:
        raise typer.Exit(SOME_REFUSED)


def show(seen: Preview, written: Path | None) -> None:
    """The preview as a person reads it. Nothing is hidden: it is their own file on their own terminal."""
    if seen.problem:
        console.print(f"[red]{seen.file}: nothing would be imported:[/red]", highlight=False, end=" ")
        console.print(seen.problem, highlight=False, markup=False)
    else:
        _columns(seen)
        _rows(seen)
        _refusals(seen)
    if written:
        console.print(
            f"The mapping is in {written}; edit it, then: --mapping {written}", highlight=False, markup=False
        )


def _columns(seen: Preview) -> None:
    console.print(f"{seen.file}: {len(seen.found)} columns, {len(seen.taken)} taken", highlight=False, markup=False)
    for column in seen.taken:
        said = "" if column.source == column.name else f"from {column.source}"
        console.print(f"  {column.name:<25} {said}".rstrip(), highlight=False, markup=False)
    if seen.ignored:
        console.print(f"  left out of account: {', '.join(seen.ignored)}", highlight=False, markup=False)
    for sentence in seen.about:
        console.print(f"  {sentence}", highlight=False, markup=False)


def _rows(seen: Preview) -> None:
    if not seen.rows:
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in seen.rows[0]:
        table.add_column(name, overflow="ellipsis", max_width=WIDEST, no_wrap=True)
    for row in seen.rows:
        table.add_row(*(cell.replace("[", "\\[") for cell in row.values()))
    console.print(f"\nThe first {len(seen.rows)} as they would go in:", highlight=False)
    console.print(table)


def _refusals(seen: Preview) -> None:
    all_or_first = "all" if seen.whole else "the first"
    console.print(
        f"\nOf {all_or_first} {seen.looked_at:,} rows, {seen.refused_rows:,} would be refused", highlight=False
    )
    for refusal in seen.refused[:SHOWN_REFUSALS]:
        where = f"line {refusal.line}" + (f", {refusal.column}" if refusal.column else "")
        console.print(f"  [yellow]{where}[/yellow]", highlight=False, end=" ")
        console.print(refusal.because, highlight=False, markup=False)
    if seen.refused_rows > SHOWN_REFUSALS:
        console.print(f"  … and {seen.refused_rows - SHOWN_REFUSALS:,} more")
