"""Reads what AWS and the company's own systems report into one form, and lets go of every address on the way."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from beforehand.errors import BeforehandError
from beforehand.outreach.inbox.documents import Report
from beforehand.outreach.model import Channel
from beforehand.outreach.outcomes import Kind
from beforehand.outreach.suppression.contacts import UnreadableAddressError

Hash = Callable[[Channel, str], str]
"""Makes the hash of an address; raises UnreadableAddressError."""

SES = {
    "Email Sent": Kind.SENT, "Email Delivered": Kind.DELIVERED, "Email Delivery Delayed": Kind.DELAYED,
    "Email Bounced": Kind.BOUNCED, "Email Complaint Received": Kind.COMPLAINED, "Email Rejected": Kind.REJECTED,
    "Email Rendering Failed": Kind.FAILED, "Email Opened": Kind.OPENED, "Email Clicked": Kind.CLICKED,
}  # fmt: skip
"""Amazon SES's events by their detail-type in EventBridge."""

NOT_SPAM = "not-spam"
"""What a mail program sends when somebody takes a message out of the spam again."""

SMS_TYPE = "Text Message Delivery Status Updated"
SMS = {
    "TEXT_PENDING": Kind.SENT, "TEXT_QUEUED": Kind.SENT, "TEXT_SENT": Kind.SENT, "TEXT_SUCCESSFUL": Kind.SENT,
    "TEXT_DELIVERED": Kind.DELIVERED, "TEXT_UNKNOWN": Kind.DELAYED, "TEXT_INVALID": Kind.BOUNCED,
    "TEXT_INVALID_MESSAGE": Kind.REJECTED, "TEXT_BLOCKED": Kind.REJECTED, "TEXT_SPAM": Kind.REJECTED,
    "TEXT_CARRIER_BLOCKED": Kind.REJECTED, "TEXT_PROTECT_BLOCKED": Kind.REJECTED, "TEXT_UNREACHABLE": Kind.FAILED,
    "TEXT_CARRIER_UNREACHABLE": Kind.FAILED, "TEXT_TTL_EXPIRED": Kind.FAILED,
}  # fmt: skip
"""AWS End User Messaging's events by their eventType."""

MESSAGE_ID = re.compile(r"[A-Za-z0-9._-]{1,256}")


class UnreadableReportError(BeforehandError):
    """A report says nothing that can be applied; the message names fields and quotes nothing."""


class OwnReport(BaseModel):
    """What the company's own systems send: which message, what happened, and when.

    `contact` is the address that it is about, of which the hash alone is kept; without `channel`, one with an `@`
    is an e-mail address and any other a phone number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    outreach_id: str
    attempt: int | None = None
    kind: Kind
    at: AwareDatetime
    contact: Annotated[str, Field(min_length=1, max_length=320)] | None = None
    channel: Channel | None = None


def from_bus(event: Mapping[str, Any], hashed: Hash, *, stage: str | None = None) -> Report | None:
    """An event of EventBridge; None: it is about a message that is not this stage's, or tells nothing.

    Raises UnreadableReportError.
    """
    detail = event.get("detail") or {}
    if event.get("source") == "aws.ses":
        return _from_ses(event, detail, hashed)
    if event.get("source") == "aws.sms-voice" and event.get("detail-type") == SMS_TYPE:
        return _from_sms(event, detail, hashed, stage)
    return None


def from_own(source: str, webhook_id: str, body: bytes, hashed: Hash) -> Report:
    """A report of the company's own systems, whose signature was proved. Raises UnreadableReportError."""
    try:
        said = OwnReport.model_validate_json(body)
    except ValidationError as error:
        raise _unreadable(error) from None
    given = said.model_dump(exclude={"contact"})
    if said.contact is not None:
        given["channel"] = said.channel or (Channel.EMAIL if "@" in said.contact else Channel.SMS)
        try:
            given["contact_hash"] = hashed(given["channel"], said.contact)
        except UnreadableAddressError as error:
            raise UnreadableReportError(f"The report cannot be read: contact: {error}") from None
    return _report(**given, provider=source, event_id=webhook_id)


def _from_ses(event: Mapping[str, Any], detail: Mapping[str, Any], hashed: Hash) -> Report | None:
    kind = SES.get(str(event.get("detail-type")))
    mail = detail.get("mail") or {}
    tags = mail.get("tags") or {}
    if kind is None or not tags.get("outreach_id"):
        return None
    bounce = detail.get("bounce") or {}
    complaint = detail.get("complaint") or {}
    if complaint.get("complaintFeedbackType") == NOT_SPAM:
        kind = Kind.DELIVERED
    to = (mail.get("destination") or [""])[0]
    return _report(
        provider="ses",
        event_id=event.get("id"),
        outreach_id=tags["outreach_id"][0],
        attempt=_number((tags.get("attempt") or [""])[0]),
        kind=kind,
        at=event.get("time"),
        permanent=bounce.get("bounceType") == "Permanent",
        channel=Channel.EMAIL,
        contact_hash=_hash(hashed, Channel.EMAIL, to),
        message_id=_message_id(mail.get("messageId")),
        detail=_code(bounce.get("bounceSubType") or complaint.get("complaintFeedbackType")),
    )


def _from_sms(
    event: Mapping[str, Any], detail: Mapping[str, Any], hashed: Hash, stage: str | None
) -> Report | None:
    kind = SMS.get(str(detail.get("eventType")))
    ids = detail.get("context") or {}
    if kind is None or not ids.get("outreach_id"):
        return None
    if stage is not None and ids.get("stage", stage) != stage:
        return None
    return _report(
        provider="sms",
        event_id=event.get("id"),
        outreach_id=ids["outreach_id"],
        attempt=_number(ids.get("attempt")),
        kind=kind,
        at=_moment(detail.get("eventTimestamp")) or event.get("time"),
        permanent=kind is Kind.BOUNCED,
        channel=Channel.SMS,
        contact_hash=_hash(hashed, Channel.SMS, str(detail.get("destinationPhoneNumber") or "")),
        message_id=_message_id(detail.get("messageId")),
        detail=_code(detail.get("messageStatus")),
    )


def _report(**said: Any) -> Report:
    try:
        return Report(**said)
    except ValidationError as error:
        raise _unreadable(error) from None


def _unreadable(error: ValidationError) -> UnreadableReportError:
    problems = (f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors(include_input=False))
    return UnreadableReportError(f"The report cannot be read: {'; '.join(problems)}")


def _hash(hashed: Hash, channel: Channel, address: str) -> str | None:
    try:
        return hashed(channel, address)
    except UnreadableAddressError:
        return None


def _number(text: object) -> int | None:
    return int(str(text)) if str(text).isascii() and str(text).isdigit() else None


def _message_id(text: object) -> str | None:
    """A provider's id of a message, if it is one: a strange one is no reason to lose what is told."""
    return str(text) if MESSAGE_ID.fullmatch(str(text or "")) else None


def _moment(milliseconds: object) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if isinstance(milliseconds, int) else None


def _code(text: object) -> str | None:
    """A provider's code, if it is one and no sentence."""
    word = str(text or "")
    return word if word and len(word) <= 64 and word.replace("-", "").replace("_", "").isalnum() else None
