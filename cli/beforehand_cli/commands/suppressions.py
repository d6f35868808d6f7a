"""`beforehand suppressions`: who must not be contacted, known by a hash of their address."""

import json
from typing import Annotated, Any

import typer

from beforehand_cli.api import Api
from beforehand_cli.commands.shown import listed, quoted
from beforehand_cli.deployment import Deployment
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json

app = typer.Typer(help="See and change who must not be contacted.", no_args_is_help=True)
Email = Annotated[str | None, typer.Option(help="An e-mail address; it is hashed, and not kept.")]
Phone = Annotated[str | None, typer.Option(help="A number such as +919876543210; it is hashed, and not kept.")]
Because = Annotated[str, typer.Option(help="Why, for those who look later.")]
COLUMNS = ("suppression_id", "channel", "reason", "because", "since", "lifted_at")


@app.command(name="list")
def list_suppressions(
    lifted: Annotated[bool, typer.Option("--lifted", help="Show those too that were lifted.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """List suppressed addresses by their hash, the newest first."""
    asked = "true" if lifted else "false"
    _show(list(_api(stage).items("/v1/suppressions", most=limit, lifted=asked)), as_json)


@app.command()
def find(email: Email = None, phone: Phone = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Say whether an address must not be contacted, and why."""
    found = _api(stage).write("POST", "/v1/suppressions/find", _address(email, phone))
    if as_json:
        print_json(json.dumps(found))
    elif found["suppressed"]:
        _show(found["suppressions"], as_json)
    else:
        console.print("The address is not suppressed.")


@app.command()
def add(
    because: Because,
    email: Email = None,
    phone: Phone = None,
    opted_out: Annotated[
        bool, typer.Option("--opted-out", help="They said so themselves: only their own word lifts it.")
    ] = False,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Suppress an address, from this moment on."""
    body = {**_address(email, phone), "because": because, "reason": "opted_out" if opted_out else "manual"}
    _show([_api(stage).write("POST", "/v1/suppressions", body)], as_json)


@app.command()
def lift(
    suppression_id: Annotated[str, typer.Argument(help="As `list` or `find` shows it.")],
    because: Because,
    consent: Annotated[
        str | None, typer.Option(help="How and when they agreed again, if they had asked for no messages.")
    ] = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Let an address be contacted again; senders know within a minute or two."""
    body = {"because": because} | ({"consent": consent} if consent else {})
    done = _api(stage).write("POST", f"/v1/suppressions/{quoted(suppression_id)}/lift", body)
    if as_json:
        print_json(json.dumps(done))
    else:
        console.print(f"{done['because'].capitalize()}.")


def _address(email: str | None, phone: str | None) -> dict[str, str]:
    """Raises BadParameter unless exactly one is given."""
    given = {name: value for name, value in (("email", email), ("phone", phone)) if value}
    if len(given) != 1:
        raise typer.BadParameter("name the address with --email or --phone, one of them")
    return given


def _show(items: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(json.dumps(items))
        return
    listed(items, COLUMNS, False)


def _api(stage: str | None) -> Api:
    return Api(Deployment.of_stage(stage))
