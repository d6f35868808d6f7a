"""Messages to the company's own system, signed: it decides how the customer is reached.

Deduplicates by key: our protocol asks the system to take each `webhook-id` once, and it is the outreach's id in
every attempt. A message whose answer was lost may therefore be sent again.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Protocol

from beforehand.adapters.pinned_post import (
    AnswerLostError,
    NotSentError,
    Reply,
    Resolve,
    Seconds,
    Target,
    UnsafeUrlError,
    post,
    resolve,
)
from beforehand.errors import NotNowError
from beforehand.outreach.channels.model import Answer, Evidence, Outbound, Outcome
from beforehand.outreach.channels.signing import InvalidSecretError, secrets_of, sign
from beforehand.outreach.model import Channel

MESSAGE_TYPE = "outreach.message"
LONGEST_WAIT = 86_400

LATER = {
    HTTPStatus.UNAUTHORIZED: "the company's system did not take the signature",
    HTTPStatus.FORBIDDEN: "the company's system did not take the signature",
    HTTPStatus.NOT_FOUND: "the company's system has nothing at this URL",
    HTTPStatus.TOO_EARLY: "the company's system asks for another time",
    HTTPStatus.TOO_MANY_REQUESTS: "the company's system is asked too often",
}
"""Answers that every message would get, and that can pass or be mended."""


class Secret(Protocol):
    """What signs, as a text."""

    def read(self) -> str:
        """The text as it is now. Raises NotNowError."""


class SignedWebhook:
    """Posts to one URL; made for one invocation, in which the secret is read once."""

    channel = Channel.WEBHOOK
    evidence = Evidence.DEDUPS_BY_KEY

    def __init__(
        self,
        *,
        url: str,
        hosts: frozenset[str],
        secret: Secret,
        now: Callable[[], datetime],
        loopback: bool = False,
        seconds: Seconds | None = None,
        resolved_by: Resolve = resolve,
    ) -> None:
        self._url, self._hosts, self._loopback = url, hosts, loopback
        self._secret, self._now = secret, now
        self._seconds, self._resolved_by = seconds, resolved_by
        self._secrets: tuple[bytes, ...] = ()

    def send(self, message: Outbound) -> Answer:
        """One message, once."""
        now = self._now()
        try:
            target = Target.of(self._url, hosts=self._hosts, loopback=self._loopback)
            secrets = self._live_secrets()
            body = payload(message, at=now)
            proof = sign(secrets, webhook_id=str(message.outreach_id), at=now, body=body)
            headers = {"Content-Type": "application/json", "User-Agent": "beforehand", **proof}
            reply = post(target, body, headers, seconds=self._seconds, resolved_by=self._resolved_by)
        except (UnsafeUrlError, NotSentError, InvalidSecretError) as error:
            return Answer(outcome=Outcome.NOT_NOW, because=f"webhook: {error}; nothing was sent")
        except NotNowError as error:
            because = f"webhook: the signing secret could not be read ({error}); nothing was sent"
            return Answer(outcome=Outcome.NOT_NOW, because=because)
        except AnswerLostError as error:
            return Answer(outcome=Outcome.UNKNOWN, because=f"webhook: {error}")
        return answer(reply, message, now=now)

    def _live_secrets(self) -> tuple[bytes, ...]:
        self._secrets = self._secrets or secrets_of(self._secret.read())
        return self._secrets


def payload(message: Outbound, *, at: datetime) -> bytes:
    """What the company's system gets."""
    data = {
        "outreach_id": str(message.outreach_id),
        "attempt": message.attempt,
        "customer_id": message.customer_id,
        "to": message.to,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "unsubscribe_url": message.unsubscribe_url,
        "tags": dict(message.tags),
    }
    whole = {"type": MESSAGE_TYPE, "timestamp": at.isoformat(timespec="seconds"), "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def answer(reply: Reply, message: Outbound, *, now: datetime) -> Answer:
    """What a status means. A redirect is not followed, and so is a no."""
    status = reply.status
    if 200 <= status < 300:
        because = "the company's system took it"
        return Answer(outcome=Outcome.ACCEPTED, because=because, provider_id=str(message.outreach_id))
    wait = _wait(reply.headers, now=now)
    if 300 <= status < 400:
        because = f"webhook: the company's system answered {status}; redirects are not followed"
        return Answer(outcome=Outcome.NOT_NOW, because=because)
    if status in LATER or (status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None):
        why = LATER.get(HTTPStatus(status), "the company's system is not available")
        return Answer(outcome=Outcome.NOT_NOW, because=f"webhook: {why} ({status})", wait_seconds=wait)
    because = f"webhook: the company's system answered {status}"
    if 400 <= status < 500 and status != HTTPStatus.REQUEST_TIMEOUT:
        return Answer(outcome=Outcome.REFUSED, because=because)
    return Answer(outcome=Outcome.UNKNOWN, because=because)


def _wait(headers: Mapping[str, str], *, now: datetime) -> int | None:
    """How many seconds `Retry-After` asks for, as a number or a date; None: nothing that can be read."""
    given = headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return min(int(given), LONGEST_WAIT)
    try:
        then = parsedate_to_datetime(given)
    except (TypeError, ValueError):
        return None
    if then.tzinfo is None:
        return None
    return min(max(0, round((then - now).total_seconds())), LONGEST_WAIT)
