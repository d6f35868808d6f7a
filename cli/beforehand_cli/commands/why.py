"""`beforehand why`, `timeline`, `audit`: why something is as it is, what happened, and who changed what."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.text import Text

from beforehand_cli.commands.shown import Limit, of_api, quoted
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json
from beforehand_cli.why_screen import show

KINDS = "decision, outreach, attempt, outcome, case, purchase, health or change"


def why(
    subject: Annotated[str, typer.Argument(help="The id of a customer, such as C100088, or of an outreach.")],
    kind: Annotated[
        str | None, typer.Option(help="customer or outreach, where an id could be that of either.")
    ] = None,
    message: Annotated[bool, typer.Option("--message", help="Show the message too (operators).")] = False,
    replay: Annotated[bool, typer.Option("--replay", help="Let the gate decide again on what it knew.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Show all of it, in as many lines as it takes.")
    ] = False,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Say on one screen why an outreach is as it is, or how a customer stands.

    Ends with status 3 when a replay decides otherwise than the gate did.
    """
    asked = {"kind": kind, "message": _yes(message), "replay": _yes(replay)}
    found = of_api(stage).get(f"/v1/why/{quoted(subject)}", **asked)
    if as_json:
        print_json(json.dumps(found))
    else:
        show(found, zone=None, everything=everything, console=console)
    if any(one["replayed"] == "different" for one in (found["outreach"] or {"gate": ()})["gate"]):
        raise typer.Exit(3)


def timeline(
    customer_id: Annotated[str, typer.Argument(help="The customer's id, such as C100088.")],
    kind: Annotated[str | None, typer.Option(help=f"Only these: {KINDS}.")] = None,
    limit: Limit = 20,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """List what happened to or with a customer, newest first."""
    found = of_api(stage).items(f"/v1/customers/{quoted(customer_id)}/timeline", most=limit, kind=kind)
    _each(found, _tell, as_json)


def audit(
    who: Annotated[
        str | None, typer.Option(help="A user's id (`users list` shows them), or a task's name.")
    ] = None,
    action: Annotated[str | None, typer.Option(help="Such as case.take.")] = None,
    kind: Annotated[str | None, typer.Option(help="What was changed: case, customer, channel …")] = None,
    subject: Annotated[str | None, typer.Option(help="The id of what was changed.")] = None,
    customer: Annotated[str | None, typer.Option(help="Whom it was about.")] = None,
    since: Annotated[datetime | None, typer.Option(help="At this moment or after it, by your clock.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before this moment, by your clock.")] = None,
    limit: Limit = 20,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """List who changed what, newest first (admins)."""
    filters = {
        "who": who,
        "action": action,
        "kind": kind,
        "subject": subject,
        "customer": customer,
        "since": since and since.astimezone().isoformat(),
        "until": until and until.astimezone().isoformat(),
    }
    found = of_api(stage).items("/v1/audit", most=limit, **filters)
    _each(found, _tell_change, as_json)


def _each(found: Iterable[dict[str, Any]], tell: Callable[[dict[str, Any]], None], as_json: bool) -> None:
    """One line of JSON for each as it comes, or its lines for people."""
    nothing = True
    for one in found:
        nothing = False
        if as_json:
            print_json(json.dumps(one))
        else:
            tell(one)
    if nothing and not as_json:
        console.print("There is none.")


def _tell_change(one: dict[str, Any]) -> None:
    at = datetime.fromisoformat(one["at"]).astimezone()
    head = Text(f"{at:%Y-%m-%d %H:%M:%S}  ", style="dim").append(f"{one['action']} ", style="bold cyan")
    console.print(head.append(one["subject_id"], style="bold"))
    console.print(Text(f"  by {one['who']} ({one['role'] or 'task'}): {one['because']}"))
    if changed := _changed(one):
        console.print(Text(f"  {changed}"))


def _changed(one: dict[str, Any]) -> str:
    """What differs, as `field: before → after`."""
    names = {**one["before"], **one["after"]}
    return ", ".join(
        f"{name}: {_said(one['before'].get(name))} → {_said(one['after'].get(name))}" for name in names
    )


def _said(value: Any) -> str:
    return "–" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _tell(one: dict[str, Any]) -> None:
    at = datetime.fromisoformat(one["at"])
    # A day is told as its midnight in UTC, which is another day in half of the world.
    when = f"{at:%Y-%m-%d}      " if one["kind"] in ("purchase", "health") else f"{at.astimezone():%Y-%m-%d %H:%M}"
    text = (
        Text(f"{when}  ", style="dim").append(f"{one['kind']:<9} ", style="cyan").append(one["title"], style="bold")
    )
    console.print(text.append(f" · {one['because']}", style="default not bold") if one["because"] else text)


def _yes(wanted: bool) -> str | None:
    return "true" if wanted else None
