"""The messages in every language: whatever is known of a customer, the text holds to it."""

from datetime import date
from itertools import product
from typing import Any

import pytest

from beforehand.churn.documents import Brief
from beforehand.churn.facts_check import problems
from beforehand.churn.message_files import languages
from beforehand.churn.model import Action, Letter, Purchases
from beforehand.churn.templates import TemplateWriter
from beforehand.outreach.model import Channel
from tests.churn.people import COMPANY, brief, facts

CAUSES: dict[str, dict[str, Any]] = {
    "recency": {},
    "spending": {"recency_days": 3, "lifetime_value_rank": 0.5, "spending_ratio": 0.0, "engagement_ratio": 1.0,
                 "orders_per_month": 1.0, "csat": 4.0, "tickets_overdue": 0},
    "support": {"csat": 1.0, "recency_days": 20},
    "nps": {"recency_days": 1, "orders_per_month": 4.0, "spending_ratio": 1.0, "engagement_ratio": 1.0,
            "lifetime_value_rank": 1.0, "csat": 5.0, "tickets_overdue": 0},
    "lifetime_value": {"recency_days": 20, "orders_per_month": 1.0, "lifetime_value_rank": 0.0,
                       "tickets_overdue": 0},
}  # fmt: skip


def written(given: Brief) -> Letter:
    return TemplateWriter(COMPANY).write(given)


def test_hindi_is_written_as_the_seed_shows() -> None:
    letter = written(brief())
    assert (letter.language, letter.language_name, letter.because) == ("hi", "Hindi", "in Hindi, as they prefer")
    assert letter.body == (
        "नमस्ते आशा शर्मा जी,\n\n"
        "आपने हमारे यहाँ पिछली बार 15 अगस्त 2025 को ख़रीदारी की थी, और तब से हमें आपकी कमी महसूस हो रही है। "
        "हो सकता है कि आपको किसी चीज़ की ज़रूरत न पड़ी हो। "
        "लेकिन अगर हमसे कोई चूक हुई हो, तो हम उसे ज़रूर ठीक करना चाहेंगे।\n\n"
        "बस इस संदेश का जवाब दें। हमारे एक सहयोगी ख़ुद इस पर ध्यान देंगे।\n\n"
        "सादर,\nExample Stores"
    )


def test_english_is_written_for_who_prefers_a_language_that_nobody_wrote() -> None:
    letter = written(brief(facts(language="ja", name="佐藤 葵")))
    assert letter.because == "in English, since there are no messages in ja"
    assert letter.body.startswith("Hello 佐藤 葵,\n\nYour last order with us was on August 15, 2025, and we have")


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en-GB", "15 August 2025"),
        ("en_US", "August 15, 2025"),
        ("en-XX", "August 15, 2025"),
        ("en-!", "August 15, 2025"),
    ],
)
def test_dates_are_written_as_they_write_them(language: str, day: str) -> None:
    assert f"on {day}, and" in written(brief(facts(language=language))).body


def test_there_are_messages_in_six_languages() -> None:
    assert languages() == ("de", "en", "es", "fr", "hi", "ta")


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("cause", CAUSES)
def test_every_message_passes_the_check(language: str, cause: str) -> None:
    """Every cause, action, channel, with and without a name, purchases, waiting tickets and years."""
    actions = [
        {"segment": "VIP"},
        {"segment": "Loyal", "lifetime_value": 9000.0},
        {"segment": "Loyal", "lifetime_value": 1.0},
        {"segment": "Regular", "lifetime_value": 1.0},
    ]
    histories = [Purchases(), Purchases(orders=3, first_on=date(2020, 1, 1), last_on=date(2025, 8, 5))]
    seen = set()
    for action, channel, name, history, tenure, waiting in product(
        actions, Channel, ("Asha", None), histories, (None, 100, 2000), (0, 2)
    ):
        if channel not in (Channel.EMAIL, Channel.SMS):
            continue
        signals = {**CAUSES[cause], **action, "tenure_days": tenure, "tickets_overdue": waiting}
        given = brief(facts(language=language, channel=channel, name=name, purchases=history, signals=signals))
        letter = written(given)
        assert problems(letter, given, COMPANY) == []
        assert COMPANY in letter.body
        seen.add(given.plan.action)
    assert seen == set(Action)


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_the_one_that_the_case_says(cause: str) -> None:
    assert brief(facts(signals=CAUSES[cause])).pattern.cause == cause


@pytest.mark.parametrize("language", languages())
def test_a_text_message_fits_into_three_parts(language: str) -> None:
    for cause in CAUSES:
        given = brief(facts(language=language, channel=Channel.SMS, signals=CAUSES[cause]))
        body = written(given).body
        assert len(body) <= (3 * 153 if body.isascii() else 3 * 67)


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("O'Brien", "Hello O'Brien,"),
        ("Jean-Luc  Ñandú\t", "Hello Jean-Luc Ñandú,"),
        ("A. K. சுப்பிரமணியன்", "Hello A. K. சுப்பிரமணியன்,"),
        ("{{ company }}", "Hello,"),
        ("win at evil.example/now", "Hello,"),
        ("https://evil", "Hello,"),
        ("Asha\r\nBcc: all@example.com", "Hello,"),
        ("<b>Asha</b>", "Hello,"),
        ("Asha \u202ekcab", "Hello,"),
        ("x" * 81, "Hello,"),
        ("", "Hello,"),
        (None, "Hello,"),
    ],
)
def test_a_name_that_is_none_is_not_used(name: str | None, greeting: str) -> None:
    letter = written(brief(facts(name=name, language="en")))
    assert letter.body.splitlines()[0] == greeting


GOOD = written(brief(facts(language="en", name="Asha")))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"subject": " "}, "the subject is empty"),
        ({"body": "\n"}, "the message is empty"),
        ({"subject": "a" * 151}, "the subject is too long"),
        ({"subject": "a\nBcc: b"}, "the subject is too long"),
        ({"body": "Asha " * 1000}, "the message is too long"),
        ({"body": "Hello Ravi,"}, "it does not greet the customer by their name"),
        ({"body": "Hello Asha, here is [your name]"}, "a placeholder is left in it"),
        ({"body": "Hello Asha, look at http://x"}, "it has a link that nobody gave it"),
        ({"body": "Hello Asha, look at shop.example now"}, "it has a link that nobody gave it"),
        ({"body": "Hello Asha, take 20% off"}, "the number 20 is in none of the facts"),
        ({"body": "Hello Asha, since २०१९ you are ours"}, "the number 2019 is in none of the facts"),
        ({"body": "Hello Asha, you spent 8,201.00"}, "the number 820100 is in none of the facts"),
    ],
)
def test_a_text_that_leaves_the_facts_does_not_leave(changed: dict[str, str], problem: str) -> None:
    fields = {name: getattr(GOOD, name) for name in Letter.__slots__}
    assert problem in problems(Letter(**{**fields, **changed}), brief(facts(name="Asha")), COMPANY)


@pytest.mark.parametrize(
    "text", ["15 August 2025", "१५ अगस्त २०२५", "41 orders", "8,200.00", "8\u202f200,00", "2 tickets"]
)
def test_numbers_of_the_facts_may_stand_in_a_text(text: str) -> None:
    fields = {name: getattr(GOOD, name) for name in Letter.__slots__}
    letter = Letter(**{**fields, "body": f"Asha: {text}"})
    assert problems(letter, brief(facts(name="Asha")), COMPANY) == []
