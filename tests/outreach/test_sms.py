"""Text messages by AWS End User Messaging: the client is botocore itself, the service a server that counts."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from beforehand.outreach.channels.available import available
from beforehand.outreach.channels.aws_calls import Waits
from beforehand.outreach.channels.model import OPTED_OUT, Evidence, Outbound, Outcome
from beforehand.outreach.channels.sms import AwsSms
from beforehand.outreach.channels.wiring import providers
from beforehand.outreach.model import Channel
from beforehand.settings.channels import ChannelSettings
from tests.outreach.provider_server import Mode, ProviderServer

ID = UUID("0199b0d2-3f6e-7c11-9c2f-aa00bb11cc22")
MESSAGE = Outbound(
    outreach_id=ID,
    attempt=1,
    customer_id="C100088",
    to="+919876543210",
    subject="",
    text="नमस्ते Asha",
    tags={"template": "win_back", "purpose": "churn_intervention", "run": "r", "policy": "p"},
)


def sms(**given: Any) -> AwsSms:
    return AwsSms(origination="BFRHND", waits=Waits(connect=1, read=2), **given)


def test_a_message_names_its_outreach_in_its_context(provider: ProviderServer) -> None:
    answer = sms(configuration_set="beforehand-dev", max_price="0.10", seconds_to_live=600).send(MESSAGE)
    assert (answer.outcome, answer.because) == (Outcome.ACCEPTED, "AWS SMS took it")
    assert answer.provider_id == provider.taken()[0]["message_id"]
    (call,) = provider.calls()
    assert json.loads(call["body"]) == {
        "DestinationPhoneNumber": "+919876543210",
        "OriginationIdentity": "BFRHND",
        "MessageBody": "नमस्ते Asha",
        "MessageType": "PROMOTIONAL",
        "ConfigurationSetName": "beforehand-dev",
        "TimeToLive": 600,
        "MaxPrice": "0.10",
        "Context": {
            "outreach_id": str(ID),
            "attempt": "1",
            "template": "win_back",
            "purpose": "churn_intervention",
            "run": "r",
        },
    }


@pytest.mark.parametrize(("left", "tried"), [(None, 600), (3600, 600), (180, 180), (2, 5), (-9, 5)])
def test_carriers_try_no_longer_than_a_message_is_welcome(
    provider: ProviderServer, left: int | None, tried: int
) -> None:
    sms(seconds_to_live=600).send(replace(MESSAGE, seconds_left=left))
    (call,) = provider.calls()
    assert json.loads(call["body"])["TimeToLive"] == tried


def test_a_message_to_india_names_what_is_registered_there(provider: ProviderServer) -> None:
    registered = sms(india_entity="1101", india_templates={"win_back": "2202", "*": "3303"})
    for template in ("win_back", "other"):
        assert registered.send(replace(MESSAGE, tags={"template": template})).outcome is Outcome.ACCEPTED
    registered.send(replace(MESSAGE, to="+14155550100"))
    told = [json.loads(call["body"]).get("DestinationCountryParameters") for call in provider.calls()]
    assert told == [
        {"IN_ENTITY_ID": "1101", "IN_TEMPLATE_ID": "2202"},
        {"IN_ENTITY_ID": "1101", "IN_TEMPLATE_ID": "3303"},
        None,
    ]


def test_a_template_that_india_does_not_know_is_refused_here(provider: ProviderServer) -> None:
    answer = sms(india_entity="1101", india_templates={"other": "1"}).send(MESSAGE)
    assert (answer.outcome, provider.calls()) == (Outcome.REFUSED, [])
    assert answer.because == "AWS SMS: the template has no id in India's register (DLT); nothing was sent"


@pytest.mark.parametrize("number", ["", "98765 43210", "0919876543210", "+0123456789", "+91", "tel:+919876543210"])
def test_a_number_that_is_none_is_refused_here(provider: ProviderServer, number: str) -> None:
    answer = sms().send(replace(MESSAGE, to=number))
    assert (answer.outcome, provider.calls()) == (Outcome.REFUSED, [])
    assert answer.because == "AWS SMS: the number is not in E.164; nothing was sent"


CONFLICT, VALIDATION = "400:ConflictException", "400:ValidationException"
ANSWERS: dict[str, tuple[Outcome, str]] = {
    f"{CONFLICT}:DESTINATION_PHONE_NUMBER_OPTED_OUT": (Outcome.REFUSED, "the number has opted out"),
    f"{CONFLICT}:DESTINATION_PHONE_NUMBER_NOT_VERIFIED": (
        Outcome.NOT_NOW,
        "in the sandbox the recipient is not verified",
    ),
    f"{CONFLICT}:DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION": (
        Outcome.REFUSED,
        "the number's country is blocked",
    ),
    f"{CONFLICT}:RESOURCE_NOT_ACTIVE": (Outcome.NOT_NOW, "the sender is not ready to send this"),
    f"{VALIDATION}:FIELD_VALIDATION_FAILED": (Outcome.REFUSED, "the message is not one that it takes"),
    f"{VALIDATION}:PRICE_OVER_THRESHOLD": (Outcome.REFUSED, "it costs more than the stage allows"),
    f"{VALIDATION}:SENDER_ID_NOT_REGISTERED": (Outcome.NOT_NOW, "the sender id is not registered"),
    "400:ServiceQuotaExceededException:MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT": (
        Outcome.NOT_NOW,
        "the spending limit or a quota is used up",
    ),
    "400:ResourceNotFoundException:x": (
        Outcome.NOT_NOW,
        "the origination identity or configuration set does not exist",
    ),
    "400:AccessDeniedException:ACCOUNT_DISABLED": (Outcome.NOT_NOW, "the account may not send text messages"),
    "400:ThrottlingException:x": (Outcome.NOT_NOW, "it is asked too often"),
    "400:UnrecognizedClientException:x": (Outcome.NOT_NOW, "the function's credentials are not known"),
    "500:InternalServerException:x": (Outcome.UNKNOWN, "it answered 500"),
    Mode.THROTTLES: (Outcome.NOT_NOW, "it is asked too often"),
    Mode.FAILS_AFTER: (Outcome.UNKNOWN, "it answered 500"),
    Mode.LOSES: (Outcome.UNKNOWN, "the answer was lost (ConnectionClosedError)"),
    Mode.HANGS: (Outcome.UNKNOWN, "the answer was lost (ReadTimeoutError)"),
}


@pytest.mark.parametrize(("says", "outcome", "because"), [(m, *said) for m, said in ANSWERS.items()])
def test_each_answer_has_its_meaning_and_no_call_is_ever_repeated(
    provider: ProviderServer, says: str, outcome: Outcome, because: str
) -> None:
    provider.says(says)
    answer = sms().send(MESSAGE)
    assert (answer.outcome, answer.because) == (outcome, f"AWS SMS: {because}")
    assert answer.rule == (OPTED_OUT if "OPTED_OUT" in says else None)
    assert len(provider.calls()) == 1


def test_sms_is_there_once_a_sender_is_named() -> None:
    named = ChannelSettings(sms_origination="BFRHND", sms_india_entity="1", sms_india_templates="a=2,*=3")
    assert available(named) == {Channel.SMS} == providers(named).keys()
    assert providers(named)[Channel.SMS].evidence is Evidence.BLIND
    assert named.india_templates == {"a": "2", "*": "3"}
    assert ChannelSettings.from_env(named.to_env()) == named
