"""How somebody feels is read from what they wrote: always the same way, in any script, and however long it is."""

import logging
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beforehand.adapters.comprehend import of_sentiment
from beforehand.followups.emotion import NEUTRAL, read
from beforehand.followups.lexicon import (
    LEXICONS,
    Does,
    InvalidLexiconError,
    document,
    entries,
    languages,
    lexicon,
)
from beforehand.followups.lexicon import read as read_file
from beforehand.followups.tokens import CLAUSE_ENDS, MOST_CHARACTERS, SENTENCE_ENDS, folded, tokens
from tests.followups.labelled import ENGLISH, HIGH, HINDI, LOW, MIDDLE


def band(score: float) -> str:
    return LOW if score < 0.4 else HIGH if score >= 0.7 else MIDDLE


@pytest.mark.parametrize(("expected", "text"), ENGLISH)
def test_english_is_read_as_it_feels(expected: str, text: str) -> None:
    assert band(read(text, "en")) == expected


@pytest.mark.parametrize(("expected", "text"), HINDI)
def test_hindi_is_read_as_it_feels(expected: str, text: str) -> None:
    assert band(read(text, "hi")) == expected


def test_each_band_has_many_sentences_in_both_languages() -> None:
    for sentences in (ENGLISH, HINDI):
        assert len({text for _, text in sentences}) == len(sentences) >= 50
        assert all(sum(one == wanted for one, _ in sentences) >= 10 for wanted in (LOW, MIDDLE, HIGH))


@pytest.mark.parametrize("language", ["en-IN", "EN_gb", None, " ", "hi", "hi-Latn-IN"])
def test_languages_that_are_mixed_are_read_together(language: str | None) -> None:
    assert read("Staff बहुत अच्छा था, really helpful", language) >= 0.7
    assert read("bahut kharab, very bad", language) < 0.4


@pytest.mark.parametrize("language", ["fr", "te-IN", "../../etc/passwd", "en.toml", "und", "\x00", "a" * 9_999])
def test_in_a_language_that_is_not_known_emoji_alone_are_read(language: str) -> None:
    assert read("Le pain est good, bad", language) == NEUTRAL
    assert read("Merci 😍", language) > 0.7 and read("Non 😡", language) < 0.4 and read(":-( ", language) < 0.4


@pytest.mark.parametrize("text", ["", " \n\t", "...", "12345", "नंबर", "\ud800", "\x00", "🏠", "xyzzy"])
def test_what_says_nothing_is_neutral(text: str) -> None:
    assert read(text, "hi") == read(text, "en") == read(text, None) == NEUTRAL


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("It was awful.", "It was bad."),
        ("It was very bad.", "It was bad."),
        ("It was bad.", "It was slightly bad."),
        ("It was not good.", "It was good."),
        ("It was bad.", "It was not bad."),
        ("It was not bad.", "It was good."),
        ("It was good.", "It was very good."),
        ("It was good.", "It was good 😊"),
        ("Good, but slow and dirty.", "Slow and dirty, but good."),
        ("अच्छा नहीं था", "अच्छा था"),
        ("अच्छा था", "बहुत अच्छा था"),
        ("बुरा था", "बुरा नहीं था"),
        ("सेवा बुरी थी", "सेवा थोड़ी बुरी थी"),
    ],
)
def test_negation_strength_and_turns_count(less: str, more: str) -> None:
    assert read(less, "hi") < read(more, "hi")


def test_a_negation_ends_with_its_clause_and_its_reach() -> None:
    assert read("No, it was good.", "en") == read("It was good.", "en")
    assert read("Not today. Good.", "en") == read("Good.", "en")
    assert read("not a b c good", "en") < NEUTRAL < read("not a b c d good", "en")
    assert read("कोई दिक्कत नहीं हुई और अच्छा लगा", "hi") > read("कोई दिक्कत हुई और अच्छा लगा", "hi")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ख़ुश", "खुश"),
        ("ज़बरदस्त", "ज\u093cबरदस्त"),
        ("हालाँकि बुरा", "हालांकि बुरा"),
        ("isn't good", "isn’t good"),
        ("GOOD", "good"),
        ("ｇｏｏｄ", "good"),
        ("gooood", "good"),
        ("*good*", "good"),
        ("'good'", "good"),
        ("well-organised", "well organised"),
        ("❤️", "❤"),
        ("👍🏽", "👍"),
        ("go\u200bod", "good"),
        (":-)", "🙂"),
    ],
)
def test_what_is_written_otherwise_and_means_the_same_is_read_the_same(one: str, other: str) -> None:
    assert read(one, "hi") == read(other, "hi") != NEUTRAL


def test_a_word_in_devanagari_is_whole() -> None:
    assert list(tokens(folded("अच्छी हूँ, हाँ। 👍x"))) == ["अच्छी", "हूं", CLAUSE_ENDS, "हां", SENTENCE_ENDS, "👍", "x"]


def test_a_part_of_a_word_is_no_word() -> None:
    assert read("goodness badge lovers", "en") == NEUTRAL


