"""How fast members are looked up, so that a rush, a round and links made beforehand together leave Discord's limits to everything else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

A_SECOND = 16
"""Of the 50 requests a second that Discord takes in all (https://docs.discord.com/developers/topics/rate-limits#global-rate-limit);
what it takes of this one it does not publish."""


class LookUpPace:
    """Gives turns, evenly apart; whoever comes alone does not wait."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._monotonic, self._sleep = monotonic, sleep
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next one."""
        now = self._monotonic()
        mine = max(now, self._next)
        self._next = mine + 1 / A_SECOND
        if mine > now:
            await self._sleep(mine - now)
