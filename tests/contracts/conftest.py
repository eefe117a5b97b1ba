"""A job queue with a few known tasks, for the contract tests that need one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from procrastinate.manager import JobManager

from bot.adapters.store.engine import Database
from bot.adapters.store.jobs import JobQueue
from bot.adapters.store.jobs_worker import Retry


@pytest.fixture
async def queue(database: Database) -> AsyncIterator[JobQueue]:
    async def handler(**ids: int) -> None:
        """Never run here."""

    made = JobQueue(database)
    made.register("fold", handler, queue="live")
    made.register("mail", handler, queue="slow")
    made.register("fetch", handler, queue="slow", retry=Retry(3))
    async with made.open():
        yield made


@pytest.fixture
def manager(queue: JobQueue) -> JobManager:
    return queue.app.job_manager
