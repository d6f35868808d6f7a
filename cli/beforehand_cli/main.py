"""The `beforehand` command."""

import importlib.metadata
import io
import sys
from typing import Annotated

import typer
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)

from beforehand.errors import BeforehandError
from beforehand_cli.commands import (
    cases,
    channels,
    demo,
    emotions,
    followups,
    imports,
    invoke,
    local,
    login,
    mail,
    memory,
    outreach,
    policy,
    rehearse,
    risk,
    scan,
    shown,
    suppressions,
    templates,
    users,
    why,
)
from beforehand_cli.local.aws import EndpointSilentError
from beforehand_cli.local.settings import ADDRESS
from beforehand_cli.terminal import errors

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command(name="up")(local.up_command)
app.command(name="down")(local.down_command)
app.command(name="demo")(demo.demo)
app.add_typer(imports.app, name="import")
app.command(name="scan")(scan.scan)
app.command(name="customers")(shown.customers)
app.add_typer(risk.app, name="risk")
app.command(name="statistics")(shown.statistics)
app.command(name="imports")(shown.imports)
app.add_typer(cases.app, name="cases")
app.add_typer(channels.app, name="channels")
app.add_typer(policy.app, name="policy")
app.command(name="rehearse")(rehearse.rehearse)
app.add_typer(templates.app, name="templates")
app.command(name="why")(why.why)
app.command(name="timeline")(why.timeline)
app.command(name="audit")(why.audit)
app.add_typer(outreach.app, name="outreach")
app.add_typer(followups.app, name="followups")
app.add_typer(emotions.app, name="emotions")
app.add_typer(suppressions.app, name="suppressions")
app.add_typer(users.app, name="users")
app.command(name="login")(login.login)
app.command(name="logout")(login.logout)
app.add_typer(memory.app, name="memory")
app.command(name="mail")(mail.mail)
app.command(name="invoke")(invoke.invoke)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"beforehand {importlib.metadata.version('beforehand')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """Decides which customers to contact and when, before they leave, lapse or complain."""


def main() -> None:
    """Runs the command; an error that was foreseen is told in one line."""
    _write_what_the_terminal_can_show()
    try:
        app()
    except (BeforehandError, BotoCoreError, ClientError) as error:
        told = in_our_words(error)
        errors.print(f"[red]{type(told).__name__}:[/red]", highlight=False, end=" ")
        errors.print(str(told), highlight=False, markup=False)
        sys.exit(1)


def in_our_words(error: Exception) -> Exception:
    """What boto3 raised, as something that says what to do; any other error as it is."""
    if isinstance(error, EndpointConnectionError | ConnectionClosedError) and ADDRESS in str(error):
        return EndpointSilentError()
    if isinstance(error, NoRegionError):
        return NoRegionSetError("No AWS region is named; set AWS_REGION, or a region in your AWS profile.")
    if isinstance(error, NoCredentialsError):
        return NotSignedInError("There are no AWS credentials; sign in with `aws sso login`, or set AWS_PROFILE.")
    return error


class NoRegionSetError(BeforehandError):
    """Nothing says in which AWS region the stage is."""


class NotSignedInError(BeforehandError):
    """Nothing says who asks AWS."""


def _write_what_the_terminal_can_show() -> None:
    """A terminal that is not in UTF-8 gets a question mark for what it has no sign for, and no traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
