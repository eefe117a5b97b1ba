"""Whether two shown names look alike to somebody who reads them in a hurry.

The idea is the skeleton of Unicode Technical Standard 39 (https://www.unicode.org/reports/tr39/#Confusable_Detection): two names are confusable if
theirs are equal. The table is a small part of https://www.unicode.org/Public/security/latest/confusables.txt, for the letters people write names with
here; capitals, spacing, signs and accents do not count either. It errs towards alike: it leads to a warning, never to an act.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from bot.domain.invite import TAG_LENGTH, TAG_SIGN

_CONFUSABLE = {
    # Cyrillic
    "ABE3KMHOPCTYXSIJQWY": "\u0410\u0412\u0415\u0417\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408\u051a\u051c\u04ae",
    "aeopcyxsijhdqwly": "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04bb\u0501\u051b\u051d\u04cf\u04af",
    # Greek
    "ABEZHIKMNOPTYX": "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
    "ayikvoptuxcj": "\u03b1\u03b3\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03f2\u03f3",
    # Armenian
    "ounhSO": "\u0585\u057d\u0578\u0570\u054f\u0555",
    # Latin: dotless i, script a and g, stroked letters, small capitals
    "iagilooldddhtb": "\u0131\u0251\u0261\u0269\u029f\u00f8\u00d8\u0142\u0111\u0110\u0256\u0127\u0167\u0185",
}
"""Latin letters and what looks like them, one by one."""
_NAMES_KEPT = 10_000
"""The names of a few large calls: each is looked at again with everybody who comes."""
_LOOK_LIKE = {
    ord(other): latin for letters, others in _CONFUSABLE.items() for latin, other in zip(letters, others, strict=True)
}
_ONE_STROKE = str.maketrans({"i": "l", "1": "l", "|": "l", "0": "o", "5": "s"})
"""What cannot be told apart in many typefaces: capital I, l, 1 and |; O and 0; S and 5."""


@lru_cache(maxsize=_NAMES_KEPT)
def skeleton(name: str) -> str:
    """What is left of a name for a hurried eye; "" if it has no letters or digits."""
    plain = unicodedata.normalize("NFKC", name).translate(_LOOK_LIKE)
    spread = unicodedata.normalize("NFKD", plain).casefold().translate(_LOOK_LIKE).translate(_ONE_STROKE)
    letters = "".join(character for character in spread if character.isalnum())
    return letters.replace("rn", "m").replace("vv", "w")


def without_tag(name: str) -> str:
    """The name without the tag we gave it: "Ana" for "Ana·K7F" and for a guest's "Ana·GK7F"."""
    bare, sign, tag = name.rpartition(TAG_SIGN)
    return bare if sign and len(tag) in (TAG_LENGTH, TAG_LENGTH + 1) else name
