"""AWS End User Messaging SMS: the emulator lacks it; here a text message is taken, kept in the mailbox, told of.

Only SendTextMessage is there. Who is written to decides what is told: the failing numbers of AWS's own simulator
are unreachable, all others get their message. AWS knows the numbers, sender ids and pools of the account and
refuses others; here every origination is taken.
Sources: SendTextMessage; End User Messaging SMS User Guide, "Simulator phone numbers" and "Monitoring with
EventBridge".
"""

import json
import re
import time
import uuid
from typing import Any

from ministack import app
from ministack.services import ses

from beforehand_cli.local.gaps.events import Event, emit

SERVICE = "sms-voice"
TARGET = "PinpointSMSVoiceV2.SendTextMessage"
NUMBER = re.compile(r"\+?[1-9][0-9]{1,18}")
LONGEST = 1600
MOST_CONTEXT = 5

FAILING = frozenset(
    {
        "+61455944039",
        "+43676800442032",
        "+32460213923",
        "+56229140631",
        "+420790542287",
        "+4525919215",
        "+37282720793",
        "+3584573979111",
        "+33755512502",
        "+85257048854",
    }
)
"""Numbers of AWS's simulator to which every message fails: Australia, Austria, Belgium, Chile, Czechia, Denmark,
Estonia, Finland, France, Hong Kong. Nobody else has them."""
Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Add the service to those that the emulator has."""
    plain = app.detect_service

    def detect_service(method: str, path: str, headers: dict[str, str], query: Any) -> Any:
        if headers.get("x-amz-target") == TARGET:
            return SERVICE
        return plain(method, path, headers, query)

    app.detect_service = detect_service
    app.SERVICE_HANDLERS[SERVICE] = _handle


async def _handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:
    asked = json.loads(body)
    wrong = _wrong(asked)
    if wrong:
        return _answer(400, {"__type": "ValidationException", "Message": wrong[1], "Reason": wrong[0]})
    message_id = str(uuid.uuid4())
    _keep(asked, message_id)
    if not asked.get("DryRun"):
        emit([_event(asked, message_id)])
    return _answer(200, {"MessageId": message_id})


def _wrong(asked: dict[str, Any]) -> tuple[str, str] | None:
    text = str(asked.get("MessageBody", ""))
    if not NUMBER.fullmatch(str(asked.get("DestinationPhoneNumber", ""))):
        return "INVALID_PARAMETER", "The destination phone number is not one"
    if not text.strip():
        return "MISSING_PARAMETER", "The message has no body"
    if len(text) > LONGEST:
        return "MAXIMUM_SIZE_EXCEEDED", f"The message is longer than {LONGEST} characters"
    if len(asked.get("Context") or {}) > MOST_CONTEXT:
        return "FIELD_VALIDATION_FAILED", f"The context has more than {MOST_CONTEXT} entries"
    return None


def _keep(asked: dict[str, Any], message_id: str) -> None:
    ses._sent_emails_list().append(
        {
            "MessageId": message_id,
            "Source": asked.get("OriginationIdentity", ""),
            "To": [asked["DestinationPhoneNumber"]],
            "Subject": "",
            "BodyText": asked["MessageBody"],
            "BodyHtml": "",
            "Tags": dict(asked.get("Context") or {}),
            "Timestamp": time.time(),
            "Type": "sms",
        }
    )


def _event(asked: dict[str, Any], message_id: str) -> Event:
    failing = asked["DestinationPhoneNumber"] in FAILING
    status = "CARRIER_UNREACHABLE" if failing else "DELIVERED"
    described = "A carrier could not be reached" if failing else "Message has been accepted by phone"
    now = int(time.time() * 1000)
    return Event(
        source="aws.sms-voice",
        detail_type="Text Message Delivery Status Updated",
        detail={
            "eventType": f"TEXT_{status}",
            "eventVersion": "1.0",
            "eventTimestamp": now,
            "isFinal": True,
            "originationPhoneNumber": asked.get("OriginationIdentity", ""),
            "destinationPhoneNumber": asked["DestinationPhoneNumber"],
            "isInternationalSend": False,
            "messageId": message_id,
            "messageRequestTimestamp": now,
            "messageEncoding": "GSM" if asked["MessageBody"].isascii() else "UNICODE",
            "messageType": asked.get("MessageType", "TRANSACTIONAL"),
            "messageStatus": status,
            "messageStatusDescription": described,
            "context": dict(asked.get("Context") or {}),
            "totalMessageParts": 1,
            "totalMessagePrice": 0.0,
            "totalCarrierFee": 0.0,
        },
    )


def _answer(status: int, body: dict[str, Any]) -> Answer:
    kind = {"Content-Type": "application/x-amz-json-1.0"}
    if status >= 400:
        kind["x-amzn-ErrorType"] = str(body["__type"])
    return status, kind, json.dumps(body).encode()
