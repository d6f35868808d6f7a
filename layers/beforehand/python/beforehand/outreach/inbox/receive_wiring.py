"""Puts `webhooks_receive` together: three public routes of the API, and the events of AWS's own senders."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger

from beforehand.adapters.secrets_manager import TextSecret
from beforehand.clock import now
from beforehand.entrypoint import TaskFailedError, look_for_garbage_again, named, where
from beforehand.errors import BeforehandError
from beforehand.outreach.channels.signing import secrets_of
from beforehand.outreach.inbox import pages
from beforehand.outreach.inbox.receiving import Answer, Receiving, raw_body
from beforehand.outreach.inbox.table import DynamoInbox
from beforehand.outreach.suppression.marks import DynamoMarks
from beforehand.outreach.suppression.pepper import pepper
from beforehand.settings import from_environment
from beforehand.settings.inbox import WebhooksReceiveSettings

SOURCE = re.compile(r"[a-z][a-z0-9-]{0,31}")
TAKEN = frozenset({"ses", "sms", "link"})
"""Names of reporters that nobody else may take."""

Handler = Any


def handler() -> Handler:
    """The handler. It logs the route, the status and why; no path, as a link is in it, no header and no body."""
    logger = Logger()
    look_for_garbage_again()

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        logger.append_keys(request=getattr(context, "aws_request_id", None), route=event.get("routeKey"))
        if "routeKey" not in event:
            did = _from_bus(event)
            logger.info("received", extra={"did": did})
            return {"did": did}
        try:
            answer = answer_to(event, receiving(), now=now())
        except Exception as error:
            logger.error("failed", extra={"error": named(error), "where": where(error)})
            answer = Answer(
                status=HTTPStatus.SERVICE_UNAVAILABLE, because="it failed", body=pages.later(), html=True
            )
        logger.info("answered", extra={"status": int(answer.status)})
        return response(answer)

    return handle


def _from_bus(event: Mapping[str, Any]) -> str:
    """Raises what was foreseen as it is; of anything else only the name, as its text may quote an address."""
    try:
        return receiving().bus(event, now=now())
    except BeforehandError:
        raise
    except Exception as error:
        raise TaskFailedError(f"{named(error)} at {where(error)}") from None


def receiving() -> Receiving:
    """What this process takes reports in with."""
    settings = from_environment(WebhooksReceiveSettings)

    def secrets() -> tuple[bytes, ...]:
        return secrets_of(TextSecret(settings.hooks_secret).read()) if settings.hooks_secret else ()

    return Receiving(
        inbox=DynamoInbox(settings.inbox_table),
        marks=DynamoMarks(settings.gates_table),
        pepper=pepper(settings.files_bucket),
        secrets=secrets,
        stage=settings.stage_name,
    )


def answer_to(event: Mapping[str, Any], receive: Receiving, *, now: datetime) -> Answer:
    """Answers one request of the HTTP API (payload format 2.0)."""
    given = event.get("pathParameters") or {}
    match event["routeKey"]:
        case "GET /u/{token}":
            return receive.ask(str(given.get("token", "")))
        case "POST /u/{token}":
            return receive.unsubscribe(str(given.get("token", "")), now=now)
        case "POST /hooks/{source}":
            source = str(given.get("source", ""))
            if not SOURCE.fullmatch(source) or source in TAKEN:
                return Answer(status=HTTPStatus.NOT_FOUND, because="no system may report under this name")
            headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
            return receive.hook(source, headers, raw_body(event), now=now)
    return Answer(status=HTTPStatus.NOT_FOUND, because="there is nothing at this path")


def response(answer: Answer) -> dict[str, Any]:
    """An answer as the gateway takes it. No page may be kept, framed, or told where the reader came from."""
    body = answer.body if answer.html else json.dumps({"because": answer.because})
    return {
        "statusCode": int(answer.status),
        "headers": {
            "Content-Type": "text/html; charset=utf-8" if answer.html else "application/json",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
            "frame-ancestors 'none'",
        },
        "body": body,
    }
