"""Clients of AWS services, each made when first used and kept while the function is warm."""

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config


@cache
def client(
    service: str,
    *,
    read_seconds: float = 30,
    connect_seconds: float = 5,
    attempts: int = 4,
    region: str | None = None,
    signature: str | None = None,
) -> Any:
    """A client of one service, in the function's own region unless another is named.

    A client that sends to a person, or that costs by the call, is made with `attempts=1`.
    """
    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        signature_version=signature,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return _session().create_client(service, region_name=region, config=config)


@cache
def _session() -> Any:
    return botocore.session.get_session()
