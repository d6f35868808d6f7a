"""Which language a customer is written in."""

import pytest

from beforehand.churn.language import negotiate

NAMES = {
    "en": ("English", "English"),
    "hi": ("Hindi", "हिन्दी"),
    "pt": ("Portuguese", "português"),
    "pt-BR": ("Brazilian Portuguese", "português brasileiro"),
}


@pytest.mark.parametrize(
    ("wanted", "language", "because"),
    [
        ("hi", "hi", "in Hindi, as they prefer"),
        ("hi-IN", "hi", "in Hindi, as they prefer"),
        ("HI_in", "hi", "in Hindi, as they prefer"),
        ("pt-BR", "pt-BR", "in Brazilian Portuguese, as they prefer"),
        ("pt-br-x-old", "pt-BR", "in Brazilian Portuguese, as they prefer"),
        ("pt-PT", "pt", "in Portuguese, as they prefer"),
        ("Hindi", "hi", "in Hindi, as they prefer"),
        ("हिन्दी", "hi", "in Hindi, as they prefer"),
        ("te", "en", "in English, since there are no messages in te"),
        ("zh-Hant-TW", "en", "in English, since there are no messages in zh"),
        ("Asha 98765", "en", "in English, since there are no messages in what they prefer"),
        (None, "en", "in English, since no language is known of them"),
        ("  ", "en", "in English, since no language is known of them"),
    ],
)
def test_takes_the_nearest_language_and_says_why(wanted: str | None, language: str, because: str) -> None:
    assert negotiate(wanted, NAMES) == (language, because)
