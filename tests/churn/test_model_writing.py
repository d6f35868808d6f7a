"""A language model as the writer: botocore against answers in documented shapes; no real Bedrock was asked."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from beforehand.adapters import aws
from beforehand.adapters.bedrock import BedrockModel
from beforehand.adapters.s3 import S3Files
from beforehand.churn import text_check, write_wiring, writing
from beforehand.churn.documents import Brief, Draft, brief_file, draft_file
from beforehand.churn.model import Asked, Letter
from beforehand.churn.model_writing import ModelWriter
from beforehand.churn.templates import TemplateWriter
from beforehand.churn.text_check import Written
from beforehand.events.churn import MessageRequested
from beforehand.outreach.model import Channel
from beforehand.settings.churn import ChurnWriteSettings
from tests.churn.bedrock_server import HOLDS, Bedrock, recorded, serving
from tests.churn.hostile import HOSTILE, WISHES
from tests.churn.people import COMPANY, RUN, brief, facts
from tests.fakes import MemoryFiles

MODEL = "amazon.nova-lite-v1:0"


@pytest.fixture(scope="module")
def server() -> Iterator[Bedrock]:
    """One server, and clients that know it, for the tests of this file."""
    with serving() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.address)
        for name, value in {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "REGION": "ap-south-1"}.items():
            patch.setenv(f"AWS_{name}", value)
        patch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
        forget_clients()
        yield server
    forget_clients()


def forget_clients() -> None:
    aws.client.cache_clear()
    aws._session.cache_clear()


@pytest.fixture
def bedrock(server: Bedrock) -> Iterator[Bedrock]:
    """It was not asked anything yet."""
    yield server
    server.forget()


def asking(given: Brief, *, calls: int = 2, seconds: float = 5, **settings: Any) -> Letter:
    files = settings.pop("files", None) or MemoryFiles()
    model = BedrockModel(MODEL, seconds=seconds, **settings)
    writer = ModelWriter(model, templates=TemplateWriter(COMPANY), files=files, company=COMPANY)
    return writer.write(given.model_copy(update={"model_calls": calls}))


def english(**changed: Any) -> Brief:
    return brief(facts(**{"language": "en", "name": "Asha", **changed}))


def by_template(given: Brief) -> Letter:
    return TemplateWriter(COMPANY).write(given)


def same_text(letter: Letter, other: Letter) -> bool:
    return (letter.subject, letter.body, letter.tone) == (other.subject, other.body, other.tone)


@pytest.mark.parametrize(("language", "answer", "name"), [("en", "english", "Asha"), ("hi", "hindi", "आशा शर्मा")])
def test_the_model_writes_the_middle_and_the_templates_the_rest(
    bedrock: Bedrock, language: str, answer: str, name: str
) -> None:
    given = brief(facts(language=language, name=name))
    bedrock.will_say(recorded(answer))
    letter, template = asking(given), by_template(given)
    told = recorded(answer)["body"]["output"]["message"]["content"][0]["toolUse"]["input"]
    assert letter.subject == told["subject"]
    parts, ours = letter.body.split("\n\n"), template.body.split("\n\n")
    assert parts == [ours[0], told["text"], *ours[2:]]
    assert letter.because == f"{template.because}, by the model {MODEL}"
    assert letter.asked == Asked(model=MODEL, calls=1, input_tokens=512, output_tokens=143, wrote=True)


def test_a_text_message_is_the_models_text_under_the_companys_name(bedrock: Bedrock) -> None:
    bedrock.will_say(recorded("sms"))
    letter = asking(english(channel=Channel.SMS))
    assert letter.subject == COMPANY
    assert letter.body.startswith(f"{COMPANY}: we have not heard from you")


def test_it_is_asked_as_the_converse_api_is_documented(bedrock: Bedrock) -> None:
    bedrock.will_say(recorded("english"))
    asking(english(), guardrail="abc123:7", max_tokens=300)
    (request,) = bedrock.asked
    assert bedrock.paths == ["/model/amazon.nova-lite-v1%3A0/converse"]
    assert request["inferenceConfig"]["maxTokens"] == 300
    assert request["guardrailConfig"] == {"guardrailIdentifier": "abc123", "guardrailVersion": "7"}
    assert request["toolConfig"]["toolChoice"] == {"tool": {"name": "write_message"}}
    schema = request["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"]
    assert set(schema["required"]) == {"language", "tone", "subject", "text"}
    assert schema["additionalProperties"] is False
    told = json.loads(request["messages"][0]["content"][0]["text"])
    assert told["facts"] == {"last_order_on": "August 15, 2025", "waiting": True}
    assert (told["language"], told["tone"], told["company"]) == ("en", "apologetic", COMPANY)


@pytest.mark.parametrize(
    ("answer", "because", "calls"),
    [
        ("content_filtered", "the model's text was filtered", 1),
        ("guardrail", "the guardrail stepped in", 1),
        ("refusal", "the model refused", 1),
        ("context_exceeded", "the facts were too long for the model", 1),
        ("cut_off", "the model's text was cut off", 2),
        ("malformed_tool_use", "the model's answer is not what was asked for", 2),
        ("plain_text", "the model's answer is not what was asked for", 2),
        ("empty", "the model's answer is not what was asked for", 2),
        ("two_calls", "the model's answer is not what was asked for", 2),
        ("throttled", "the model is asked too often", 1),
        ("access_denied", "access to the model is denied", 1),
        ("validation", "Bedrock refused the request", 1),
        ("not_found", "there is no such model", 1),
        ("model_timeout", "the model took too long", 1),
        ("model_error", "the model failed", 1),
        ("not_ready", "the model is not ready", 1),
        ("internal", "Bedrock failed", 1),
        ("unavailable", "Bedrock is not available", 1),
        ("quota", "the quota of the model is used up", 1),
        ("no_json", "Bedrock's answer cannot be read", 1),
    ],
)
def test_the_template_writes_when_the_model_does_not(
    bedrock: Bedrock, answer: str, because: str, calls: int
) -> None:
    bedrock.will_say(recorded(answer))
    given = english()
    letter = asking(given)
    assert same_text(letter, by_template(given))
    assert letter.because.startswith(f"in English, as they prefer, by the template: {because}")
    assert len(bedrock.asked) == calls
    usage = recorded(answer)["body"]["usage"] if recorded(answer)["status"] == 200 and answer != "no_json" else {}
    assert letter.asked == Asked(
        model=MODEL, calls=calls, input_tokens=usage.get("inputTokens", 0) * calls,
        output_tokens=usage.get("outputTokens", 0) * calls, wrote=False,
    )  # fmt: skip


def test_a_model_that_holds_the_line_is_waited_for_once(bedrock: Bedrock) -> None:
    bedrock.will_say(HOLDS)
    given = english()
    letter = asking(given, seconds=0.3)
    assert same_text(letter, by_template(given))
    assert letter.because.endswith("by the template: the model took too long")
    assert len(bedrock.asked) == 1


def test_a_server_that_is_not_there_is_no_failure(bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9")
    letter = asking(english(), region="eu-west-1")  # where no test has asked before
    assert letter.because.endswith("by the template: Bedrock was not reached (EndpointConnectionError)")


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"tone": "furious"}, "is not what was asked for"),
        ({"text": 7}, "is not what was asked for"),
        ({"text": ""}, "is not what was asked for"),
        ({"subject": ""}, "is not what was asked for"),
        ({"admin": True}, "is not what was asked for"),
        ({"text": "we would like to hear from you " * 60}, "is not what was asked for"),
        ({"tone": "warm"}, "it has another tone than was asked for"),
        ({"language": "de"}, "it says that it is in another language"),
        ({"subject": "We miss you\nBcc: all"}, "the subject is too long"),
    ],
)
def test_a_typed_answer_is_all_that_is_taken(bedrock: Bedrock, changed: dict[str, Any], because: str) -> None:
    bedrock.will_say(recorded("english", **changed))
    given = english()
    letter = asking(given)
    assert same_text(letter, by_template(given))
    assert because in letter.because


def test_the_second_question_says_what_was_wrong_with_the_first_answer(bedrock: Bedrock) -> None:
    bedrock.will_say(recorded("english", tone="warm"), recorded("english"))
    letter = asking(english())
    assert letter.asked == Asked(model=MODEL, calls=2, input_tokens=1024, output_tokens=286, wrote=True)
    first, second = (json.loads(one["messages"][0]["content"][0]["text"]) for one in bedrock.asked)
    assert "problems_with_the_last_answer" not in first
    assert second["problems_with_the_last_answer"].endswith("it has another tone than was asked for")


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_letter_never_costs_more_calls_than_its_share(bedrock: Bedrock, calls: int) -> None:
    bedrock.will_say(recorded("plain_text"))
    asking(english(), calls=calls)
    assert len(bedrock.asked) == calls


def test_a_letter_without_a_share_asks_nobody(bedrock: Bedrock) -> None:
    letter = asking(english(), calls=0)
    assert letter.because.endswith("by the template: the run's budget for the model is spent")
    assert (letter.asked, bedrock.asked) == (None, [])


def test_a_language_without_a_list_of_promises_is_written_by_its_template(bedrock: Bedrock) -> None:
    letter = asking(english(language="de"))
    assert letter.because.endswith("by the template: nobody listed what must not be promised in German")
    assert bedrock.asked == []


def test_what_an_attempt_began_that_was_cut_off_is_not_asked_again(bedrock: Bedrock) -> None:
    bedrock.will_say(recorded("english"))
    files = MemoryFiles()
    asking(english(), files=files)
    letter = asking(english(), files=files)
    assert letter.because.endswith("by the template: the model was asked by an attempt that did not come back")
    assert len(bedrock.asked) == 1


def test_a_repeated_step_asks_nobody_and_answers_the_same(bedrock: Bedrock) -> None:
    bedrock.will_say(recorded("english"))
    files = MemoryFiles()
    given = english().model_copy(update={"model_calls": 2})
    files.write(brief_file(RUN, "C100088"), given)
    writer = ModelWriter(BedrockModel(MODEL), templates=TemplateWriter(COMPANY), files=files, company=COMPANY)
    request = MessageRequested(run_id=RUN, customer_id="C100088")
    first, again = (writing.write(request, files=files, writer=writer, company=COMPANY) for _ in range(2))
    assert first == again
    assert len(bedrock.asked) == 1
    draft = files.read(draft_file(RUN, "C100088"), Draft)
    assert draft.model is not None and draft.model.wrote and draft.refused is None


def neutral(letter: Letter) -> str:
    return letter.body.partition("\n")[2]


def test_there_are_more_than_a_hundred_hostile_texts() -> None:
    assert len(set(HOSTILE)) >= 100


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_has_no_effect_on_a_template(text: str) -> None:
    plain = by_template(english(name=None, signals={"segment": "Other", "loyalty_tier": "Other"}))
    as_name = by_template(english(name=text, signals={"segment": "Other", "loyalty_tier": "Other"}))
    as_label = by_template(english(name=None, signals={"segment": text, "loyalty_tier": text}))
    assert same_text(as_label, plain)
    assert (as_name.subject, neutral(as_name)) == (plain.subject, neutral(plain))
    greeting = as_name.body.partition("\n")[0]
    assert greeting in ("Hello,", f"Hello {' '.join(text.split())},")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_language_is_english(text: str) -> None:
    plain = by_template(english(language=None))
    for language in (text, f"en-{text}", f"en_{text}"):
        letter = by_template(english(language=language))
        assert same_text(letter, plain)
        assert text not in letter.because


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_message_or_hindi_that_obeys_is_refused_as_well(bedrock: Bedrock, text: str) -> None:
    for answer, changed in (("sms", {"language": "en", "channel": Channel.SMS}), ("hindi", {"language": "hi"})):
        good = recorded(answer)["body"]["output"]["message"]["content"][0]["toolUse"]["input"]["text"]
        bedrock.will_say(recorded(answer, text=f"{text} {good}"))
        given = brief(facts(name=text, signals={"loyalty_tier": text}, **changed))
        letter = asking(given, calls=1)
        assert same_text(letter, by_template(given))
        assert letter.asked is not None and not letter.asked.wrote


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_reaches_the_model_and_is_refused_if_it_comes_back(bedrock: Bedrock, text: str) -> None:
    good = recorded("english")["body"]["output"]["message"]["content"][0]["toolUse"]["input"]["text"]
    bedrock.will_say(recorded("english", text=f"{good} {text}"))
    given = english(name=text, signals={"segment": text, "loyalty_tier": text})
    letter = asking(given)
    template = by_template(given)
    assert same_text(letter, template)
    assert letter.because.startswith(f"{template.because}, by the template: the model's")
    assert text not in letter.because
    sent = json.dumps([one["messages"] for one in bedrock.asked], ensure_ascii=False)
    others = json.dumps([one["system"] for one in bedrock.asked])
    assert json.dumps(text, ensure_ascii=False).strip('"') not in sent + others


@pytest.mark.parametrize(("wish", "because"), WISHES.items())
def test_what_an_attacker_wishes_is_never_sent(bedrock: Bedrock, wish: str, because: str) -> None:
    bedrock.will_say(recorded("english", text=wish))
    given = english()
    letter = asking(given)
    assert same_text(letter, by_template(given))
    assert because in letter.because


@pytest.mark.parametrize(
    "text",
    [
        "We have not seen you for a while, and that makes us wonder whether something went wrong. If so, "
        "please let us know, and we will do our best to put it right.",
        "It has been some time since your last order. We value your opinion and would be glad to hear how we could "
        "serve you better.",
        "We are sorry that our team took so long to answer you. That should not have happened.",
        "Thank you for telling us what you think. We want to do better and would like to know where to begin.",
    ],
)
def test_honest_english_is_taken(text: str) -> None:
    written = Written(language="en", tone="apologetic", subject="How can we help you?", text=text)
    assert text_check.wrong_with(written, english(), language="en", tone="apologetic", instructions="") == []


@pytest.mark.parametrize(
    "text",
    [
        "काफ़ी दिनों से आपसे बात नहीं हो पाई है। अगर हमारी सेवा में कोई कमी रह गई हो, तो हम उसे ठीक करना चाहते हैं।",
        "आपकी राय हमारे लिए बहुत महत्वपूर्ण है। कृपया बताएँ कि हम आपके लिए क्या बेहतर कर सकते हैं।",
        "हमें खेद है कि आपके अनुरोध का जवाब देने में इतना समय लग गया। ऐसा नहीं होना चाहिए था।",
    ],
)
def test_honest_hindi_is_taken(text: str) -> None:
    written = Written(language="hi", tone="apologetic", subject="हम आपकी सहायता करना चाहते हैं", text=text)
    given = brief(facts(language="hi"))
    assert text_check.wrong_with(written, given, language="hi", tone="apologetic", instructions="") == []


def test_neither_request_nor_answer_is_logged(bedrock: Bedrock, caplog: pytest.LogCaptureFixture) -> None:
    bedrock.will_say(recorded("access_denied"))
    with caplog.at_level(logging.INFO):
        asking(replace_name("Asha Sharma"))
    assert "Asha" not in caplog.text and "August" not in caplog.text


def replace_name(name: str) -> Brief:
    return brief(replace(facts(language="en"), name=name))


def test_the_function_asks_a_model_only_where_its_settings_name_one() -> None:
    files = S3Files("files")
    plain = ChurnWriteSettings(files_bucket="files", company_name=COMPANY)
    named = ChurnWriteSettings(files_bucket="files", company_name=COMPANY, bedrock_model=MODEL)
    assert isinstance(write_wiring._writer(plain, files), TemplateWriter)
    assert isinstance(write_wiring._writer(named, files), ModelWriter)
    assert ChurnWriteSettings.from_env(plain.to_env()) == plain
