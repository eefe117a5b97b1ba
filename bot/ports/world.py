"""Time, chance, and phrases for times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.values import (
    Passcode,
)


class Clock(Protocol):
    """Time, so that tests and the rehearsal can move it."""

    def now(self) -> datetime:
        """This instant, aware UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait. In a rehearsal moving the clock ends the wait early."""
        ...


class Chance(Protocol):
    """Everything unpredictable, from a cryptographic source."""

    def new_id(self) -> str:
        """26 characters, unique, sortable by creation to the millisecond."""
        ...

    def numbers(self, count: int) -> tuple[int, ...]:
        """Independent uniform numbers in [0, 2**32)."""
        ...

    def salt(self) -> bytes:
        """16 random bytes."""
        ...

    def passcode(self) -> Passcode:
        """Ten characters that fit every passcode rule of Zoom: upper, lower, digit, one of `@-_*`, no runs."""
        ...


@dataclass(frozen=True, slots=True)
class ParsedTime:
    """A moment read from a phrase. `note` says what was assumed, where something was (a time that exists twice, a missing date)."""

    at: datetime
    note: str = ""


class TimePhrases(Protocol):
    """Reads what organisers type for a time. Never trusted silently: the result is always shown back."""

    def parse(self, phrase: str, *, zone: str, now: datetime) -> ParsedTime:
        """The instant meant by `phrase` in `zone`.

        Raises:
            UserMistake: it cannot be read, lies in the past, or does not exist in that zone; says how to write it.
        """
        ...

    def check_zone(self, name: str) -> str:
        """The canonical IANA name for a zone.

        Raises:
            UserMistake: there is no such zone; suggests near ones.
        """
        ...
