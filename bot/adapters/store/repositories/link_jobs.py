"""The queue of durable work on links, inside a unit of work."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.jobs import JobQueue
from bot.adapters.store.repositories.jobs import ROUTINE
from bot.domain.values import LinkId
from bot.ports import LinkJob, LinkRequestId


class SqlLinkJobs:
    """Implements `bot.ports.LinkJobs`."""

    def __init__(self, session: AsyncSession, queue: JobQueue) -> None:
        self._session = session
        self._queue = queue

    async def put(self, job: LinkJob, subject: LinkId | LinkRequestId) -> None:
        """Enqueue within this transaction; it starts after the commit. Jobs of one subject run one after the other."""
        await self._queue.enqueue(
            self._session, job.value, args={"subject": subject}, queue=ROUTINE, lock=f"link:{subject}"
        )
