"""`beforehand mail`: the mails, text messages and webhooks that the local mailbox has caught."""

from enum import StrEnum
from typing import Annotated

import typer

from beforehand_cli import project
from beforehand_cli.local import aws
from beforehand_cli.local.mailbox import list_mail
from beforehand_cli.local.state import StateDirectory
from beforehand_cli.options import AsJson
from beforehand_cli.terminal import console, print_json


class Via(StrEnum):
    """The way a message came."""

    SES = "ses"
    SNS = "sns"
    SMS = "sms"
    WEBHOOK = "webhook"


def mail(
    number: Annotated[int | None, typer.Argument(min=1, help="Show this mail whole; 1 is the newest.")] = None,
    via: Annotated[Via | None, typer.Option(help="Only what came this way.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="List at most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the mails, text messages and webhooks that were caught, newest first, or show one.

    Nothing leaves this machine.
    """
    caught = list_mail(aws.endpoint(StateDirectory.of(project.root()).load()))
    if via is not None:
        caught = [one for one in caught if one.via.lower() == via.value]
    chosen = caught[number - 1 : number] if number else caught[:limit]
    if as_json:
        for one in chosen:
            print_json(one.model_dump_json())
    elif number:
        if not chosen:
            raise typer.BadParameter(f"there are {len(caught)} mails")
        console.print(chosen[0].title, style="bold", markup=False, highlight=False)
        console.print(f"to {', '.join(chosen[0].to)} through {chosen[0].via}\n", markup=False, highlight=False)
        for name, value in chosen[0].headers.items():
            console.print(f"{name}: {value}", markup=False, highlight=False)
        console.print(chosen[0].text, markup=False, highlight=False)
    else:
        for place, one in enumerate(chosen, 1):
            when, way = f"{one.at.astimezone():%Y-%m-%d %H:%M:%S}", f"{one.via:<7}"
            console.print(f"{place:>3}  {when}  {way}  {one.title}", highlight=False, markup=False)
        if not chosen:
            console.print("No mail yet.")
