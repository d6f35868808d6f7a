"""What is told from outside: proved before it is read, put in the inbox, and only then answered.

Whoever asks to be left alone is marked for the senders at once, before the report lies in the inbox: a report that
is lost in between leaves an address alone that asked for it.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol

from beforehand.outreach.channels.signing import problem
from beforehand.outreach.inbox import pages
from beforehand.outreach.inbox.documents import Report
from beforehand.outreach.inbox.reading import UnreadableReportError, from_bus, from_own
from beforehand.outreach.model import Channel
from beforehand.outreach.outcomes import Kind
from beforehand.outreach.suppression.contacts import contact_hash
from beforehand.outreach.suppression.tokens import InvalidTokenError, Unsubscribe, verify

MOST_BYTES = 64 * 1024
"""Of the body of a report."""

Headers = Mapping[str, str]


class Inbox(Protocol):
    """Where reports wait to be applied."""

    def put(self, report: Report, *, now: datetime) -> bool: ...


class Marks(Protocol):
    """What senders look into."""

    def put(self, contact_hash: str, *, by: str, now: datetime) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer over HTTP; `because` is for the log."""

    status: HTTPStatus
    because: str
    body: str = ""
    html: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Receiving:
    """What a report is taken in with. `secrets` are those that the company's own systems sign with.

    Text messages that name another stage than `stage` are let be; None: none is.
    """

    inbox: Inbox
    marks: Marks
    pepper: bytes
    secrets: Callable[[], tuple[bytes, ...]]
    stage: str | None = None

    def ask(self, token: str) -> Answer:
        """Answers a click on a link: a page with a button. Nothing is changed."""
        try:
            verify(token, self.pepper)
        except InvalidTokenError as error:
            return _refused(error)
        return Answer(status=HTTPStatus.OK, because="asked", body=pages.ask(), html=True)

    def unsubscribe(self, token: str, *, now: datetime) -> Answer:
        """Takes one click of a mail program, or the button of the page, as a wish that needs no more words."""
        try:
            asked = verify(token, self.pepper)
        except InvalidTokenError as error:
            return _refused(error)
        self._take(_wish(asked, now), now)
        return Answer(status=HTTPStatus.OK, because="unsubscribed", body=pages.done(), html=True)

    def hook(self, source: str, headers: Headers, body: bytes, *, now: datetime) -> Answer:
        """Takes a report of one of the company's own systems, if its signature proves it."""
        if len(body) > MOST_BYTES:
            return _told(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a report has at most {MOST_BYTES // 1024} KiB")
        secrets = self.secrets()
        if not secrets:
            return _told(HTTPStatus.NOT_FOUND, "no secret is set up, so no report can be proved")
        wrong = problem(secrets, headers, body, now=now)
        if wrong is not None:
            return _told(HTTPStatus.UNAUTHORIZED, wrong)
        try:
            report = from_own(source, headers["webhook-id"], body, self._hash)
        except UnreadableReportError as error:
            return _told(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        new = self._take(report, now)
        return _told(HTTPStatus.ACCEPTED, "it is taken in" if new else "it was taken in before")

    def bus(self, event: Mapping[str, Any], *, now: datetime) -> str:
        """Takes an event of EventBridge; says what it did. Raises UnreadableReportError."""
        report = from_bus(event, self._hash, stage=self.stage)
        if report is None:
            return "it is about no message of ours"
        return "it is taken in" if self._take(report, now) else "it was taken in before"

    def _hash(self, channel: Channel, address: str) -> str:
        return contact_hash(channel, address, self.pepper)

    def _take(self, report: Report, now: datetime) -> bool:
        if report.suppresses and report.contact_hash is not None:
            self.marks.put(report.contact_hash, by=report.key, now=now)
        return self.inbox.put(report, now=now)


def raw_body(event: Mapping[str, Any]) -> bytes:
    """The body as it was sent: what is signed."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return b""


def _wish(asked: Unsubscribe, now: datetime) -> Report:
    """A wish as a report. Who was allowed messages again and presses the button once more says so anew."""
    return Report(
        provider="link",
        event_id=f"{asked.outreach_id}.{asked.contact_hash[:16]}.{int(now.timestamp())}",
        outreach_id=asked.outreach_id,
        kind=Kind.UNSUBSCRIBED,
        at=now,
        channel=asked.channel,
        contact_hash=asked.contact_hash,
    )


def _refused(error: InvalidTokenError) -> Answer:
    return Answer(status=HTTPStatus.NOT_FOUND, because="refused", body=pages.refused(str(error)), html=True)


def _told(status: HTTPStatus, because: str) -> Answer:
    return Answer(status=status, because=because)
