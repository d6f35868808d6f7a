"""Amazon Comprehend, which reads the sentiment of a text. One text is one call, never repeated: a call costs."""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

from beforehand.adapters.aws import client
from beforehand.errors import NotNowError, RefusedError

NEUTRAL = 0.5
SHARES = {"Positive": 1.0, "Neutral": NEUTRAL, "Mixed": NEUTRAL, "Negative": 0.0}
"""How good each share of a text is, by the names that Amazon Comprehend has for them."""

LANGUAGES = frozenset(("ar", "de", "en", "es", "fr", "hi", "it", "ja", "ko", "pt", "zh", "zh-TW"))
TRADITIONAL_CHINESE = re.compile(r"zh-(hant\b|tw\b|hk\b|mo\b)")
MOST_BYTES = 5_000
"""So much of a text Comprehend takes; the rest is left out."""

ANSWER_SECONDS = 10
REFUSALS = frozenset(
    (
        "InvalidRequestException",
        "SerializationException",
        "TextSizeLimitExceededException",
        "UnsupportedLanguageException",
        "ValidationException",
    )
)
"""Answers that blame the text. All others are of the account or the moment, and pass or are mended."""


class Comprehend:
    """The service of one region. It learns the text, and nothing else about whom it is of."""

    def __init__(self, *, region: str | None = None, seconds: float = ANSWER_SECONDS) -> None:
        self._region = region
        self._seconds = seconds

    def sentiment(self, text: str, language: str) -> float:
        """The emotion of a text from 0 (worst) to 1 (best); a blank one is 0.5, and nobody is asked.

        `language` is a tag such as hi or en-IN. Raises NotNowError when another attempt may succeed, RefusedError
        when none will: another language, say. Neither holds anything of the text.
        """
        code, taken = language_of(language), shortened(text)
        if not taken.strip():
            return NEUTRAL
        comprehend = client("comprehend", read_seconds=self._seconds, attempts=1, region=self._region)
        try:
            said = comprehend.detect_sentiment(Text=taken, LanguageCode=code)
        except ClientError as error:
            raise _answered(error) from None
        except ParamValidationError:
            raise RefusedError("Comprehend does not take this text") from None
        except BotoCoreError as error:
            raise NotNowError(f"Comprehend gave no answer ({type(error).__name__})") from None
        except (ResponseParserError, AttributeError, TypeError, ValueError):
            # botocore itself stumbles over an answer of another shape.
            raise NotNowError("Comprehend's answer cannot be read") from None
        return _read(said)


def language_of(tag: str) -> str:
    """The language as Comprehend names it. Raises RefusedError for one that it does not read."""
    plain = tag.strip().replace("_", "-").casefold()
    found = "zh-TW" if TRADITIONAL_CHINESE.match(plain) else plain.partition("-")[0]
    if found not in LANGUAGES:
        raise RefusedError(f"Comprehend does not read this language; it reads {', '.join(sorted(LANGUAGES))}")
    return found


def shortened(text: str) -> str:
    """As much of a text as Comprehend takes, cut between two characters."""
    # Half a surrogate pair is no character: JSON would take it, Comprehend would not.
    return text.encode(errors="replace")[:MOST_BYTES].decode(errors="ignore")


def of_sentiment(scores: Mapping[str, float]) -> float:
    """The emotion, from 0 (worst) to 1 (best), of Comprehend's `SentimentScore`: four shares from 0 to 1.

    Raises ValueError where a share is missing or is none.
    """
    try:
        shares = {name: float(scores[name]) for name in SHARES}
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"a sentiment has the four shares {', '.join(SHARES)}, each a number") from None
    if not all(isfinite(share) and 0 <= share <= 1 for share in shares.values()):
        raise ValueError("a share of a sentiment is from 0 to 1")
    return min(sum(worth * shares[name] for name, worth in SHARES.items()), 1.0)


def _read(said: Any) -> float:
    try:
        return of_sentiment(said["SentimentScore"])
    except (KeyError, TypeError, ValueError):
        raise NotNowError("Comprehend's answer cannot be read") from None


def _answered(error: ClientError) -> NotNowError | RefusedError:
    # Its own text is left out: it may quote the request.
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in REFUSALS:
        return RefusedError(f"Comprehend refused it: {code}")
    return NotNowError(f"Comprehend answered {code if code.isalnum() else 'with an error'}")
