"""Comprehend reads a sentiment: botocore against answers in documented shapes; no real Comprehend was asked."""

import logging
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from beforehand.adapters import aws
from beforehand.adapters.comprehend import LANGUAGES, MOST_BYTES, Comprehend, shortened
from beforehand.errors import NotNowError, RefusedError
from tests.churn.bedrock_server import HOLDS, Bedrock, serving

TEXT = "Asha was shouted at, call 0900 12345"
SCORES = {"Positive": 0.6, "Negative": 0.1, "Neutral": 0.2, "Mixed": 0.1}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bedrock]:
    with serving() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_COMPREHEND", server.address)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
        aws.client.cache_clear()
        aws._session.cache_clear()
        server.will_say(answer(SCORES))
        yield server
    aws.client.cache_clear()
    aws._session.cache_clear()


def answer(scores: Any) -> dict[str, Any]:
    return {"status": 200, "body": {"Sentiment": "POSITIVE", "SentimentScore": scores}}


def error(code: str, status: int = 400) -> dict[str, Any]:
    return {"status": status, "body": {"__type": code, "Message": f"not taken: {TEXT}"}}


def asked(text: str = TEXT, language: str = "en") -> float:
    return Comprehend(seconds=1).sentiment(text, language)


def test_the_shares_of_a_text_become_one_number(service: Bedrock) -> None:
    assert asked() == pytest.approx(0.75)
    assert service.asked == [{"Text": TEXT, "LanguageCode": "en"}]


@pytest.mark.parametrize(
    ("language", "code"),
    [("hi-IN", "hi"), ("EN_gb", "en"), ("pt-BR", "pt"), ("zh", "zh"), ("zh-CN", "zh"), ("zh-Hans-HK", "zh"),
     ("zh-TW", "zh-TW"), ("zh-Hant-HK", "zh-TW"), ("zh-HK", "zh-TW"), (" ar ", "ar")],
)  # fmt: skip
def test_a_language_is_named_as_comprehend_names_it(service: Bedrock, language: str, code: str) -> None:
    asked(language=language)
    assert service.asked[0]["LanguageCode"] == code


def test_the_languages_are_those_of_the_service() -> None:
    model = botocore.session.get_session().get_service_model("comprehend")
    assert frozenset(model.operation_model("DetectSentiment").input_shape.members["LanguageCode"].enum) == LANGUAGES


@pytest.mark.parametrize("language", ["te", "zhx", "", "eng", TEXT])
def test_another_language_is_refused_and_nobody_is_asked(service: Bedrock, language: str) -> None:
    with pytest.raises(RefusedError, match="does not read this language; it reads ar, de, en, es, fr, hi") as told:
        asked(language=language)
    assert service.asked == [] and "Asha" not in str(told.value)


@pytest.mark.parametrize("letter", ["a", "é", "अ", "😡"])
@pytest.mark.parametrize("start", ["", "x", "xy"])
def test_a_long_text_is_cut_between_two_characters(service: Bedrock, start: str, letter: str) -> None:
    text = start + letter * 6_000
    asked(text)
    (given,) = service.asked
    size, widest = len(given["Text"].encode()), len(letter.encode())
    assert text.startswith(given["Text"]) and MOST_BYTES - widest < size <= MOST_BYTES


def test_half_a_character_does_not_leave() -> None:
    assert shortened("good \ud83d") == "good ?"


@pytest.mark.parametrize("text", ["", " \n\t", " " * 6_000])
def test_a_blank_text_is_neutral_and_nobody_is_asked(service: Bedrock, text: str) -> None:
    assert asked(text) == 0.5
    assert service.asked == []


@pytest.mark.parametrize(
    "code", ["TextSizeLimitExceededException", "UnsupportedLanguageException", "InvalidRequestException"]
)
def test_what_comprehend_never_takes_is_refused(service: Bedrock, code: str) -> None:
    service.will_say(error(code))
    with pytest.raises(RefusedError, match=f"^Comprehend refused it: {code}$"):
        asked()


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("InternalServerException", 500),
        ("ServiceUnavailable", 503),
        ("ThrottlingException", 400),
        ("TooManyRequestsException", 400),
        ("AccessDeniedException", 400),
        ("ExpiredTokenException", 400),
        ("UnrecognizedClientException", 400),
        ("SubscriptionRequiredException", 400),
    ],
)
def test_what_passes_may_be_asked_again_and_is_not_asked_again_here(
    service: Bedrock, code: str, status: int
) -> None:
    service.will_say(error(code, status))
    with pytest.raises(NotNowError, match=f"^Comprehend answered {code}$"):
        asked()
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"status": 200, "body": {}},
        answer(None),
        answer({"Positive": 1}),
        answer({**SCORES, "Mixed": "NaN"}),
        answer({**SCORES, "Negative": 7}),
        {"status": 200, "body": "<html>"},
        {"status": 502, "body": "<html>"},
    ],
)
def test_an_answer_that_cannot_be_read_is_no_emotion(service: Bedrock, said: dict[str, Any]) -> None:
    service.will_say(said)
    with pytest.raises(NotNowError, match="Comprehend"):
        asked()


def test_silence_is_not_waited_for(service: Bedrock) -> None:
    service.will_say(HOLDS)
    with pytest.raises(NotNowError, match=r"gave no answer \(ReadTimeoutError\)"):
        Comprehend(seconds=0.2).sentiment(TEXT, "en")


def test_a_service_that_is_not_reached_is_told(service: Bedrock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_COMPREHEND", "http://127.0.0.1:9")
    with pytest.raises(NotNowError, match=r"gave no answer \(EndpointConnectionError\)"):
        asked()


@pytest.mark.parametrize(
    "said",
    [error("InvalidRequestException"), error("ThrottlingException"), error(TEXT), answer(TEXT), answer(SCORES)],
)
def test_nothing_of_a_text_is_told(
    service: Bedrock, caplog: pytest.LogCaptureFixture, said: dict[str, Any]
) -> None:
    caplog.set_level(logging.INFO)
    service.will_say(said)
    told: BaseException | None = None
    try:
        asked()
    except (RefusedError, NotNowError) as raised:
        told = raised
    assert "Asha" not in caplog.text and "Asha" not in str(told)
    assert told is None or (told.__cause__ is None and told.__suppress_context__)
