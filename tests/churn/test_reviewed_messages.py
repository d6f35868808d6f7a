"""English and Hindi in full: every theme, action, channel and fact rendered, held to rules of length and script."""

import unicodedata
from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any

import pytest

from beforehand.churn import message_files, text_check
from beforehand.churn.documents import Brief
from beforehand.churn.facts_check import problems
from beforehand.churn.language_check import in_script, words_of
from beforehand.churn.language_check import problems as language_problems
from beforehand.churn.model import Action, Letter, Purchases
from beforehand.churn.templates import TemplateWriter
from beforehand.churn.themes import Theme, theme_of
from beforehand.outreach.model import Channel
from tests.churn.people import COMPANY, brief, facts

REVIEWED = ("en", "hi")
GOOD: dict[str, Any] = {
    "recency_days": 3, "orders_per_month": 3.0, "spending_ratio": 1.2, "engagement_ratio": 1.2, "csat": 5.0,
    "tickets_overdue": 0, "nps": 10, "loyalty_tier": "Platinum", "lifetime_value_rank": 1.0,
}  # fmt: skip
THEMES: dict[Theme, dict[str, Any]] = {
    Theme.ABSENCE: {"recency_days": 200},
    Theme.LESS: {"spending_ratio": 0.1},
    Theme.SUPPORT: {"csat": 1.0},
    Theme.OPINION: {"nps": 2},
    Theme.THANKS: {"lifetime_value_rank": 0.0},
}
ACTIONS: dict[Action, dict[str, Any]] = {
    Action.PERSONAL_OUTREACH: {"segment": "VIP"},
    Action.PREMIUM_OFFER: {"segment": "Loyal", "lifetime_value": 9000.0},
    Action.STANDARD_OFFER: {"segment": "Loyal", "lifetime_value": 1.0},
    Action.ENGAGEMENT: {"segment": "Regular", "lifetime_value": 1.0},
}
BOUGHT = Purchases(orders=3, first_on=date(2020, 1, 1), last_on=date(2025, 8, 5))
NAMES = {"en": "Grace Chen", "hi": "आशा शर्मा"}

UNTIDY = ("{", "}", "[", "]", "  ", " ,", " .", " ।", "None", "\n\n\n")


def rendered(language: str) -> Iterator[tuple[Theme, Action, Brief, Letter]]:
    """Every message that there can be in a language."""
    writer = TemplateWriter(COMPANY)
    for theme, action, channel, named, waiting, since, bought in product(
        THEMES, ACTIONS, (Channel.EMAIL, Channel.SMS), (True, False), (0, 2), (None, 2000), (True, False)
    ):
        # Whoever waits for support is told of it where that is what the message is about.
        waits = {"tickets_overdue": waiting} if theme is Theme.SUPPORT else {}
        signals = {**GOOD, **THEMES[theme], **ACTIONS[action], "tenure_days": since, **waits}
        given = brief(facts(
            signals=signals, language=language, channel=channel, name=NAMES[language] if named else None,
            purchases=BOUGHT if bought else Purchases(),
        ))  # fmt: skip
        yield theme, action, given, writer.write(given)


@pytest.mark.parametrize("language", REVIEWED)
def test_every_message_holds_to_the_rules(language: str) -> None:
    seen = set()
    for theme, action, given, letter in rendered(language):
        assert (theme_of(given.pattern.cause, given.signals), given.plan.action) == (theme, action)
        assert problems(letter, given, COMPANY) == []
        longest = 700 if given.channel is Channel.EMAIL else (3 * 153 if letter.body.isascii() else 3 * 67)
        assert len(letter.body) <= longest
        assert len(letter.subject) <= 60
        assert not any(
            mark in letter.body for mark in ("{", "}", "[", "]", "  ", " ,", " .", " ।", "None", "\n\n\n")
        )
        assert "!" not in letter.body + letter.subject
        body = letter.body.replace(COMPANY, "")
        assert in_script(body, text_check.samples()[language])
        assert unicodedata.is_normalized("NFC", body)
        assert letter.body.rstrip()[-1] in ".?।" or letter.body.endswith(COMPANY)
        seen.add((theme, action, given.channel))
    assert len(seen) == len(Theme) * len(Action) * 2


@pytest.mark.parametrize("language", message_files.languages())
def test_every_language_is_recognised_by_its_own_messages(language: str) -> None:
    for cause in THEMES.values():
        given = brief(facts(signals={**GOOD, **cause}, language=language, name=None))
        body = TemplateWriter(COMPANY).write(given).body.replace(COMPANY, "")
        assert language_problems(body, language, text_check.samples()) == []
        for other in set(message_files.languages()) - {language}:
            assert language_problems(body, other, text_check.samples()) != [], other


def test_hindi_keeps_to_one_spelling_and_to_nobodys_gender() -> None:
    """Letters with a dot below are written with it throughout; verbs about the reader take no gender."""
    texts = " ".join(message_files.messages("hi").texts())
    words = words_of(texts)
    for dotted in ("ज़रूर", "ख़ुश", "ख़रीदारी", "ज़्यादा", "ख़ास", "सिर्फ़", "तरीक़ा", "काफ़ी", "ऑफ़र"):
        assert unicodedata.normalize("NFD", dotted).replace("\u093c", "") not in words, dotted
        assert any(word.startswith(unicodedata.normalize("NFC", dotted)) for word in words), dotted
    assert not [
        ending for ending in ("आप चाहते", "आप चाहती", "करते हैं", "करती हैं", "रहे हैं", "रही हैं।") if ending in texts
    ]
    assert "." not in texts.replace("{{", "").replace("}}", ""), "sentences end with a danda"


@pytest.mark.parametrize(
    ("cause", "signals", "theme"),
    [
        ("recency", {"recency_days": 10}, Theme.THANKS),
        ("recency", {"recency_days": 30}, Theme.ABSENCE),
        ("recency", {"recency_days": None}, Theme.THANKS),
        ("frequency", {"orders_per_month": 2.0}, Theme.THANKS),
        ("frequency", {"orders_per_month": 0.0}, Theme.LESS),
        ("spending", {"spending_ratio": 1.0}, Theme.THANKS),
        ("engagement", {"engagement_ratio": 0.5}, Theme.LESS),
        ("support", {"csat": None, "tickets_overdue": 0}, Theme.THANKS),
        ("support", {"csat": 4.0, "tickets_overdue": 0}, Theme.THANKS),
        ("support", {"csat": 5.0, "tickets_overdue": 1}, Theme.SUPPORT),
        ("nps", {"nps": 9}, Theme.THANKS),
        ("nps", {"nps": 7}, Theme.OPINION),
        ("loyalty", {}, Theme.THANKS),
        ("a factor of another profile", {}, Theme.THANKS),
    ],
)
def test_a_message_complains_of_nothing_that_is_not_so(cause: str, signals: dict[str, Any], theme: Theme) -> None:
    assert theme_of(cause, facts(signals=signals).signals) is theme
