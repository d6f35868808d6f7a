"""What left the local stack for people: mails, text messages and webhooks, as a page and as JSON.

Both lie at the AWS endpoint's address.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jinja2
from pydantic import BaseModel, ConfigDict, TypeAdapter

from beforehand_cli.local.aws import PLAIN_HTTP, EndpointSilentError

PATH = "/mailbox"
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
# The page is ours and plain; the HTML of a mail is shown by the browser in a frame that may do nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; img-src data:"
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


VIA = {"sns.email": "SNS", "sms": "SMS", "webhook": "webhook"}
"""The way a message came, by the type of its record; all others are mails through SES."""


class Mail(BaseModel):
    """One mail, text message or webhook as its reader gets it."""

    model_config = ConfigDict(frozen=True)

    id: str
    at: datetime
    sender: str
    to: list[str]
    subject: str
    text: str = ""
    html: str = ""
    via: str
    headers: dict[str, str] = {}
    """Further headers of a mail, `List-Unsubscribe` among them."""
    tags: dict[str, str] = {}
    """What comes back with the provider's events: ids."""

    @property
    def title(self) -> str:
        """The subject, or how the text begins."""
        beginning = self.text.strip().partition("\n")[0]
        return self.subject or (beginning if len(beginning) <= 80 else f"{beginning[:79]}…") or "(no subject)"

    @classmethod
    def of(cls, record: dict[str, Any]) -> "Mail":
        """Read a record of the emulator's outbox."""
        recipients = [*record.get("To", ()), *record.get("CC", ()), *record.get("BCC", ())]
        return cls(
            id=record["MessageId"],
            at=datetime.fromtimestamp(record["Timestamp"], tz=UTC),
            sender=record.get("Source") or "",
            to=recipients,
            subject=record.get("RenderedSubject") or record.get("Subject") or "",
            text=record.get("RenderedBodyText") or record.get("BodyText") or "",
            html=record.get("RenderedBodyHtml") or record.get("BodyHtml") or "",
            via=VIA.get(record.get("Type", ""), "SES"),
            headers=record.get("Headers") or {},
            tags=record.get("Tags") or {},
        )


def list_mail(endpoint: str) -> list[Mail]:
    """The mails at an endpoint, newest first.

    Raises:
        EndpointSilentError: the endpoint does not run.
    """
    try:
        answer = httpx.get(
            f"{endpoint}{PATH}.json", timeout=10, trust_env=False, verify=PLAIN_HTTP
        ).raise_for_status()
    except httpx.HTTPError as error:
        raise EndpointSilentError from error
    return TypeAdapter(list[Mail]).validate_json(answer.content)


class Mailbox:
    """Serves the mailbox and hands every other request on."""

    def __init__(self, inner: AsgiApp, read: Callable[[], list[Mail]]) -> None:
        self._inner = inner
        self._read = read
        self._pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path == PATH or path.startswith((f"{PATH}.", f"{PATH}/"))):
            await self._inner(scope, receive, send)
            return
        status, kind, body = self._answer(path)
        headers = {"content-type": kind, "content-security-policy": _POLICY, **_HEADERS}
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body.encode()})

    def _answer(self, path: str) -> tuple[int, str, str]:
        mails = self._read()
        if path == f"{PATH}.json":
            return 200, "application/json", json.dumps([mail.model_dump(mode="json") for mail in mails])
        if path == PATH:
            return 200, "text/html; charset=utf-8", self._page("mailbox.html", mails=mails)
        mail = next((mail for mail in mails if path == f"{PATH}/{mail.id}"), None)
        if mail is None:
            return 404, "text/html; charset=utf-8", self._page("mailbox.html", mails=mails, missing=True)
        return 200, "text/html; charset=utf-8", self._page("mail.html", mail=mail)

    def _page(self, name: str, **values: object) -> str:
        return self._pages.get_template(name).render(**values)
