"""What is told from outside: a click changes nothing, a button does, and only what is proved is taken in."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest

from beforehand.outreach.channels.signing import TOLERANCE, sign
from beforehand.outreach.inbox.documents import Report
from beforehand.outreach.inbox.reading import UnreadableReportError
from beforehand.outreach.inbox.receive_wiring import answer_to, response
from beforehand.outreach.inbox.receiving import MOST_BYTES, Answer, Receiving
from beforehand.outreach.model import Channel
from beforehand.outreach.outcomes import Kind
from beforehand.outreach.suppression.contacts import contact_hash
from beforehand.outreach.suppression.tokens import Unsubscribe, issue

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
PEPPER = bytes(range(32))
CURRENT, BEFORE = b"c" * 32, b"b" * 32
OUTREACH = UUID(int=7)
ADDRESS, NUMBER = "asha@example.com", "+919876543210"
HASH = contact_hash(Channel.EMAIL, ADDRESS, PEPPER)
TOKEN = issue(Unsubscribe(outreach_id=OUTREACH, channel=Channel.EMAIL, contact_hash=HASH), PEPPER)
BODY = json.dumps({"outreach_id": str(OUTREACH), "kind": "replied", "at": NOW.isoformat()}).encode()


class Kept:
    """The inbox and the senders' marks in memory, in the order in which they were written."""

    def __init__(self) -> None:
        self.reports: dict[str, Report] = {}
        self.marks: list[tuple[str, str]] = []
        self.order: list[str] = []

    @property
    def receiving(self) -> Receiving:
        return Receiving(inbox=Box(self), marks=Marks(self), pepper=PEPPER, secrets=lambda: (CURRENT, BEFORE))

    @property
    def only(self) -> Report:
        (report,) = self.reports.values()
        return report


class Box:
    def __init__(self, kept: Kept) -> None:
        self.kept = kept

    def put(self, report: Report, *, now: datetime) -> bool:
        self.kept.order.append("inbox")
        new = report.key not in self.kept.reports
        self.kept.reports.setdefault(report.key, report)
        return new


class Marks:
    def __init__(self, kept: Kept) -> None:
        self.kept = kept

    def put(self, contact_hash: str, *, by: str, now: datetime) -> None:
        self.kept.order.append("mark")
        self.kept.marks.append((contact_hash, by))


def request(
    kept: Kept, route: str, body: bytes = b"", headers: Mapping[str, str] | None = None, **path: str
) -> Answer:
    event = {
        "routeKey": route, "pathParameters": path, "body": body.decode(errors="replace"),
        "headers": {name.title(): value for name, value in (headers or {}).items()}, "isBase64Encoded": False,
    }  # fmt: skip
    return answer_to(event, kept.receiving, now=NOW)


def hook(
    body: bytes = BODY, *, secret: bytes = CURRENT, at: datetime = NOW, kept: Kept | None = None, **more: str
) -> Answer:
    headers = {**sign([secret], webhook_id="msg_1", at=at, body=body), **more}
    return request(kept or Kept(), "POST /hooks/{source}", body, headers, source="crm")


def test_a_click_changes_nothing_as_programs_that_look_into_mail_click_too() -> None:
    kept = Kept()
    answer = request(kept, "GET /u/{token}", token=TOKEN)
    assert (answer.status, kept.order) == (HTTPStatus.OK, [])
    assert '<form method="post">' in answer.body and "<script" not in answer.body


def test_one_post_is_a_wish_and_senders_know_before_it_lies_in_the_inbox() -> None:
    kept = Kept()
    answer = request(kept, "POST /u/{token}", b"List-Unsubscribe=One-Click", token=TOKEN)
    assert (answer.status, kept.order) == (HTTPStatus.OK, ["mark", "inbox"])
    assert kept.marks == [(HASH, kept.only.key)]
    assert (kept.only.kind, kept.only.outreach_id, kept.only.contact_hash) == (Kind.UNSUBSCRIBED, OUTREACH, HASH)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_we_did_not_give_out_does_nothing(method: str) -> None:
    kept = Kept()
    answer = request(kept, f"{method} /u/{{token}}", token=TOKEN[:-1] + ("A" if TOKEN[-1] != "A" else "B"))
    assert (answer.status, kept.order) == (HTTPStatus.NOT_FOUND, [])
    assert "This link is not one that we gave out" in answer.body


def test_pages_are_not_kept_framed_or_scripted() -> None:
    headers = response(request(Kept(), "GET /u/{token}", token=TOKEN))["headers"]
    assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("secret", [CURRENT, BEFORE])
