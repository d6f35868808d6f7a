"""`beforehand up` and `beforehand down`."""

from typing import Annotated

import typer

from beforehand_cli import project
from beforehand_cli.local.up import down, up


def up_command(
    deploy: Annotated[bool, typer.Option(help="Deploy the stacks, or start the services only.")] = True,
) -> None:
    """Start PostgreSQL and the local AWS endpoint, and deploy the stacks to it."""
    addresses = up(project.root(), report=typer.echo, deploy=deploy)
    typer.echo(f"AWS endpoint {addresses.endpoint} · mail {addresses.mailbox}")


def down_command(
    remove_data: Annotated[
        bool,
        typer.Option("--remove-data", help="Also remove the database and what the AWS endpoint keeps, for good."),
    ] = False,
) -> None:
    """Stop what `beforehand up` started; the data stay unless their removal is asked for."""
    down(project.root(), report=typer.echo, remove_data=remove_data)
