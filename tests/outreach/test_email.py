"""E-mail by SES: the client is botocore itself, SES is a server in a process of its own that counts its calls."""

import json
import socket
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from beforehand.outreach.channels.available import available
from beforehand.outreach.channels.aws_calls import Waits
from beforehand.outreach.channels.email import SesEmail, ascii_domain, tags
from beforehand.outreach.channels.model import Evidence, Outbound, Outcome
from beforehand.outreach.channels.wiring import providers
from beforehand.outreach.model import Channel
from beforehand.settings.channels import ChannelSettings
from tests.outreach.conftest import aws_at, forget_clients
from tests.outreach.provider_server import Mode, ProviderServer

ID = UUID("0199b0d2-3f6e-7c11-9c2f-aa00bb11cc22")
MESSAGE = Outbound(
    outreach_id=ID,
    attempt=2,
    customer_id="C100088",
    to="asha@customer.example",
    subject="आशा,\r\nBcc: everybody@example.org",
    text="Hello",
    html="<p>Hello</p>",
    unsubscribe_url="https://beforehand.example/u/abc",
    tags={"purpose": "churn_intervention", "run": "2026-11-27 22:00"},
)
SENDER = "hello@beforehand.example"


def email(**given: object) -> SesEmail:
    return SesEmail(sender=SENDER, name="Beforehand Demo", waits=Waits(connect=1, read=2), **given)  # type: ignore[arg-type]


def request(provider: ProviderServer) -> dict[str, object]:
    (call,) = provider.calls()
    return json.loads(call["body"])


def test_a_message_goes_out_with_text_html_and_one_click_to_unsubscribe(provider: ProviderServer) -> None:
    sending = email(
        reply_to="help@beforehand.example",
        configuration_set="beforehand-dev",
        unsubscribe_to="stop@beforehand.example",
    )
    answer = sending.send(MESSAGE)
    assert (answer.outcome, answer.because) == (Outcome.ACCEPTED, "SES took it")
    assert answer.provider_id == provider.taken()[0]["message_id"]
    assert request(provider) == {
        "FromEmailAddress": f"Beforehand Demo <{SENDER}>",
        "Destination": {"ToAddresses": ["asha@customer.example"]},
        "ReplyToAddresses": ["help@beforehand.example"],
        "ConfigurationSetName": "beforehand-dev",
        "EmailTags": [
            {"Name": "purpose", "Value": "churn_intervention"},
            {"Name": "run", "Value": "2026-11-27_22_00"},
            {"Name": "outreach_id", "Value": str(ID)},
            {"Name": "attempt", "Value": "2"},
        ],
        "Content": {
            "Simple": {
                "Subject": {"Data": "आशा, Bcc: everybody@example.org", "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": "Hello", "Charset": "UTF-8"},
                    "Html": {"Data": "<p>Hello</p>", "Charset": "UTF-8"},
                },
                "Headers": [
                    {
                        "Name": "List-Unsubscribe",
                        "Value": "<https://beforehand.example/u/abc>, "
                        f"<mailto:stop@beforehand.example?subject=unsubscribe%20{ID}>",
                    },
                    {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
                ],
            }
        },
    }


def test_a_message_without_html_or_link_has_neither(provider: ProviderServer) -> None:
    email().send(replace(MESSAGE, html=None, unsubscribe_url=None))
    simple = request(provider)["Content"]["Simple"]  # type: ignore[index]
    assert set(simple["Body"]) == {"Text"}
    assert "Headers" not in simple