def test_a_report_under_either_live_secret_is_taken_in_once(secret: bytes) -> None:
    kept = Kept()
    answers = [hook(secret=secret, kept=kept) for _ in range(10)]
    assert [answer.because for answer in answers] == ["it is taken in", *["it was taken in before"] * 9]
    assert {answer.status for answer in answers} == {HTTPStatus.ACCEPTED}
    assert (kept.only.provider, kept.only.event_id, kept.only.kind) == ("crm", "msg_1", Kind.REPLIED)


@pytest.mark.fault(27)
def test_a_report_with_any_byte_changed_is_refused_before_it_is_read() -> None:
    headers = sign([CURRENT], webhook_id="msg_1", at=NOW, body=BODY)
    for place in range(len(BODY)):
        changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        kept = Kept()
        answer = request(kept, "POST /hooks/{source}", changed, headers, source="crm")
        assert (answer.status, kept.order) == (HTTPStatus.UNAUTHORIZED, [])
    for name, value in headers.items():
        for place in range(len(value)):
            kept = Kept()
            changed_header = value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
            answer = request(kept, "POST /hooks/{source}", BODY, {**headers, name: changed_header}, source="crm")
            assert (answer.status, kept.order) == (HTTPStatus.UNAUTHORIZED, []), (name, place)


@pytest.mark.parametrize("away", [-1, 1])
def test_an_old_or_a_future_report_is_refused(away: int) -> None:
    assert hook(at=NOW + away * TOLERANCE).status is HTTPStatus.ACCEPTED
    late = hook(at=NOW + away * (TOLERANCE + timedelta(seconds=1)))
    assert (late.status, late.because) == (HTTPStatus.UNAUTHORIZED, "webhook-timestamp is too far from now")


@pytest.mark.parametrize(
    ("contact", "channel"), [(ADDRESS, Channel.EMAIL), (NUMBER, Channel.SMS), (f"Asha <{ADDRESS}>", Channel.EMAIL)]
)
def test_a_wish_that_names_its_address_is_marked_at_once_and_the_address_dropped(
    contact: str, channel: Channel
) -> None:
    kept = Kept()
    said = {"outreach_id": str(OUTREACH), "kind": "unsubscribed", "at": NOW.isoformat(), "contact": contact}
    assert hook(json.dumps(said).encode(), kept=kept).status is HTTPStatus.ACCEPTED
    assert kept.order == ["mark", "inbox"]
    assert (kept.only.channel, kept.only.contact_hash) == (channel, contact_hash(channel, contact, PEPPER))
    assert contact not in kept.only.model_dump_json()
    refused = hook(json.dumps({**said, "contact": "nobody of 12"}).encode())
    assert refused.status is HTTPStatus.UNPROCESSABLE_ENTITY and "nobody" not in refused.because


def test_a_report_that_is_too_long_is_refused() -> None:
    assert hook(b" " * (MOST_BYTES + 1)).status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"{", "body: Invalid JSON"),
        (b"{}", "outreach_id: Field required"),
        (BODY.replace(b"replied", b"asha@example.com"), "kind: Input should be"),
        (BODY.replace(b"}", b', "to": "asha@example.com"}'), "to: Extra inputs are not permitted"),
        (BODY.replace(str(OUTREACH).encode(), b"asha@example.com"), "outreach_id: Input should be a valid UUID"),
    ],
)
def test_a_report_that_cannot_be_read_is_refused_by_field_and_quotes_nothing(body: bytes, named: str) -> None:
    answer = hook(body)
    assert answer.status is HTTPStatus.UNPROCESSABLE_ENTITY
    assert named in answer.because and ADDRESS not in answer.because


@pytest.mark.parametrize("source", ["ses", "link", "sms", "CRM", "a/b", ""])
def test_no_system_reports_under_a_name_that_is_taken(source: str) -> None:
    headers = sign([CURRENT], webhook_id="msg_1", at=NOW, body=BODY)
    kept = Kept()
    answer = request(kept, "POST /hooks/{source}", BODY, headers, source=source)
    assert (answer.status, kept.order) == (HTTPStatus.NOT_FOUND, [])


def mail(kind: str, **detail: Any) -> dict[str, Any]:
    """An event of Amazon SES as EventBridge hands it over."""
    about = {
        "messageId": "0100018f", "destination": [ADDRESS], "source": "hello@example.com",
        "headers": [{"name": "To", "value": f"Asha Rao <{ADDRESS}>"}],
        "tags": {"outreach_id": [str(OUTREACH)], "attempt": ["2"], "ses:caller-identity": ["x"]},
    }  # fmt: skip
    return {
        "version": "0", "id": f"e-{kind.replace(' ', '-')}", "source": "aws.ses", "detail-type": kind,
        "time": "2026-01-15T09:00:00Z", "detail": {"mail": about, **detail},
    }  # fmt: skip


