"""How customers are reached: what AWS tells of a message, and what the local endpoint shows of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from botocore.exceptions import ClientError

from beforehand import clock
from beforehand.adapters import aws as aws_clients
from beforehand.outreach.channels.email import SesEmail
from beforehand.outreach.channels.model import Outbound, Outcome
from beforehand.outreach.channels.sms import AwsSms
from beforehand.outreach.channels.webhook import SignedWebhook
from beforehand_cli.local.gaps.sms import FAILING
from beforehand_cli.local.mailbox import Mail, list_mail
from tests.contracts.conftest import Aws, eventually

SENDER = "care@channels.example"
KEY = "A" * 64


def message(to: str, **given: Any) -> Outbound:
    whole: dict[str, Any] = {
        "outreach_id": uuid4(),
        "attempt": 1,
        "customer_id": "C1",
        "to": to,
        "subject": "आपका नवीनीकरण",
        "text": "Hello Asha",
        "html": "<p>Hello <b>Asha</b></p>",
        "unsubscribe_url": "https://beforehand.example/u/abc",
        "tags": {"purpose": "follow_up"},
    }
    return Outbound(**{**whole, **given})


@pytest.fixture(autouse=True)
def _our_clients_at_the_endpoint(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The functions' own clients, as the functions have them."""
    if aws.is_local:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.local().endpoint)
        for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "REGION": "ap-south-1"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    aws_clients.client.cache_clear()
    aws_clients._session.cache_clear()
    yield
    aws_clients.client.cache_clear()
    aws_clients._session.cache_clear()


@dataclass
class Bus:
    """A queue behind the default bus."""

    aws: Aws
    queue: str

    def about(self, outreach_id: object, count: int) -> list[dict[str, Any]]:
        """The events of one message, oldest first."""
        seen: list[dict[str, Any]] = []

        def enough() -> list[dict[str, Any]]:
            got = self.aws.client("sqs").receive_message(
                QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            seen.extend(json.loads(one["Body"]) for one in got.get("Messages", ()))
            own = [one for one in seen if str(outreach_id) in json.dumps(one["detail"])]
            return own if len(own) >= count else []

        found: list[dict[str, Any]] = eventually(enough)
        return sorted(found, key=lambda one: seen.index(one))


def bus(aws: Aws, source: str) -> Bus:
    sqs, events = aws.client("sqs"), aws.client("events")
    name = aws.name("events")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    aws.later(sqs.delete_queue, QueueUrl=queue)
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))
    aws.later(events.delete_rule, Name=name)
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    aws.later(events.remove_targets, Rule=name, Ids=["queue"])
    return Bus(aws=aws, queue=queue)


@pytest.fixture
def told(aws: Aws) -> str:
    """A configuration set whose events go to the default bus, and a verified sender; the set's name."""
    aws.local()  # at AWS a sender must be verified by a person first
    ses, name = aws.client("sesv2"), aws.name("set")
    ses.create_email_identity(EmailIdentity=SENDER)
    aws.later(ses.delete_email_identity, EmailIdentity=SENDER)
    ses.create_configuration_set(ConfigurationSetName=name)
    aws.later(ses.delete_configuration_set, ConfigurationSetName=name)
    destination = {
        "Enabled": True,
        "MatchingEventTypes": ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT"],
        "EventBridgeDestination": {"EventBusArn": "arn:aws:events:ap-south-1:000000000000:event-bus/default"},
    }
    ses.create_configuration_set_event_destination(
        ConfigurationSetName=name, EventDestinationName="bus", EventDestination=destination
    )
    return name


def mail_to(aws: Aws, address: str) -> list[Mail]:
    return [mail for mail in list_mail(aws.local().endpoint) if address in mail.to]


@pytest.mark.parametrize(
    ("to", "fate"),
    [
        ("asha@customer.example", ["Email Sent", "Email Delivered"]),
        ("bounce@simulator.amazonses.com", ["Email Sent", "Email Bounced"]),
        ("complaint+c1@simulator.amazonses.com", ["Email Sent", "Email Delivered", "Email Complaint Received"]),
    ],
)
def test_ses_tells_what_becomes_of_a_message_with_its_tags(aws: Aws, told: str, to: str, fate: list[str]) -> None:
    queue = bus(aws, "aws.ses")
    sent = message(to)
    answer = SesEmail(sender=SENDER, configuration_set=told).send(sent)
    assert answer.outcome is Outcome.ACCEPTED, answer.because
    found = queue.about(sent.outreach_id, len(fate))
    assert [one["detail-type"] for one in found] == fate
    for one in found:
        mail = one["detail"]["mail"]
        assert (one["source"], mail["messageId"]) == ("aws.ses", answer.provider_id)
        assert mail["tags"]["outreach_id"] == [str(sent.outreach_id)]
        assert mail["tags"]["attempt"] == ["1"]
        assert mail["destination"] == [to]
    last = found[-1]["detail"]
    if fate[-1] == "Email Bounced":
        assert (last["eventType"], last["bounce"]["bounceType"]) == ("Bounce", "Permanent")
        assert last["bounce"]["bouncedRecipients"][0]["emailAddress"] == to
    if fate[-1] == "Email Complaint Received":
        assert last["complaint"]["complainedRecipients"] == [{"emailAddress": to}]


