"""`beforehand login` and `beforehand logout`."""

import os
import sys
from typing import Annotated

import typer

from beforehand_cli.api import Api
from beforehand_cli.deployment import LOCAL, Deployment
from beforehand_cli.options import Stage
from beforehand_cli.sessions import Place, Sessions
from beforehand_cli.terminal import console

PASSWORD_VARIABLE = "BEFOREHAND_PASSWORD"  # noqa: S105 - the name of a variable
NEW_PASSWORD_VARIABLE = "BEFOREHAND_NEW_PASSWORD"  # noqa: S105 - likewise


def login(
    email: Annotated[str | None, typer.Option(help="Who signs in; locally the admin that `up` made.")] = None,
    stage: Stage = None,
    api: Annotated[str | None, typer.Option(help="Where the API is, for those without AWS credentials.")] = None,
    client_id: Annotated[str | None, typer.Option(help="The output UserPoolClient, with --api.")] = None,
    region: Annotated[str | None, typer.Option(help="The AWS region, with --api.", envvar="AWS_REGION")] = None,
) -> None:
    """Sign in; the password is asked for, or read from BEFOREHAND_PASSWORD or standard input.

    Where the stage is in AWS its stacks are asked, unless --api, --client-id and --region say it.
    """
    deployment = Deployment.of_stage(stage)
    sessions = Sessions(deployment, _place(api, client_id, region))
    if email or deployment.stage != LOCAL:
        email = email or typer.prompt("E-mail")
        session = sessions.sign_in(email, _password("Password"), _chosen)
    else:
        session = sessions.by_itself()
    me = Api(deployment).get("/v1/me")
    console.print(f"{session.user} is signed in to the stage {deployment.stage} as {me['role'] or 'nobody'}")


def _place(api: str | None, client_id: str | None, region: str | None) -> Place | None:
    if not api and not client_id:
        return None
    if not (api and client_id and region):
        raise typer.BadParameter("--api, --client-id and --region go together")
    if not api.startswith("https://"):
        raise typer.BadParameter("--api begins with https://, since passwords and tokens go there")
    return Place(api=api.rstrip("/"), client_id=client_id, region=region)


def logout(stage: Stage = None) -> None:
    """Sign out: the tokens are revoked and their file is removed."""
    deployment = Deployment.of_stage(stage)
    signed_out = Sessions(deployment).sign_out()
    console.print(f"Signed out of the stage {deployment.stage}" if signed_out else "Nobody was signed in")


def _password(prompt: str) -> str:
    if given := os.environ.get(PASSWORD_VARIABLE):
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt(prompt, hide_input=True))


def _chosen() -> str:
    """A password to stay with, where the one so far was temporary."""
    if given := os.environ.get(NEW_PASSWORD_VARIABLE):
        return given
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "the password is a temporary one; sign in at a terminal to choose your own, "
            f"or set {NEW_PASSWORD_VARIABLE}"
        )
    return str(typer.prompt("The password was temporary; choose one to stay with", hide_input=True,
                            confirmation_prompt=True))  # fmt: skip
