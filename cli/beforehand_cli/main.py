"""The `beforehand` command."""

import sys

import typer
from botocore.exceptions import BotoCoreError, ClientError

from beforehand.errors import BeforehandError
from beforehand_cli.commands import demo, imports, invoke, local, mail, scan
from beforehand_cli.deployment import NotDeployedError
from beforehand_cli.project import NoProjectError
from beforehand_cli.terminal import errors
from beforehand_cli.uploads import ImportUnansweredError

app = typer.Typer(
    help="Decides which customers to contact and when, before they leave, lapse or complain.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(name="up")(local.up_command)
app.command(name="down")(local.down_command)
app.command(name="demo")(demo.demo)
app.add_typer(imports.app, name="import")
app.command(name="scan")(scan.scan)
app.command(name="mail")(mail.mail)
app.command(name="invoke")(invoke.invoke)

EXPECTED = (BeforehandError, BotoCoreError, ClientError, NoProjectError, NotDeployedError, ImportUnansweredError)


def main() -> None:
    """Runs the command; an error that was foreseen is told in one line."""
    try:
        app()
    except (*EXPECTED, *local.EXPECTED) as error:
        errors.print(f"[red]{type(error).__name__}:[/red] {error}", highlight=False)
        sys.exit(1)