ANSWERS = {
    "400:MessageRejected:Bad content": (Outcome.REFUSED, "it rejected the message"),
    "400:MessageRejected:Email address is not verified. The following identities failed: asha@customer.example": (
        Outcome.NOT_NOW,
        "the sender, or in the sandbox the recipient, is not verified",
    ),
    "400:BadRequestException:x": (Outcome.REFUSED, "the message is not one that it takes"),
    "400:MailFromDomainNotVerifiedException:x": (
        Outcome.NOT_NOW,
        "the sender's MAIL FROM domain is not verified",
    ),
    "400:AccountSuspendedException:x": (
        Outcome.NOT_NOW,
        "sending is suspended for the account; AWS Support can lift it",
    ),
    "400:SendingPausedException:x": (
        Outcome.NOT_NOW,
        "sending is paused for the account or the configuration set",
    ),
    "404:NotFoundException:x": (Outcome.NOT_NOW, "the configuration set or the identity does not exist"),
    "400:LimitExceededException:x": (Outcome.NOT_NOW, "the sending quota is used up"),
    "429:TooManyRequestsException:x": (Outcome.NOT_NOW, "it is asked too often"),
    "400:ThrottlingException:Maximum sending rate exceeded.": (Outcome.NOT_NOW, "it is asked too often"),
    "429": (Outcome.NOT_NOW, "it is asked too often"),
    "403:AccessDeniedException:x": (Outcome.NOT_NOW, "the function may not send (its role lacks the right)"),
    "403:ExpiredTokenException:x": (Outcome.NOT_NOW, "the function's credentials have expired"),
    "403:UnrecognizedClientException:x": (Outcome.NOT_NOW, "the function's credentials are not known"),
    "400:SomethingNewException:x": (Outcome.REFUSED, "it answered 400 (SomethingNewException)"),
    "408:RequestTimeout:x": (Outcome.UNKNOWN, "it answered 408"),
    "500:InternalFailure:x": (Outcome.UNKNOWN, "it answered 500"),
    "503:ServiceUnavailable:x": (Outcome.UNKNOWN, "it answered 503"),
    "502": (Outcome.UNKNOWN, "it answered 502"),
    "307": (Outcome.UNKNOWN, "it answered 307"),
    Mode.FAILS_AFTER: (Outcome.UNKNOWN, "it answered 500"),
    Mode.LOSES: (Outcome.UNKNOWN, "the answer was lost (ConnectionClosedError)"),
    Mode.RESETS: (Outcome.UNKNOWN, "the answer was lost (ConnectionClosedError)"),
    Mode.GARBLES: (Outcome.UNKNOWN, "its answer names no message"),
    Mode.HANGS: (Outcome.UNKNOWN, "the answer was lost (ReadTimeoutError)"),
}


@pytest.mark.parametrize(("says", "outcome", "because"), [(m, *said) for m, said in ANSWERS.items()])
def test_each_answer_has_its_meaning_and_no_call_is_ever_repeated(
    provider: ProviderServer, says: str, outcome: Outcome, because: str
) -> None:
    provider.says(says)
    answer = email().send(MESSAGE)
    assert (answer.outcome, answer.because) == (outcome, f"SES: {because}")
    assert len(provider.calls()) == 1
    assert "asha" not in answer.because


def test_what_was_not_reached_may_be_sent_later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        aws_at(f"http://127.0.0.1:{closed.getsockname()[1]}", monkeypatch)
        answer = email().send(MESSAGE)
    assert answer.outcome is Outcome.NOT_NOW
    assert answer.because == "SES: it was not reached, nothing was sent (EndpointConnectionError)"
    aws_at("http://no-such-host.invalid", monkeypatch)
    assert email().send(MESSAGE).outcome is Outcome.NOT_NOW
    forget_clients()


def test_a_function_without_credentials_sends_nothing(
    provider: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    forget_clients()
    answer = email().send(MESSAGE)
    assert (answer.outcome, provider.calls()) == (Outcome.NOT_NOW, [])
    assert answer.because == "SES: the function has no credentials or no region (NoCredentialsError)"


def test_a_connection_of_an_earlier_invocation_is_not_used(provider: ProviderServer) -> None:
    earlier = email()
    assert earlier.send(MESSAGE).outcome is Outcome.ACCEPTED
    pools = earlier._caller.client()._endpoint.http_session._manager.pools
    assert len(pools) == 1
    now = email()
    now._caller.client()
    assert len(pools) == 0
    assert now.send(MESSAGE).outcome is Outcome.ACCEPTED


def test_the_ids_of_a_message_win_over_given_tags_and_no_tag_breaks_the_call() -> None:
    given = replace(MESSAGE, tags={"outreach_id": "other", "of: all": "", "long": "x" * 300})
    assert tags(given) == {"outreach_id": str(ID), "of__all": "-", "long": "x" * 256, "attempt": "2"}


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("asha@customer.example", "asha@customer.example"),
        ("asha@कंपनी.example", "asha@xn--i1b1b4ch5i.example"),
        ("asha@Bücher.example", "asha@xn--bcher-kva.example"),
        ("no address", "no address"),
    ],
)
def test_a_domain_goes_out_in_the_form_that_mail_servers_take(address: str, taken: str) -> None:
    assert ascii_domain(address) == taken


def test_email_is_there_once_a_sender_is_named() -> None:
    assert available(ChannelSettings()) == frozenset()
    named = ChannelSettings(email_from=SENDER)
    assert available(named) == {Channel.EMAIL} == providers(named).keys()
    assert providers(named)[Channel.EMAIL].evidence is Evidence.BLIND