def sms(kind: str) -> dict[str, Any]:
    """An event of AWS End User Messaging as EventBridge hands it over."""
    detail = {
        "eventType": kind, "messageId": "0100018f",
        "eventTimestamp": 1768467600123, "destinationPhoneNumber": NUMBER, "isFinal": True,
        "messageStatus": kind.removeprefix("TEXT_"), "messageStatusDescription": f"it went to {NUMBER}",
        "context": {"outreach_id": str(OUTREACH), "attempt": "2"},
    }  # fmt: skip
    return {
        "id": f"e-{kind}", "source": "aws.sms-voice", "detail-type": "Text Message Delivery Status Updated",
        "time": "2026-01-15T09:00:00Z", "detail": detail,
    }  # fmt: skip


PERMANENT = {
    "bounceType": "Permanent", "bounceSubType": "General",
    "bouncedRecipients": [{"emailAddress": ADDRESS, "diagnosticCode": f"550 no such user {ADDRESS}"}],
}  # fmt: skip
EVENTS = [
    (mail("Email Sent", send={}), Kind.SENT, False),
    (mail("Email Delivered", delivery={"recipients": [ADDRESS]}), Kind.DELIVERED, False),
    (mail("Email Delivery Delayed"), Kind.DELAYED, False),
    (mail("Email Bounced", bounce=PERMANENT), Kind.BOUNCED, True),
    (mail("Email Bounced", bounce={**PERMANENT, "bounceType": "Transient"}), Kind.BOUNCED, False),
    (mail("Email Complaint Received", complaint={"complaintFeedbackType": "abuse"}), Kind.COMPLAINED, True),
    (mail("Email Complaint Received", complaint={"complaintFeedbackType": "not-spam"}), Kind.DELIVERED, False),
    (mail("Email Complaint Received", complaint={}), Kind.COMPLAINED, True),
    (mail("Email Rejected", reject={"reason": "Bad content"}), Kind.REJECTED, False),
    (mail("Email Rendering Failed"), Kind.FAILED, False),
    (sms("TEXT_QUEUED"), Kind.SENT, False),
    (sms("TEXT_DELIVERED"), Kind.DELIVERED, False),
    (sms("TEXT_INVALID"), Kind.BOUNCED, True),
    (sms("TEXT_CARRIER_UNREACHABLE"), Kind.FAILED, False),
]


@pytest.mark.parametrize(("event", "kind", "suppresses"), EVENTS)
def test_an_event_of_a_provider_becomes_a_report_without_a_person_in_it(
    event: dict[str, Any], kind: Kind, suppresses: bool
) -> None:
    kept = Kept()
    assert kept.receiving.bus(event, now=NOW) == "it is taken in"
    assert kept.receiving.bus(event, now=NOW) == "it was taken in before"
    report = kept.only
    assert (report.outreach_id, report.attempt, report.kind) == (OUTREACH, 2, kind)
    assert report.message_id == "0100018f"
    assert kept.order[0] == ("mark" if suppresses else "inbox")
    channel, address = (Channel.EMAIL, ADDRESS) if event["source"] == "aws.ses" else (Channel.SMS, NUMBER)
    assert report.contact_hash == contact_hash(channel, address, PEPPER)
    told = report.model_dump_json()
    assert not [word for word in (ADDRESS, NUMBER, "Asha", "example", "9876543210") if word in told]


@pytest.mark.parametrize(
    "event",
    [
        {**mail("Email Sent"), "detail": {"mail": {"destination": [ADDRESS], "tags": {}}}},
        mail("Sending Status Enabled"),
        {"source": "aws.s3", "detail-type": "Object Created", "detail": {}},
        {**sms("TEXT_DELIVERED"), "detail": {"eventType": "TEXT_DELIVERED"}},
    ],
)
def test_what_is_about_no_message_of_ours_is_let_be(event: dict[str, Any]) -> None:
    kept = Kept()
    assert kept.receiving.bus(event, now=NOW) == "it is about no message of ours"
    assert kept.order == []


def test_a_text_message_of_another_stage_is_let_be_and_one_of_this_stage_is_not() -> None:
    kept = Kept()
    receive = replace(kept.receiving, stage="prod")
    event = sms("TEXT_INVALID")
    event["detail"]["context"]["stage"] = "dev"
    assert receive.bus(event, now=NOW) == "it is about no message of ours"
    assert kept.order == []
    event["detail"]["context"]["stage"] = "prod"
    assert receive.bus(event, now=NOW) == "it is taken in"


def test_an_event_of_ours_that_cannot_be_read_fails_by_field_and_quotes_nothing() -> None:
    event = mail("Email Delivered")
    event["detail"]["mail"]["tags"]["outreach_id"] = [ADDRESS]
    with pytest.raises(UnreadableReportError, match="outreach_id: Input should be a valid UUID") as refused:
        Kept().receiving.bus(event, now=NOW)
    assert ADDRESS not in str(refused.value)
