"""What a service says of the sentiment of a text, as one number."""

from collections.abc import Mapping
from math import isfinite

NEUTRAL = 0.5
SHARES = {"Positive": 1.0, "Neutral": NEUTRAL, "Mixed": NEUTRAL, "Negative": 0.0}
"""How good each share of a text is, by the names that Amazon Comprehend has for them."""


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
