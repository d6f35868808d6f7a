"""`beforehand mail`: what the local mailbox has caught."""

from typing import Annotated

import typer

from beforehand_cli import project
from beforehand_cli.local import aws
from beforehand_cli.local.mailbox import list_mail
from beforehand_cli.local.state import StateDirectory
from beforehand_cli.options import AsJson
from beforehand_cli.terminal import console, print_json


def mail(
    number: Annotated[int | None, typer.Argument(min=1, help="Show this mail whole; 1 is the newest.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="List at most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the mails that were caught, newest first, or show one. Nothing leaves this machine."""
    caught = list_mail(aws.endpoint(StateDirectory.of(project.root()).load()))
    chosen = caught[number - 1 : number] if number else caught[:limit]
    if as_json:
        for one in chosen:
            print_json(one.model_dump_json())
    elif number:
        if not chosen:
            raise typer.BadParameter(f"there are {len(caught)} mails")
        console.print(f"[bold]{chosen[0].subject}[/bold]\nto {', '.join(chosen[0].to)}\n", highlight=False)
        console.print(chosen[0].text, markup=False, highlight=False)
    else:
        for place, one in enumerate(chosen, 1):
            console.print(f"{place:>3}  {one.at.astimezone():%Y-%m-%d %H:%M:%S}  {one.subject}", highlight=False)
        if not chosen:
            console.print("No mail yet.")
