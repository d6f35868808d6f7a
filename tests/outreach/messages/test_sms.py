"""Text messages are counted as networks bill them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beforehand.outreach.messages.sms import BASIC, EXTENDED, Encoding, segments


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("", "GSM-7", 0),
        ("a", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("a" * 152 + "€" * 4, "GSM-7", 1),
        # An escape and its character stay together: 152 places are filled in the first segment, not 153.
        ("a" * 152 + "€" * 77, "GSM-7", 3),
        ("’", "UCS-2", 1),
        ("न" * 70, "UCS-2", 1),
        ("न" * 71, "UCS-2", 2),
        ("न" * 134, "UCS-2", 2),
        ("न" * 135, "UCS-2", 3),
        ("🙂" * 35, "UCS-2", 1),
        ("🙂" * 36, "UCS-2", 2),
        # 67 places hold 33 pairs, not 33 and a half.
        ("🙂" * 66, "UCS-2", 2),
        ("🙂" * 67, "UCS-2", 3),
        ("à la carte: ÄÖÜ ñ £5 @ 3_4", "GSM-7", 1),
        ("ç", "UCS-2", 1),
    ],
)
def test_segments_are_counted(text: str, encoding: str, count: int) -> None:
    found = segments(text)
    assert (found.encoding, found.count) == (encoding, count)


def test_the_alphabet_has_all_its_characters() -> None:
    assert len(BASIC) == 127, "128 codes, of which one is the escape"
    assert len(EXTENDED) == 10
    assert not BASIC & EXTENDED


@given(st.text(max_size=2_000))
def test_segments_hold_what_they_count(text: str) -> None:
    found = segments(text)
    places = sum(2 if s in EXTENDED else 1 for s in text) if found.encoding is Encoding.GSM_7 else (
        len(text.encode("utf-16-le", "surrogatepass")) // 2
    )  # fmt: skip
    alone, joined = (160, 153) if found.encoding is Encoding.GSM_7 else (70, 67)
    assert (found.count <= 1) == (places <= alone)
    assert found.count <= 1 or (found.count - 1) * (joined - 1) < places <= found.count * joined
