"""The messages of follow-ups read well with whatever is known, and one can take another's place."""

import re
from typing import Any

import pytest

from beforehand.outreach.messages.compose import compose
from beforehand.outreach.messages.documents import variables_of
from beforehand.outreach.messages.model import Company, Words
from beforehand.outreach.messages.render import render
from beforehand.outreach.messages.template_files import shipped
from beforehand.outreach.model import Channel
from tests.outreach.messages.test_render import FOLLOW_UPS

LOTUS = Company(name="Lotus")
LINK = "https://lotus.example/f"
KNOWN = {"event": "Yoga Day", "held_on": "2026-03-09", "link": LINK}
SOME = [
    {name: KNOWN[name] for number, name in enumerate(KNOWN) if chosen & 1 << number}
    for chosen in range(2 ** len(KNOWN))
]
"""Each choice of what is known."""

ILL_WRITTEN = re.compile(r" [,.?!:;।]|[ \t]{2}|[ \t]$|\n{3}|,,|\.\.|।।|\bNone\b|[{}]", re.MULTILINE)
"""What is left where something that is missing was not thought of."""


def written(name: str, language: str, given: dict[str, Any], person: str | None) -> Words:
    return render(shipped(), name, language, given, person_name=person, person_zone="Asia/Kolkata", company=LOTUS)


@pytest.mark.parametrize("name", FOLLOW_UPS)
def test_each_takes_the_same_and_needs_nothing(name: str) -> None:
    takes = variables_of({"event": "text?", "held_on": "date?", "link": "url?"})
    assert {language: one.variables for language, one in shipped()[name].items()} == {"en": takes, "hi": takes}


@pytest.mark.parametrize("name", FOLLOW_UPS)
@pytest.mark.parametrize("language", ["en", "hi"])
@pytest.mark.parametrize("person", ["Asha Rao", None])
@pytest.mark.parametrize("given", SOME, ids=lambda given: "+".join(given) or "nothing")
def test_reads_well_with_whatever_is_known(
    name: str, language: str, person: str | None, given: dict[str, Any]
) -> None:
    found = written(name, language, given, person)
    for text in (found.subject, found.body):
        assert not ILL_WRITTEN.search(text), text
    greeting, *middle, _ = found.body.split("\n\n")
    assert greeting == {
        ("en", "Asha Rao"): "Hello Asha Rao,", ("en", None): "Hello,",
        ("hi", "Asha Rao"): "नमस्ते Asha Rao जी,", ("hi", None): "नमस्ते,",
    }[language, person]  # fmt: skip
    assert len(middle) == 2 and all(len(paragraph) > 20 for paragraph in middle)
    assert ("Yoga Day" in found.body) == ("event" in given)
    assert ("2026" in found.body) == ("held_on" in given)
    assert found.body.count(LINK) == ("link" in given)
    assert "link" not in given or middle[1].endswith(f": {LINK}"), (
        "nothing stands behind a link that could be read into it"
    )


@pytest.mark.parametrize("name", FOLLOW_UPS)
@pytest.mark.parametrize("language", ["en", "hi"])
def test_goes_as_a_text_message_with_everything_known(name: str, language: str) -> None:
    found = written(name, language, KNOWN, "Asha Rao")
    sms = compose(channel=Channel.SMS, subject=found.subject, body=found.body, language=language, company=LOTUS,
                  unsubscribe_url="https://lotus.example/u/3?k=a&t=b")  # fmt: skip
    assert LINK in sms.text


@pytest.mark.parametrize("name", ["post_event_low_emotion", "emotion_check_in"])
@pytest.mark.parametrize(("language", "person"), [("en", "reaches a person"), ("hi", "किसी व्यक्ति तक")])
@pytest.mark.parametrize("given", [{}, KNOWN])
def test_whoever_feels_bad_is_told_that_an_answer_reaches_a_person(
    name: str, language: str, person: str, given: dict[str, Any]
) -> None:
    assert person in written(name, language, given, None).body


def test_an_apology_as_it_is_read() -> None:
    assert written("post_event_low_emotion", "en", {"event": "Yoga Day"}, "Asha Rao").body == (
        "Hello Asha Rao,\n\n"
        "We have the impression that things did not go as they should have for you at Yoga Day. We are sorry.\n\n"
        "We would like to understand what went wrong, and to put right what we can. "
        "If you wish, reply to this message: your answer reaches a person.\n\n"
        "Kind regards,\nLotus"
    )
    found = written("post_event_low_emotion", "hi", {}, None)
    assert found.subject == "हमें खेद है"
    assert found.body.startswith("नमस्ते,\n\nहमें लगता है कि हमारे साथ आपका अनुभव वैसा नहीं रहा जैसा होना चाहिए था।")
