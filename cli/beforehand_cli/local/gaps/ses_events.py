"""SES: what becomes of a message is told to the default bus, with its tags; a set that is missing is refused.

The emulator keeps event destinations and never uses them, drops headers, tags and the configuration set of a
message, and takes a set that does not exist. Here `Send`, `Delivery`, `Bounce` and `Complaint` go to the bus as a
set's destination asks, in the documented shapes; the addresses of SES's mailbox simulator decide which.
"""

import json
import re
import uuid
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ses_v2

from beforehand_cli.local.gaps.events import Event, emit

SIMULATOR = re.compile(
    r"(?P<box>success|bounce|complaint|suppressionlist|ooto)(\+[^@]*)?@simulator\.amazonses\.com"
)
DETAIL_TYPES = {
    "SEND": "Email Sent",
    "DELIVERY": "Email Delivered",
    "BOUNCE": "Email Bounced",
    "COMPLAINT": "Email Complaint Received",
}
Record = dict[str, Any]


def apply() -> None:
    """Wrap SES's own SendEmail."""
    plain = ses_v2.handle_request

    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        if method != "POST" or not path.rstrip("/").endswith("/outbound-emails"):
            return await plain(method, path, headers, body, query)
        asked = json.loads(body)
        name = asked.get("ConfigurationSetName")
        if name and name not in ses_v2._config_sets:
            return ses_v2._missing_config_set(name)
        answer = await plain(method, path, headers, body, query)
        if answer[0] == 200:
            _sent(asked, json.loads(answer[2])["MessageId"])
        return answer

    ses_v2.handle_request = handle_request


def _sent(asked: Record, message_id: str) -> None:
    """Keep what the emulator dropped, and tell what becomes of the message."""
    record = next(one for one in reversed(ses_v2._sent_emails_list()) if one["MessageId"] == message_id)
    simple = asked.get("Content", {}).get("Simple") or {}
    record["Headers"] = {one["Name"]: one["Value"] for one in simple.get("Headers") or ()}
    record["Tags"] = {one["Name"]: one["Value"] for one in asked.get("EmailTags") or ()}
    name = asked.get("ConfigurationSetName")
    if name:
        wanted = _wanted(ses_v2._config_sets[name])
        mail = _mail(record, name)
        emit([_event(kind, record, mail, name) for kind in _fate(record["To"]) if kind in wanted])


def _wanted(configuration_set: Record) -> set[str]:
    """The kinds of event that go to the default bus."""
    destinations = (configuration_set.get("EventDestinations") or {}).values()
    return {
        kind
        for destination in destinations
        if destination.get("Enabled") and destination.get("EventBridgeDestination")
        for kind in destination["MatchingEventTypes"]
    }


def _fate(to: list[str]) -> tuple[str, ...]:
    """What happens to a message, in order; whoever is not of the simulator gets it."""
    found = SIMULATOR.fullmatch(parseaddr(to[0])[1].lower()) if to else None
    if found and found["box"] in ("bounce", "suppressionlist"):
        return ("SEND", "BOUNCE")
    if found and found["box"] == "complaint":
        return ("SEND", "DELIVERY", "COMPLAINT")
    return ("SEND", "DELIVERY")


def _mail(record: Record, configuration_set: str) -> Record:
    sender, to = record["Source"], list(record["To"])
    headers = [{"name": "From", "value": sender}, {"name": "To", "value": ", ".join(to)}]
    headers += [{"name": "Subject", "value": record["Subject"]}]
    headers += [{"name": name, "value": value} for name, value in record["Headers"].items()]
    address = parseaddr(sender)[1]
    own = {
        "ses:operation": ["SendEmail"],
        "ses:configuration-set": [configuration_set],
        "ses:source-ip": ["127.0.0.1"],
        "ses:from-domain": [address.rpartition("@")[2]],
        "ses:caller-identity": ["local"],
    }
    return {
        "timestamp": _now(),
        "source": address,
        "sourceArn": f"arn:aws:ses:{get_region()}:{get_account_id()}:identity/{address}",
        "sendingAccountId": get_account_id(),
        "messageId": record["MessageId"],
        "destination": to,
        "headersTruncated": False,
        "headers": headers,
        "commonHeaders": {
            "from": [sender],
            "to": to,
            "messageId": record["MessageId"],
            "subject": record["Subject"],
        },
        "tags": {**own, **{name: [value] for name, value in record["Tags"].items()}},
    }


def _event(kind: str, record: Record, mail: Record, configuration_set: str) -> Event:
    told = {"SEND": _send, "DELIVERY": _delivery, "BOUNCE": _bounce, "COMPLAINT": _complaint}[kind](record)
    name = kind.capitalize()
    arn = f"arn:aws:ses:{get_region()}:{get_account_id()}:configuration-set/{configuration_set}"
    return Event(
        source="aws.ses",
        detail_type=DETAIL_TYPES[kind],
        detail={"eventType": name, "mail": mail, name.lower(): told},
        resources=(arn,),
    )


def _send(_record: Record) -> Record:
    return {}


def _delivery(record: Record) -> Record:
    return {
        "timestamp": _now(),
        "processingTimeMillis": 100,
        "recipients": list(record["To"]),
        "smtpResponse": "250 2.6.0 Message received",
        "remoteMtaIp": "127.0.0.1",
        "reportingMTA": "local.smtp-out.amazonses.com",
    }


def _bounce(record: Record) -> Record:
    suppressed = "suppressionlist" in record["To"][0]
    return {
        "bounceType": "Permanent",
        "bounceSubType": "Suppressed" if suppressed else "General",
        "bouncedRecipients": [
            {
                "emailAddress": one,
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }
            for one in record["To"]
        ],
        "timestamp": _now(),
        "feedbackId": str(uuid.uuid4()),
        "reportingMTA": "dsn; local.smtp-out.amazonses.com",
    }


def _complaint(record: Record) -> Record:
    return {
        "complainedRecipients": [{"emailAddress": one} for one in record["To"]],
        "timestamp": _now(),
        "feedbackId": str(uuid.uuid4()),
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": _now(),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
