"""How a client reaches the local AWS endpoint, and only it."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from beforehand_cli.local.errors import LocalError
from beforehand_cli.local.settings import ACCESS_KEY, ACCOUNT, ADDRESS, SECRET_KEY
from beforehand_cli.local.state import State, StateDirectory


class NotUpError(LocalError):
    """Nothing runs here yet; start it with `beforehand up`."""


def endpoint(state: State) -> str:
    """The URL of the AWS endpoint.

    Raises:
        NotUpError: `up` never ran here.
    """
    if state.aws_port is None:
        raise NotUpError
    return f"http://{ADDRESS}:{state.aws_port}"


def aws_environment(directory: StateDirectory, state: State) -> dict[str, str]:
    """The variables that send every AWS client, cdk included, to the local endpoint and to nothing else.

    Configuration files point at an empty file, so that no profile of the user can take part.
    """
    empty = directory.root / "no-aws-config"
    if not empty.exists():
        empty.touch()
    return {
        "AWS_ENDPOINT_URL": endpoint(state),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": state.region,
        "AWS_DEFAULT_REGION": state.region,
        "AWS_CONFIG_FILE": str(empty),
        "AWS_SHARED_CREDENTIALS_FILE": str(empty),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": state.region,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }


def without_aws(environment: dict[str, str]) -> dict[str, str]:
    """An environment without any AWS setting of the user's: profiles, sessions, endpoints."""
    return {name: value for name, value in environment.items() if not name.startswith(("AWS_", "CDK_DEFAULT_"))}


def client(project_root: Path, service: str) -> Any:
    """A boto3 client of `service` at the local endpoint of a project.

    Raises:
        NotUpError: `up` never ran there.
    """
    return client_at(endpoint(StateDirectory.of(project_root).load()), service)


@cache
def client_at(url: str, service: str, region: str = "ap-south-1") -> Any:
    """A boto3 client of `service` at the endpoint `url`."""
    session = boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=region)
    config = Config(
        inject_host_prefix=False,
        s3={"addressing_style": "path"},
        retries={"max_attempts": 1},
        proxies={} if "127.0.0.1" in url else None,
        user_agent_extra=f"beforehand/{os.getpid()}",
    )
    return session.client(service, endpoint_url=url, config=config)
