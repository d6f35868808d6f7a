"""`beforehand risk`: who may leave and why, and who would be found by another score or other thresholds."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from beforehand_cli.commands.shown import (
    CustomerId,
    Limit,
    SegmentOption,
    listed,
    of_api,
    quoted,
    show_factors,
    show_risk,
)
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json

SHOWN = ("position", "customer_id", "health", "risk", "level", "rank", "health_now", "risk_now", "segment",
         "lifetime_value", "standing")  # fmt: skip
HELP = ("--help",)


class ShownUnlessNamed(TyperGroup):
    """Shows where no command is named: `risk C100088` is `risk show C100088`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts the command in."""
        if not args or (args[0] not in self.commands and args[0] not in HELP):
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ShownUnlessNamed,
    help="Who may leave and why: a list, or one customer (`risk C100088`); and previews of other scores.",
)


@app.command()
def show(
    customer_id: CustomerId = None,
    min_risk: Annotated[float | None, typer.Option(min=0, max=1, help="From this risk on.")] = None,
    level: Annotated[str | None, typer.Option(help="critical, high, medium or low.")] = None,
    segment: SegmentOption = None,
    limit: Limit = 20,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """List who may leave, those first whom a scan would take first, or show why one may."""
    api = of_api(stage)
    if customer_id:
        show_risk(api.get(f"/v1/customers/{quoted(customer_id)}/risk"), as_json)
        return
    columns = ("customer_id", "health", "risk", "level", "rank", "segment", "lifetime_value", "standing")
    found = api.items("/v1/risk", most=limit, min_risk=min_risk, level=level, segment=segment)
    listed(found, columns, as_json)


@app.command()
def preview(
    profile: Annotated[str | None, typer.Option(help="Such as procx-v1; else the one that scans use.")] = None,
    health_threshold: Annotated[
        float | None, typer.Option(min=0, max=100, help="At risk is whose health is below it.")
    ] = None,
    risk_threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="At risk is whose risk is at it or above.")
    ] = None,
    min_lifetime_value: Annotated[float | None, typer.Option(min=0, help="Of this lifetime value or more.")] = None,
    segment: SegmentOption = None,
    standing: Annotated[str | None, typer.Option(help="free, opted_out or unreachable.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="Show at most so many.")] = 10,
    why: Annotated[bool, typer.Option("--why", help="Show what each factor does, too.")] = False,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Preview whom a scan would find first by another score or other thresholds; nothing is stored."""
    found = of_api(stage).get(
        "/v1/risk/preview", profile=profile, health_threshold=health_threshold, risk_threshold=risk_threshold,
        min_lifetime_value=min_lifetime_value, segment=segment, standing=standing, limit=limit,
    )  # fmt: skip
    if as_json:
        print_json(json.dumps(found))
        return
    console.print(_by(found), highlight=False, markup=False)
    listed(found["items"], SHOWN, False)
    for one in found["items"] if why else ():
        console.print(f"\n{one['customer_id']}: {one['because']}", highlight=False, markup=False)
        show_factors(one["contributions"])


def _by(found: Mapping[str, Any]) -> str:
    if found["day"] is None:
        return "Nobody is scored yet; the first scan does it."
    health, risk = found["health_threshold"], found["risk_threshold"]
    triggers = [f"a health below {health:g}"] if health is not None else []
    triggers += [f"a risk of {risk:.0%} or more"] if risk is not None else []
    return (
        f"By {found['profile']}, with {' or '.join(triggers)}, on the facts of {found['day']}: "
        f"{found['looked_at']:,} looked at to be sure, of {found['customers']:,} customers."
    )
