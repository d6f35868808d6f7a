"""What a stage's channels to customers become: settings of the sender, its rights, and what SES tells."""

import json
from typing import Any

import pytest

from infra.packages import ROOT
from infra.stage import InvalidStageError, Stage
from tests.infra.assembly import Assembly, Synthesize

STAGES: dict[str, dict[str, Any]] = json.loads((ROOT / "cdk.json").read_text())["context"]["stages"]
NUMBERS = {
    "email_from": "care@mail.company.example",
    "email_domain": "company.example",
    "email_reply_to": "help@company.example",
    "sms_origination": "BFRHND",
    "sms_countries": "IN,GB",
    "sms_india_entity": "1101",
    "sms_india_templates": "win_back=2202,*=3303",
    "webhook_url": "https://hooks.company.example/in",
    "webhook_secret": "arn:aws:secretsmanager:ap-south-1:123456789012:secret:webhook-a1b2c3",
}


@pytest.fixture(scope="module")
def whole(synthesize: Synthesize) -> Assembly:
    return synthesize("dev", **NUMBERS)


def sender(assembly: Assembly) -> dict[str, Any]:
    """What the sender is told."""
    variables: dict[str, Any] = assembly.functions()["outreach_send"]["Environment"]["Variables"]
    return {name.removeprefix("BEFOREHAND_").lower(): value for name, value in variables.items()}


def rights(assembly: Assembly, function: str) -> list[dict[str, Any]]:
    """The statements of a function's role."""
    wanted = f"What {function} may do"
    (role,) = [p for p in assembly.properties("AWS::IAM::Role") if p.get("Description") == wanted]
    return [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]


def may(assembly: Assembly, function: str, action: str) -> list[dict[str, Any]]:
    return [
        s
        for s in rights(assembly, function)
        if action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    ]


def text(arn: Any) -> str:
    return arn if isinstance(arn, str) else "".join(p if isinstance(p, str) else "?" for p in arn["Fn::Join"][1])


def test_a_stage_that_names_nobody_reaches_nobody(dev: Assembly) -> None:
    assert (
        not dev.of("AWS::SES::ConfigurationSet")
        | dev.of("AWS::SES::EmailIdentity")
        | dev.of("AWS::SecretsManager::Secret")
    )
    told = sender(dev)
    assert not {"email_from", "sms_origination", "webhook_url", "webhook_secret"} & told.keys()
    for action in ("ses:SendEmail", "sms-voice:SendTextMessage", "secretsmanager:GetSecretValue"):
        assert may(dev, "outreach_send", action) == []


def test_the_sender_is_told_of_each_channel(whole: Assembly) -> None:
    told = sender(whole)
    assert told["email_from"] == "care@mail.company.example"
    assert told["email_reply_to"] == "help@company.example"
    assert told["email_configuration_set"] == "beforehand-dev-customers"
    assert told["sms_origination"] == "BFRHND"
    assert told["sms_india_templates"] == "win_back=2202,*=3303"
    assert told["webhook_url"] == "https://hooks.company.example/in"
    assert told["webhook_on_loopback"] == "False"
    assert "webhook_secret" in told


def test_the_sender_sends_as_one_address_through_one_set(whole: Assembly) -> None:
    (send,) = may(whole, "outreach_send", "ses:SendEmail")
    assert send["Condition"] == {"StringEquals": {"ses:FromAddress": "care@mail.company.example"}}
    assert sorted(text(arn).split("?")[-1] for arn in send["Resource"]) == [
        ":configuration-set/beforehand-dev-customers",
        ":identity/care@mail.company.example",
        ":identity/company.example",
        ":identity/mail.company.example",
    ], "the identity may be that of a domain of which the sender's is a part, as the one that this stack makes is"


def test_the_sender_texts_from_one_sender_id_in_its_countries(whole: Assembly) -> None:
    (send,) = may(whole, "outreach_send", "sms-voice:SendTextMessage")
    reached = [text(arn).rpartition(":")[2] for arn in send["Resource"]]
    assert sorted(reached) == ["sender-id/BFRHND/GB", "sender-id/BFRHND/IN"]


def test_nobody_but_the_sender_may_reach_a_customer(whole: Assembly) -> None:
    for function in whole.functions():
        if function != "outreach_send":
            for action in ("ses:SendEmail", "sms-voice:SendTextMessage"):
                assert may(whole, function, action) == [], function


def test_ses_tells_the_default_bus_what_became_of_a_message(whole: Assembly) -> None:
    (told,) = whole.properties("AWS::SES::ConfigurationSetEventDestination")
    event = told["EventDestination"]
    assert event["Enabled"] is True
    assert set(event["MatchingEventTypes"]) == {
        "send", "delivery", "bounce", "complaint", "reject", "deliveryDelay", "renderingFailure",
    }  # fmt: skip
    assert text(event["EventBridgeDestination"]["EventBusArn"]).endswith(":event-bus/default")


