"""Putting jobs in, claiming them and looking at them, for the tests of the job store."""

from __future__ import annotations

from typing import Any

from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from bot.adapters.store.jobs import JobQueue

ANY_AGE = -3600
"""A negative age: everything is older than that, so that no test waits for time to pass."""


async def defer(queue: JobQueue, task: str = "fold", **options: Any) -> int:
    """A job in a transaction of its own."""
    return await queue.app.configure_task(task, allow_unknown=False, **options).defer_async(meeting_id=1)


async def fetch(manager: JobManager, worker: int, *queues: str) -> Job | None:
    return await manager.fetch_job(queues=list(queues) or None, worker_id=worker)


async def fetched(manager: JobManager, worker: int) -> int:
    found = await fetch(manager, worker)
    assert found is not None
    assert found.id is not None
    return found.id


async def ids(manager: JobManager, **filters: Any) -> list[int | None]:
    return [job.id for job in await manager.list_jobs_async(**filters)]
