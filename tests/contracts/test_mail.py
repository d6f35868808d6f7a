"""Mail from topics and from SES: who is told gets it, and locally anyone may look at it."""

import json
from typing import Any

import httpx
import pytest

from beforehand_cli.local.mailbox import Mail, list_mail
from tests.contracts.conftest import Aws, eventually


@pytest.fixture
def topic(aws: Aws) -> str:
    client = aws.client("sns")
    arn: str = client.create_topic(Name=aws.name("topic"))["TopicArn"]
    aws.later(client.delete_topic, TopicArn=arn)
    return arn


def subscribe(aws: Aws, topic: str, address: str, **attributes: str) -> None:
    aws.local()  # at AWS the owner of the address would have to agree first
    aws.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint=address, Attributes=attributes)


def mail_to(aws: Aws, address: str, count: int = 1) -> list[Mail]:
    def found() -> list[Mail]:
        mails = [mail for mail in list_mail(aws.local().endpoint) if address in mail.to]
        return mails if len(mails) >= count else []

    mails: list[Mail] = eventually(found, seconds=10)
    return mails


def test_a_subscriber_gets_what_was_published_as_sns_writes_it(aws: Aws, topic: str) -> None:
    subscribe(aws, topic, "first@example.com")
    aws.client("sns").publish(TopicArn=topic, Subject="Scan failed", Message="At 10:00.\nIn Brief.")
    (mail,) = mail_to(aws, "first@example.com")
    assert mail.subject == "Scan failed"
    assert mail.sender == "AWS Notifications <no-reply@sns.amazonaws.com>"
    assert mail.text.startswith("At 10:00.\nIn Brief.\n\n--\nIf you wish to stop receiving notifications")
    assert mail.via == "SNS"


def test_a_mail_without_subject_gets_the_one_of_sns(aws: Aws, topic: str) -> None:
    subscribe(aws, topic, "second@example.com")
    aws.client("sns").publish(TopicArn=topic, Message="hello")
    assert mail_to(aws, "second@example.com")[0].subject == "AWS Notification Message"


def test_each_protocol_gets_its_own_words(aws: Aws, topic: str) -> None:
    subscribe(aws, topic, "third@example.com")
    words = json.dumps({"default": "short", "email": "long and friendly"})
    aws.client("sns").publish(TopicArn=topic, Message=words, MessageStructure="json")
    assert mail_to(aws, "third@example.com")[0].text.startswith("long and friendly\n")


def test_a_filter_keeps_out_what_a_subscriber_does_not_want(aws: Aws, topic: str) -> None:
    subscribe(aws, topic, "fourth@example.com", FilterPolicy=json.dumps({"severity": ["critical"]}))
    for severity in ("info", "critical"):
        attributes = {"severity": {"DataType": "String", "StringValue": severity}}
        aws.client("sns").publish(TopicArn=topic, Message=severity, MessageAttributes=attributes)
    (mail,) = mail_to(aws, "fourth@example.com")
    assert mail.text.startswith("critical")


@pytest.fixture
def sent(aws: Aws) -> str:
    """A mail sent through SES, with everything in it that could hurt a careless page; its recipient."""
    aws.local()
    client = aws.client("sesv2")
    client.create_email_identity(EmailIdentity="sender@example.com")
    aws.later(client.delete_email_identity, EmailIdentity="sender@example.com")
    body = {
        "Text": {"Data": "Hello <b>Asha</b> & co"},
        "Html": {"Data": '<p>Hello "Asha"</p><script>parent.hurt = 1</script>'},
    }
    client.send_email(
        FromEmailAddress="sender@example.com",
        Destination={"ToAddresses": ["fifth@example.com"]},
        Content={"Simple": {"Subject": {"Data": "<script>alert(1)</script> रिपोर्ट"}, "Body": body}},
    )
    return "fifth@example.com"


def page(aws: Aws, path: str = "") -> Any:
    return httpx.get(f"{aws.local().mailbox}{path}", timeout=10)


def test_the_mailbox_lists_the_newest_first(aws: Aws, sent: str, topic: str) -> None:
    subscribe(aws, topic, "newest@example.com")
    aws.client("sns").publish(TopicArn=topic, Message="newest")
    mail_to(aws, "newest@example.com")
    listed = page(aws).text
    assert listed.index("newest@example.com") < listed.index(sent)


def test_the_mailbox_takes_nothing_in_a_mail_for_its_own(aws: Aws, sent: str) -> None:
    (mail, *_) = mail_to(aws, sent)
    for answer in (page(aws), page(aws, f"/{mail.id}")):
        assert answer.status_code == 200
        assert "<script>" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "रिपोर्ट" in answer.text
    opened = page(aws, f"/{mail.id}").text
    assert "Hello &lt;b&gt;Asha&lt;/b&gt; &amp; co" in opened
    assert "<iframe sandbox title" in opened
    assert "allow-" not in opened


def test_a_mail_that_is_not_there_is_not_found(aws: Aws) -> None:
    assert page(aws, "/nothing").status_code == 404


def test_programs_get_json(aws: Aws, sent: str) -> None:
    answer = page(aws, ".json")
    assert answer.headers["content-type"] == "application/json"
    assert any(mail["to"] == [sent] and mail["via"] == "SES" for mail in answer.json())