def test_ses_tells_nobody_who_did_not_ask(aws: Aws, told: str) -> None:
    queue = bus(aws, "aws.ses")
    quiet, loud = message("quiet@customer.example"), message("loud@customer.example")
    SesEmail(sender=SENDER).send(quiet)
    SesEmail(sender=SENDER, configuration_set=told).send(loud)
    queue.about(loud.outreach_id, 2)
    got = aws.client("sqs").receive_message(QueueUrl=queue.queue, MaxNumberOfMessages=10)
    assert str(quiet.outreach_id) not in json.dumps(got.get("Messages", []))


def test_ses_refuses_a_configuration_set_that_does_not_exist(aws: Aws, told: str) -> None:
    answer = SesEmail(sender=SENDER, configuration_set="not-there").send(message("a@customer.example"))
    assert answer.outcome is Outcome.NOT_NOW
    assert answer.because == "SES: the configuration set or the identity does not exist"


def test_ses_refuses_a_sender_that_nobody_verified(aws: Aws) -> None:
    aws.local()
    answer = SesEmail(sender="nobody@unverified.example").send(message("a@customer.example"))
    assert answer.outcome is Outcome.NOT_NOW
    assert "is not verified" in answer.because


def test_the_mailbox_shows_a_mail_whole(aws: Aws, told: str) -> None:
    sent = message(f"{uuid4()}@customer.example")
    SesEmail(sender=SENDER, name="Beforehand Demo").send(sent)
    (mail,) = mail_to(aws, sent.to)
    assert (mail.via, mail.subject, mail.text, mail.html) == ("SES", sent.subject, sent.text, sent.html)
    assert mail.headers == {
        "List-Unsubscribe": "<https://beforehand.example/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert mail.tags == {"purpose": "follow_up", "outreach_id": str(sent.outreach_id), "attempt": "1"}
    page = httpx.get(f"{aws.local().mailbox}/{mail.id}", timeout=10).text
    assert "&lt;https://beforehand.example/u/abc&gt;" in page
    assert str(sent.outreach_id) in page


@pytest.mark.parametrize(
    ("to", "event"),
    [("+919876543210", "TEXT_DELIVERED"), (min(FAILING), "TEXT_CARRIER_UNREACHABLE")],
)
def test_a_text_message_is_told_of_with_its_context(aws: Aws, to: str, event: str) -> None:
    aws.local()  # at AWS an origination identity must be registered first
    queue = bus(aws, "aws.sms-voice")
    sent = message(to, subject="", text="नमस्ते")
    answer = AwsSms(origination="BFRHND").send(sent)
    assert answer.outcome is Outcome.ACCEPTED, answer.because
    (found,) = queue.about(sent.outreach_id, 1)
    assert found["detail-type"] == "Text Message Delivery Status Updated"
    detail = found["detail"]
    assert (detail["eventType"], detail["isFinal"], detail["messageId"]) == (event, True, answer.provider_id)
    assert detail["context"] == {"outreach_id": str(sent.outreach_id), "attempt": "1", "purpose": "follow_up"}
    (mail,) = [one for one in mail_to(aws, to) if one.id == answer.provider_id]
    assert (mail.via, mail.title, mail.sender) == ("SMS", "नमस्ते", "BFRHND")
    assert ">SMS<" in httpx.get(aws.local().mailbox, timeout=10).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"DestinationPhoneNumber": "nobody"},
        {"MessageBody": " "},
        {"MessageBody": "x" * 1601},
        {"Context": {str(n): "x" for n in range(6)}},
    ],
)
def test_a_text_message_that_is_none_is_refused(aws: Aws, wrong: dict[str, Any]) -> None:
    asked = {"DestinationPhoneNumber": "+919876543210", "MessageBody": "Hello", "OriginationIdentity": "BFRHND"}
    with pytest.raises(ClientError) as refused:
        aws.client("pinpoint-sms-voice-v2").send_text_message(**{**asked, **wrong})
    assert refused.value.response["Error"]["Code"] == "ValidationException"


class Key:
    def read(self) -> str:
        return json.dumps({"current": KEY})


@pytest.fixture
def sink(aws: Aws) -> str:
    secrets = aws.client("secretsmanager")
    name = f"{aws.name('signing')}-webhook"
    url = f"{aws.local().endpoint}/sink"
    secrets.create_secret(Name=name, SecretString=json.dumps({"current": KEY}))
    aws.later(secrets.delete_secret, SecretId=name, ForceDeleteWithoutRecovery=True)
    return url


def posting(url: str, secret: Any) -> SignedWebhook:
    return SignedWebhook(url=url, hosts=frozenset(), loopback=True, secret=secret, now=clock.now)


def test_the_sink_takes_each_proved_message_once(aws: Aws, sink: str) -> None:
    sent = message(f"{uuid4()}@customer.example")
    for _ in range(3):
        answer = posting(sink, Key()).send(sent)
        assert answer.outcome is Outcome.ACCEPTED, answer.because
    (mail,) = mail_to(aws, sent.to)
    assert (mail.via, mail.subject, mail.text, mail.html) == ("webhook", sent.subject, sent.text, sent.html)
    assert ">webhook<" in httpx.get(aws.local().mailbox, timeout=10).text


def test_the_sink_takes_nothing_that_is_not_proved(aws: Aws, sink: str) -> None:
    class Other:
        def read(self) -> str:
            return json.dumps({"current": "B" * 64})

    sent = message(f"{uuid4()}@customer.example")
    answer = posting(sink, Other()).send(sent)
    assert answer.because == "webhook: the company's system did not take the signature (401)"
    assert mail_to(aws, sent.to) == []
    assert httpx.post(sink, json={}, timeout=10).status_code == 401
    assert httpx.get(sink, timeout=10).status_code == 405
