"""`beforehand customers`, `statistics`, `imports`: what the API shows, for people or as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.table import Table

from beforehand_cli.api import Api
from beforehand_cli.deployment import Deployment
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json

Limit = Annotated[int, typer.Option(min=1, max=100_000, help="Show at most so many.")]
CustomerId = Annotated[str | None, typer.Argument(help="Show this one in full.")]
SegmentOption = Annotated[str | None, typer.Option(help="VIP, Loyal, Regular or Occasional.")]


def customers(
    customer_id: CustomerId = None,
    segment: SegmentOption = None,
    tier: Annotated[str | None, typer.Option(help="Platinum, Gold, Silver or Bronze.")] = None,
    language: Annotated[str | None, typer.Option(help="Such as hi.")] = None,
    country: Annotated[str | None, typer.Option(help="Such as IN.")] = None,
    prefix: Annotated[str | None, typer.Option(help="What their id begins with.")] = None,
    limit: Limit = 20,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """List customers, or show one with what they bought."""
    api = _api(stage)
    if customer_id:
        shown = api.get(f"/v1/customers/{quote(customer_id, safe='')}")
        shown["purchases"] = list(api.items(f"/v1/customers/{quote(customer_id, safe='')}/purchases", most=limit))
        _show(shown, as_json)
        return
    filters = {"segment": segment, "tier": tier, "language": language, "country": country, "prefix": prefix}
    columns = ("customer_id", "name", "segment", "loyalty_tier", "language", "country", "marketing_consent")
    listed(api.items("/v1/customers", most=limit, **filters), columns, as_json)


def statistics(stage: Stage = None, as_json: AsJson = False) -> None:
    """Show what all scans did together, and when the next is due."""
    _show(_api(stage).get("/v1/statistics"), as_json)


def imports(
    import_id: Annotated[str | None, typer.Argument(help="Show this one in full.")] = None,
    limit: Limit = 20,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """List imports, newest first, or show one with the rows that were refused."""
    api = _api(stage)
    if import_id:
        _show(api.get(f"/v1/imports/{quote(import_id, safe='')}"), as_json)
        return
    columns = ("started_at", "kind", "file_name", "state", "rows", "refused_rows", "import_id")
    listed(api.items("/v1/imports", most=limit), columns, as_json)


def of_api(stage: str | None) -> Api:
    """The API of a stage."""
    return _api(stage)


def quoted(name: str) -> str:
    """An id as a part of a path, which leads nowhere else."""
    return quote(name, safe="")


def table(found: Iterable[Mapping[str, Any]], columns: tuple[str, ...]) -> None:
    """These columns of what was found, for people."""
    listed(found, columns, False)


def one_in_full(one: Mapping[str, Any], as_json: bool) -> None:
    """All that is known of one thing, field by field."""
    _show(one, as_json)


def _api(stage: str | None) -> Api:
    return Api(Deployment.of_stage(stage))


def listed(found: Iterable[Mapping[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    """One line of JSON for each as it comes, or a table."""
    if as_json:
        for one in found:
            print_json(json.dumps(one))
        return
    shown = Table(box=None, pad_edge=False)
    for name in columns:
        # An id that is cut off cannot be typed.
        shown.add_column(name.replace("_", " "), no_wrap=name.endswith("_id"), overflow="fold")
    for one in found:
        # Nothing is escaped: the table is printed without markup, so a bracket is a bracket.
        shown.add_row(*(_cell(one[name]) for name in columns))
    console.print(shown if shown.row_count else "There is none.", markup=False, highlight=False)


def _show(one: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(json.dumps(one))
        return
    width = max(len(name) for name in one)
    for name, value in one.items():
        if isinstance(value, list) and value and not any(isinstance(line, dict) for line in value):
            console.print(
                f"{name.replace('_', ' '):<{width}}  {', '.join(map(_cell, value))}", highlight=False, markup=False
            )
        elif isinstance(value, list):
            console.print(f"{name.replace('_', ' '):<{width}}  {len(value)}", highlight=False, markup=False)
            for line in value:
                cells = (_cell(cell) for cell in line.values())
                console.print("  " + "  ".join(cells), highlight=False, markup=False)
        else:
            console.print(f"{name.replace('_', ' '):<{width}}  {_cell(value)}", highlight=False, markup=False)


def show_risk(one: Mapping[str, Any], as_json: bool = False) -> None:
    """How a customer stands, and what each factor did to it."""
    if as_json:
        print_json(json.dumps(one))
        return
    console.print(f"{one['customer_id']}: {one['because']}", highlight=False, markup=False)
    show_factors(one["contributions"])


def show_factors(contributions: Sequence[Mapping[str, Any]]) -> None:
    """What each factor did to a score."""
    table = Table("factor", "weight", "reached", "lost", "because", box=None, pad_edge=False)
    for factor in contributions:
        reached = "unknown" if factor["share"] is None else f"{factor['share']:.0%}"
        figures = (f"{factor['weight']:g}", reached, f"{factor['lost']:.1f}")
        table.add_row(factor["factor"].replace("_", " "), *figures, factor["because"])
    if contributions:
        console.print(table, markup=False, highlight=False)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    if isinstance(value, str) and len(value) >= 20 and value[10:11] == "T":
        return f"{datetime.fromisoformat(value).astimezone():%Y-%m-%d %H:%M:%S %Z}"
    return str(value)
