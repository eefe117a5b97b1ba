"""The queue of durable work, inside a unit of work."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.jobs import JobQueue
from bot.domain.values import MeetingId
from bot.ports import Job

ROUTINE = "routine"
LIVE = "live"
"""The queues; each has a worker of its own, so that urgent work waits for no other."""
_URGENT_PRIORITY = 10


class SqlJobs:
    """Implements `bot.ports.Jobs`."""

    def __init__(self, session: AsyncSession, queue: JobQueue) -> None:
        self._session = session
        self._queue = queue

    async def put(self, job: Job, meeting_id: MeetingId, *, urgent: bool = False, coalesced: bool = False) -> None:
        """Enqueue within this transaction; it starts after the commit. Jobs of one meeting run one after the other."""
        await self._queue.enqueue(
            self._session,
            job.value,
            args={"meeting_id": meeting_id},
            queue=LIVE if urgent else ROUTINE,
            lock=f"meeting:{meeting_id}",
            queueing_lock=f"{job.value}:{meeting_id}" if coalesced else None,
            priority=_URGENT_PRIORITY if urgent else 0,
        )
