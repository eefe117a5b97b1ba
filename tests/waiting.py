"""Waiting for something another task or process does."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

PATIENCE = 60.0
"""Seconds after which what should have happened counts as not happening. Only a failure takes so long: on a loaded machine everything else
happens late, but it happens."""


async def until(happened: Callable[[], bool | Awaitable[bool]], *, look: float = 0.01) -> None:
    """Return as soon as it happened; TimeoutError if it does not.

    Args:
        look: seconds between two looks; longer where looking is work.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = happened()
            if await answer if inspect.isawaitable(answer) else answer:
                return
            await asyncio.sleep(look)
