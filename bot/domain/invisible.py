"""Characters that show nothing. They make one text look like another, so they go before anything is compared or shown."""

from __future__ import annotations

import unicodedata

_INVISIBLE = frozenset(
    map(chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0))
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Letters, marks and signs that show nothing (https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point; and the blank
of Braille). Format characters are known by their category."""


def hidden(character: str) -> bool:
    """Whether a character shows nothing, or changes only how its neighbours show. White space is not meant."""
    return character in _INVISIBLE or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn")
