"""The `beforehand` command."""

import sys

import typer
from botocore.exceptions import BotoCoreError, ClientError

from beforehand.errors import BeforehandError
from beforehand_cli.commands import demo, imports, invoke, local, mail, scan
from beforehand_cli.terminal import errors

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


def main() -> None:
    """Runs the command; an error that was foreseen is told in one line."""
    try:
        app()
    except (BeforehandError, BotoCoreError, ClientError) as error:
        errors.print(f"[red]{type(error).__name__}:[/red] {error}", highlight=False)
        sys.exit(1)
