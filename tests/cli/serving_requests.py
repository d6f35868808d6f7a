"""The API as the command meets it, served by the product's own code on a real database."""

import json
from threading import Lock

import httpx

from beforehand_cli import api
from beforehand_cli.deployment import Deployment
from tests.api.served import Served


def api_of(served: Served) -> api.Api:
    """The API of the stage `dev`, where somebody is signed in; one function serves one request at a time."""
    alone = Lock()

    def answer(request: httpx.Request) -> httpx.Response:
        with alone:
            told = served.send(
                request.method,
                request.url.path,
                query=request.url.query.decode(),
                body=json.loads(request.content) if request.content else None,
                headers={name.lower(): value for name, value in request.headers.items()},
            )
        return httpx.Response(told.status, json=told.body)

    return api.Api(Deployment(stage="dev"), transport=httpx.MockTransport(answer))
