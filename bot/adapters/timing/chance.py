"""Ids, numbers, salts and passcodes from the operating system's cryptographic source."""

from __future__ import annotations

import secrets
from itertools import pairwise

from bot.adapters.timing.clocks import SystemClock
from bot.domain.values import Passcode
from bot.ports import Clock

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID_RANDOM_BITS = 80
_UPPER, _LOWER, _DIGITS, _SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789", "@-_*"
"""Without characters that people mistake for one another when they type a passcode from a screen (0 O 1 I l L o)."""
PASSCODE_LENGTH = 10
"""Zoom's longest (https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/users/{userId}/meetings, `password`)."""


class SystemChance:
    """Everything unpredictable. `clock` dates the ids."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()

    def new_id(self) -> str:
        """A ULID (https://github.com/ulid/spec): 48 bits of milliseconds, then 80 random ones, in 26 characters that sort by time."""
        milliseconds = int(self._clock.now().timestamp() * 1000)
        number = milliseconds << _ID_RANDOM_BITS | secrets.randbits(_ID_RANDOM_BITS)
        return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))

    def numbers(self, count: int) -> tuple[int, ...]:
        """Independent uniform numbers in [0, 2**32)."""
        return tuple(secrets.randbits(32) for _ in range(count))

    def salt(self) -> bytes:
        """16 random bytes."""
        return secrets.token_bytes(16)

    def passcode(self) -> Passcode:
        """Ten characters that pass every rule an account can set (`meeting_password_requirement`): both cases, a digit, one sign, no runs.

        Drawn anew until the rules are met, so that every passcode that meets them is equally likely.
        """
        while True:
            drawn = [secrets.choice(_UPPER + _LOWER + _DIGITS + _SIGNS) for _ in range(PASSCODE_LENGTH)]
            if _meets_rules(drawn):
                return Passcode("".join(drawn))


def _meets_rules(drawn: list[str]) -> bool:
    kinds = all(any(character in kind for character in drawn) for kind in (_UPPER, _LOWER, _DIGITS))
    one_sign = sum(character in _SIGNS for character in drawn) == 1 and drawn[0] not in _SIGNS
    no_runs = all(abs(ord(first.lower()) - ord(second.lower())) > 1 for first, second in pairwise(drawn))
    return kinds and one_sign and no_runs
