"""What no message may carry is found by pattern, and is what Unicode says it is."""

import sys
from unicodedata import category

from beforehand.outreach.messages.cleaning import BREAKS, CONTROLS


def test_the_patterns_find_what_unicode_calls_a_control_character_or_a_separator() -> None:
    for sign in map(chr, range(sys.maxunicode + 1)):
        assert (BREAKS.fullmatch(sign) is not None) == (category(sign) in {"Cc", "Zl", "Zp"})
        assert (CONTROLS.fullmatch(sign) is not None) == (category(sign) == "Cc" and sign not in "\n\t")
