"""Linking a Zoom account by OAuth: the stages of a request, its limits, and what the code a person types may look like.

INVITED -> CONSENTING -> CONFIRMING -> linked (and forgotten), or ENDED from any stage (expired, replaced, refused, tries used up).
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

from bot.domain.values import Secret

START_PATH = "/link/"
"""Where the personal address leads: PUBLIC_URL + this + the ticket."""
RETURN_PATH = "/link/zoom"
"""Where Zoom sends people back to: PUBLIC_URL + this is the app's redirect address, to the letter."""

LIFE = timedelta(minutes=10)
"""How long the personal address works, then how long Zoom's page may take, then how long the code works."""
TRIES = 5
CODE_LENGTH = 6
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without characters that people mistake for one another (0 O 1 I L)."""


class Stage(Enum):
    """How far a request to link an account has come."""

    INVITED = "invited"
    CONSENTING = "consenting"
    CONFIRMING = "confirming"
    ENDED = "ended"
    """Over without a link; kept until what it holds is revoked at Zoom."""


def code_from(numbers: tuple[int, ...]) -> Secret:
    """A code of six characters from as many independent numbers in [0, 2**32)."""
    return Secret("".join(_ALPHABET[number % len(_ALPHABET)] for number in numbers[:CODE_LENGTH]))


def as_typed(text: str) -> str:
    """What somebody typed, in the form the code was made in; spaces, dashes and small letters do no harm."""
    return "".join(text.split()).replace("-", "").upper()


def address_hint(email: str) -> str:
    """An address, recognisable to its owner only."""
    local, _, domain = email.partition("@")
    return f"{local[:1]}…@{domain}"
