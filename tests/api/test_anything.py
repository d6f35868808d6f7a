"""Whatever is sent, the API gives an answer that its own description allows, and never fails."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import hypothesis
import pytest
import schemathesis
from wsgiref.types import StartResponse, WSGIEnvironment

from functions.api_serve.handler import handler
from tests.api.served import Served, event

CASES_FOR_EACH_ROUTE = 25
SCHEMA = schemathesis.openapi.from_dict(json.loads(handler.routes["GET /v1/openapi.json"].function(None).model_dump_json()))
