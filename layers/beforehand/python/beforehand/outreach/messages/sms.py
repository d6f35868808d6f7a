"""Counts the segments of a text message, as networks bill and join them (3GPP TS 23.038 and 23.040)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The characters that take one of the 160 places of a segment."""
EXTENDED = frozenset("\x0c^{}\\[~]|€")
"""Those that take two: an escape and themselves."""


class Encoding(StrEnum):
    """How a text message is encoded; one character that GSM-7 lacks puts the whole text into UCS-2."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


ALONE = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
"""Places of a message of one segment."""
JOINED = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}
"""Places of each segment of several, which carry a header that joins them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Segments:
    """How many segments a text takes; an empty one takes none."""

    encoding: Encoding
    count: int


def segments(text: str) -> Segments:
    """The segments that a text message is sent and billed as."""
    encoding = Encoding.GSM_7 if all(sign in BASIC or sign in EXTENDED for sign in text) else Encoding.UCS_2
    widths = [_width(sign, encoding) for sign in text]
    if sum(widths) <= ALONE[encoding]:
        return Segments(encoding=encoding, count=1 if text else 0)
    return Segments(encoding=encoding, count=_joined(widths, JOINED[encoding]))


def _width(sign: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM_7:
        return 2 if sign in EXTENDED else 1
    return 2 if ord(sign) > 0xFFFF else 1


def _joined(widths: Iterable[int], places: int) -> int:
    """How many segments hold the characters, none of which is parted."""
    count, used = 1, 0
    for width in widths:
        if used + width > places:
            count, used = count + 1, 0
        used += width
    return count
