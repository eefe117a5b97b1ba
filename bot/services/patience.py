"""Waiting for the store only as long as an emergency can."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from bot.domain.errors import NeedsAttention, Transient, UserMistake, VestibuleError

Answer = TypeVar("Answer")
FILE_PATIENCE = 1.0
"""Seconds the data folder has to keep an act that the store does not take."""
PATIENCE = 0.25
"""Seconds the store has to keep the intent of an act before the act goes ahead without it."""

_log = structlog.stdlib.get_logger(__name__)


class StoreSilent(Transient):
    """The store did not answer in time, or cannot."""

    code = "store_silent"


class StorePatience:
    """Waits for the store, so many seconds and no longer. What comes late goes on beside; nobody is cancelled in the middle of a transaction."""

    def __init__(self, seconds: float = PATIENCE) -> None:
        self.seconds = seconds
        self.for_files = FILE_PATIENCE
        self._late: set[asyncio.Task[Any]] = set()

    async def of(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """What the store answers.

        Raises:
            StoreSilent: it does not answer in time, or is down, full or damaged.
            UserMistake: what the work itself raises for whoever asked.
        """
        return await self.wait(self.begun(work))

    async def of_file(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """As `of`, for the data folder."""
        return await self.wait(self.begun(work), seconds=self.for_files)

    def begun(self, work: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
        """The work under way; it goes on whatever happens to who asked for it."""
        task = asyncio.create_task(work)
        self._late.add(task)
        task.add_done_callback(self._over)
        return task

    async def wait(self, task: asyncio.Task[Answer], *, seconds: float | None = None) -> Answer:
        """As `of`, for work that is under way."""
        done, _ = await asyncio.wait({task}, timeout=self.seconds if seconds is None else seconds)
        if not done:
            raise StoreSilent("The database does not answer. I keep trying.")
        try:
            return task.result()
        except UserMistake:
            raise
        except (Transient, NeedsAttention) as error:
            _log.warning("store.silent", code=error.code)
            raise StoreSilent("The database does not answer. I keep trying.") from error

    async def close(self) -> None:
        """Give up what has not come yet."""
        for task in tuple(self._late):
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._late.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, VestibuleError):
            _log.error("store.work_failed", kind=type(error).__name__)