def test_the_domains_records_are_among_the_outputs(whole: Assembly) -> None:
    (identity,) = whole.properties("AWS::SES::EmailIdentity")
    assert identity["EmailIdentity"] == "company.example"
    outputs = {name for template in whole.templates().values() for name in template["Outputs"]}
    assert {"EmailDomainRecord1", "EmailDomainRecord2", "EmailDomainRecord3"} <= outputs


def test_the_local_signing_secret_is_made_of_letters_and_digits_under_the_stages_key(telling: Assembly) -> None:
    (secret,) = telling.properties("AWS::SecretsManager::Secret")
    made = secret["GenerateSecretString"]
    assert (made["GenerateStringKey"], made["PasswordLength"], made["SecretStringTemplate"]) == (
        "current",
        64,
        "{}",
    )
    assert set("+/=-_ \"'\\") - {" "} <= set(made["ExcludeCharacters"])
    assert "KmsKeyId" in secret
    assert len(may(telling, "outreach_send", "secretsmanager:GetSecretValue")) == 1


def test_in_aws_the_signing_secret_is_named_and_never_made(whole: Assembly) -> None:
    assert not whole.of("AWS::SecretsManager::Secret")
    (read,) = may(whole, "outreach_send", "secretsmanager:GetSecretValue")
    assert read["Resource"] == "arn:aws:secretsmanager:ap-south-1:123456789012:secret:webhook-a1b2c3"
    with pytest.raises(InvalidStageError, match=r"webhook_secret: name the secret \(ARN\)"):
        Stage.choose("dev", STAGES, {"webhook_url": "https://hooks.company.example/in"})


def test_the_local_stage_has_a_sender_and_no_record_to_write(synthesize: Synthesize) -> None:
    local = synthesize("local")
    assert sender(local)["email_from"] == "care@beforehand.example"
    assert sender(local)["sms_origination"] == "BFRHND"
    outputs = {name for template in local.templates().values() for name in template["Outputs"]}
    assert not [name for name in outputs if name.startswith("EmailDomainRecord")]


@pytest.mark.parametrize(
    ("numbers", "remedy"),
    [
        ({"email_from": "Care <care@company.example>"}, "email_from = 'Care <care@company.example>'"),
        ({"email_from": "care"}, "email_from = 'care'"),
        ({"email_domain": "company.example"}, "email_domain: name email_from"),
        ({"email_from": "a@other.example", "email_domain": "company.example"}, "other.example does not lie in"),
        ({"email_from": "a@notcompany.example", "email_domain": "company.example"}, "does not lie in"),
        ({"sms_origination": "+14155550100"}, r"by its id \(phone-…, pool-…\)"),
        ({"sms_origination": "12345"}, "name a sender id"),
        ({"sms_origination": "ATOOLONGNAME"}, "at most 11 letters"),
        ({"sms_india_entity": "1101"}, "India's register wants both"),
        ({"sms_india_entity": "1", "sms_india_templates": "a:b"}, "sms_india_templates = 'a:b'"),
        ({"sms_seconds_to_live": 1}, "sms_seconds_to_live = 1"),
        ({"webhook_url": "http://hooks.company.example"}, "webhook_url: it may be https://<a full host name>"),
        ({"webhook_url": "https://127.0.0.1/in"}, "webhook_url: it may be https"),
        ({"webhook_url": "https://a:b@hooks.company.example"}, "without a user"),
        ({"webhook_secret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a"}, "name webhook_url"),
        ({"webhook_url": "https://a.example", "webhook_secret": "whsec_abc"}, "webhook_secret = 'whsec_abc'"),
    ],
)
def test_names_the_number_and_the_remedy(numbers: dict[str, Any], remedy: str) -> None:
    with pytest.raises(InvalidStageError, match=remedy):
        Stage.choose("dev", STAGES, numbers)


@pytest.mark.parametrize(
    ("origination", "countries"),
    [
        ("BFRHND", "IN"),
        ("BF-RHND", "IN,GB"),
        ("phone-0a1b2c", None),
        ("pool-0a1b2c", None),
        ("arn:aws:sms-voice:ap-south-1:123456789012:pool/pool-0a1b", None),
    ],
)
def test_takes_an_origination_that_no_other_can_be_mistaken_for(origination: str, countries: str | None) -> None:
    numbers = {"sms_origination": origination, "sms_countries": countries}
    assert Stage.choose("dev", STAGES, numbers).sms_origination == origination
    wrong = {"sms_origination": origination, "sms_countries": None if countries else "IN"}
    with pytest.raises(InvalidStageError, match="name the countries of a sender id"):
        Stage.choose("dev", STAGES, wrong)


def test_on_this_machine_the_webhook_leads_to_the_sink() -> None:
    assert Stage.choose("local", STAGES, {"webhook_url": "http://127.0.0.1:14566/sink"}).webhook_url
    with pytest.raises(InvalidStageError, match="the sink on this machine"):
        Stage.choose("local", STAGES, {"webhook_url": "https://hooks.company.example"})
