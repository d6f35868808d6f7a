"""`beforehand users`: who may sign in, and as what. Asks AWS for it, with your AWS credentials."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from beforehand.api.access import Role
from beforehand_cli.deployment import Deployment
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json
from beforehand_cli.users import Users

app = typer.Typer(help="Add, list and remove those who may sign in.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="Their e-mail address.")]
AsRole = Annotated[Role, typer.Option(help="What they may do: look, work, or change how it works.")]


@app.command()
def add(email: Email, role: AsRole = Role.VIEWER, stage: Stage = None, as_json: AsJson = False) -> None:
    """Add somebody and show a temporary password, once; they choose their own when they sign in."""
    password = Users.of(Deployment.of_stage(stage)).add(email, role)
    if as_json:
        print_json(json.dumps({"email": email, "role": role, "temporary_password": password}))
        return
    console.print(f"{email} is added as {role}. Temporary password, shown this once and good for three days:")
    console.print(f"  {password}", markup=False, highlight=False)
    console.print("They sign in with: beforehand login --email " + email, markup=False, highlight=False)


@app.command(name="list")
def list_users(stage: Stage = None, as_json: AsJson = False) -> None:
    """List who may sign in."""
    found = list(Users.of(Deployment.of_stage(stage)).everyone())
    if as_json:
        for user in found:
            print_json(json.dumps(asdict(user)))
        return
    table = Table("e-mail", "role", "state", "id", box=None)
    for user in found:
        table.add_row(user.email, user.role or "none", user.state.lower().replace("_", " "), user.user)
    console.print(table)


@app.command()
def role(
    email: Email, role: Annotated[Role, typer.Argument(help="What they may do from now on.")], stage: Stage = None
) -> None:
    """Change what somebody may do; it counts from their next token, within 15 minutes."""
    Users.of(Deployment.of_stage(stage)).change(email, role)
    console.print(f"{email} is {role} now", highlight=False)


@app.command()
def remove(email: Email, stage: Stage = None) -> None:
    """Remove somebody; a token that they have works for 15 minutes at most."""
    Users.of(Deployment.of_stage(stage)).remove(email)
    console.print(f"{email} is removed", highlight=False)
