"""How a client reaches the local AWS endpoint, and only it."""

import os
import ssl
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from beforehand_cli.local.errors import LocalError
from beforehand_cli.local.settings import ACCESS_KEY, ACCOUNT, ADDRESS, SECRET_KEY
from beforehand_cli.local.state import State, StateDirectory

_NOTHING_OF_THE_USERS = {"profile": None, "config_file": os.devnull, "credentials_file": os.devnull}


class NotUpError(LocalError):
    """Nothing runs here yet; start it with `beforehand up`."""


class EndpointSilentError(LocalError):
    """The AWS endpoint does not answer; start it with `beforehand up`."""


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

    Configuration files point at an empty file, so that no profile of the user can take part. A proxy stays what it
    is, since the app's packages may have to come through it, but is not asked for this machine.
    """
    empty = directory.root / "no-aws-config"
    if not empty.exists():
        empty.touch()
    return {
        "AWS_ENDPOINT_URL": endpoint(state),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        **beside_the_proxy(),
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


def beside_the_proxy() -> dict[str, str]:
    """The variables that keep connections to this machine from the user's proxy."""
    also = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
    hosts = ",".join([ADDRESS, "localhost", *([also] if also else [])])
    return {"NO_PROXY": hosts, "no_proxy": hosts}


PLAIN_HTTP = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For httpx, where what is asked is on this machine: it trusts nobody, and so loads no certificates, which takes
longer than the answer."""


def without_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for what talks to this machine only: no proxy takes part."""
    kept = {name: value for name, value in environment.items() if not name.upper().endswith("_PROXY")}
    return {**kept, "NO_PROXY": "*", "no_proxy": "*"}


def client(project_root: Path, service: str) -> Any:
    """A boto3 client of `service` at the local endpoint of a project.

    Raises:
        NotUpError: `up` never ran there.
    """
    return client_at(endpoint(StateDirectory.of(project_root).load()), service)


@cache
def client_at(url: str, service: str, region: str = "ap-south-1") -> Any:
    """A boto3 client of `service` at the endpoint `url`."""
    # Each name has no variable, no entry in a file and this value: the user's profiles and files take no part.
    fixed = {name: (None, None, value, None) for name, value in _NOTHING_OF_THE_USERS.items()}
    session = boto3.Session(
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name=region,
        botocore_session=botocore.session.Session(session_vars=fixed),
    )
    config = Config(
        inject_host_prefix=False,
        s3={"addressing_style": "path"},
        retries={"max_attempts": 1},
        proxies={} if "127.0.0.1" in url else None,
        user_agent_extra=f"beforehand/{os.getpid()}",
    )
    return session.client(service, endpoint_url=url, config=config)