def test_so_much_is_read_and_no_more() -> None:
    filled = "a " * (MOST_CHARACTERS // 2)
    assert read(filled + "awful", "en") == NEUTRAL
    assert read(filled[:-20] + " awful", "en") < 0.4


@pytest.mark.parametrize(
    "piece",
    ["good ", "not ", "नहीं ", "a", "aaab", ":(", "\u0301\u0316", "\u0f71\u0f72", "\u05b0\u05b1\u05b2\u05b3",
     "\ufdfa", "😡", "but ", "no one ", "बहुत ", "very ", "क\u093c\u094d", ".", "'"],
)  # fmt: skip
def test_the_longest_text_takes_no_longer_than_it_has_characters(piece: str) -> None:
    text = piece * (MOST_CHARACTERS * 20 // len(piece))
    read("warm", None)
    begun = time.process_time()
    assert 0 <= read(text, None) <= 1
    assert time.process_time() - begun < 5, "a square of so many characters takes minutes"


PIECES = ["good", "not", "bad", "very", "but", "अच्छा", "नहीं", "😡", ",", ".", ":)", "\u0301"]


@given(text=st.text(st.characters(codec=None), max_size=300) | st.lists(st.sampled_from(PIECES)).map(" ".join),
       language=st.none() | st.sampled_from(["en", "hi", "fr"]) | st.text(max_size=8))  # fmt: skip
def test_any_text_has_an_emotion_and_always_the_same(text: str, language: str | None) -> None:
    found = read(text, language)
    assert 0 <= found <= 1
    assert read(text, language) == found


def test_nothing_of_a_text_is_told(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    read("Asha is angry, call 0900 12345", "en")
    assert (caplog.text, *capsys.readouterr()) == ("", "", "")


@pytest.mark.parametrize("tag", ["en", "hi", "und"])
def test_each_file_says_how_good_and_how_bad_things_are(tag: str) -> None:
    weights = [one.value for one in entries(document(tag)).values() if one.does is Does.WEIGHS]
    assert min(weights) < -0.8 and max(weights) > 0.8 and len(weights) > 60


def test_every_file_is_read_and_every_language_is_a_file() -> None:
    assert languages() == ("en", "hi")
    assert {path.stem for path in LEXICONS.glob("*.toml")} == {*languages(), "und"}
    assert lexicon("hi").entries[("love",)] == lexicon("en").entries[("love",)]


WORDS = '[words]\n"0.5" = ["good"]\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (WORDS + '"2" = ["great"]', "xx.toml: words.2.[key]: Input should be less than or equal to 1"),
        (WORDS + '"nan" = ["great"]', "xx.toml: words.nan.[key]"),
        (WORDS + '"0.6" = ["Good"]', "xx.toml: 'Good' stands there twice and says two things"),
        (WORDS + '[negations]\nbefore = ["good"]', "xx.toml: 'good' stands there twice"),
        (WORDS + '"0.6" = ["one two three four five"]', "'one two three four five' has 5 words; write 1 to 4"),
        (WORDS + '"0.6" = ["-"]', "'-' has 0 words"),
        (WORDS + '[strength]\n"0" = ["nil"]', "xx.toml: strength.0.[key]: Input should be greater than 0"),
        (WORDS + "[colours]", "xx.toml: colours: Extra inputs are not permitted"),
        ("[strength]", "xx.toml: words: Field required"),
        ("words = [", "xx.toml: "),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "xx.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidLexiconError) as refused:
        read_file(path)
    assert problem in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidLexiconError, match=r"yy\.toml is not there"):
        read_file(tmp_path / "yy.toml")


@pytest.mark.parametrize(
    ("positive", "negative", "neutral", "mixed", "expected"),
    [
        (1, 0, 0, 0, 1),
        (0, 1, 0, 0, 0),
        (0, 0, 1, 0, 0.5),
        (0, 0, 0, 1, 0.5),
        (0.6, 0.1, 0.2, 0.1, 0.75),
        (0.1, 0.7, 0.15, 0.05, 0.2),
    ],
)
def test_the_shares_of_a_sentiment_are_one_number(
    positive: float, negative: float, neutral: float, mixed: float, expected: float
) -> None:
    shares = {"Positive": positive, "Negative": negative, "Neutral": neutral, "Mixed": mixed}
    assert of_sentiment(shares) == pytest.approx(expected)


def test_shares_that_add_up_to_a_little_more_than_one_are_no_more_than_one() -> None:
    assert of_sentiment({"Positive": 0.9999999, "Negative": 0, "Neutral": 0.000001, "Mixed": 0.000001}) == 1


@pytest.mark.parametrize("wrong", [None, "much", float("nan"), float("inf"), -0.1, 1.1])
def test_shares_that_are_none_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="share"):
        of_sentiment({"Positive": wrong, "Negative": 0, "Neutral": 0, "Mixed": 0})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="four shares Positive, Neutral, Mixed, Negative"):
        of_sentiment({"Positive": 1})
