"""The clock of a real process, and one that a rehearsal or a test can move."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Time as the machine has it."""

    def now(self) -> datetime:
        """This instant, aware UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait this many seconds."""
        await asyncio.sleep(seconds)


class MovableClock:
    """Time that passes as usual and can be moved forward; whoever sleeps until a moment that is skipped wakes at once.

    Args:
        start: what the clock shows when it is made; the machine's time by default.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._shown = (start or datetime.now(UTC)).astimezone(UTC)
        self._since = time.monotonic()
        self._moved = asyncio.Event()
        self._sleepers = 0

    @property
    def sleepers(self) -> int:
        """How many are asleep in `sleep` right now."""
        return self._sleepers

    def now(self) -> datetime:
        """This instant on this clock, aware UTC. Never goes back."""
        return self._shown + timedelta(seconds=time.monotonic() - self._since)

    def advance(self, by: timedelta) -> None:
        """Let this much time pass at once.

        Raises:
            ValueError: the clock would go back.
        """
        if by < timedelta(0):
            raise ValueError("a clock cannot be moved back")
        self._shown += by
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait until this clock shows that many seconds more, whether they pass or are skipped."""
        until = self.now() + timedelta(seconds=max(seconds, 0.0))
        self._sleepers += 1
        try:
            await asyncio.sleep(0)
            while (left := (until - self.now()).total_seconds()) > 0:
                await self._moved_within(left)
        finally:
            self._sleepers -= 1

    async def _moved_within(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._moved.wait()
        except TimeoutError:
            return
