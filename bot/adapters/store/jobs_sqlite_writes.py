"""procrastinate's named queries that write, as they are on SQLite. See `jobs_sqlite_reads.py` for the form they
share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from procrastinate import exceptions, manager
from procrastinate.types import JobToDefer
from sqlalchemy import and_, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.store.jobs_sqlite_reads import Answer, Notice, Query, as_job, equal
from bot.adapters.store.jobs_tables import work_job as job
from bot.adapters.store.jobs_tables import work_periodic as periodic
from bot.adapters.store.jobs_tables import work_worker as worker


async def defer_jobs(connection: AsyncConnection, now: float, *, jobs: list[JobToDefer]) -> Answer:
    """Add jobs: all of them or none, also inside a transaction that goes on."""
    notices = []
    async with connection.begin_nested():
        for wanted in jobs:
            values = {
                **wanted._asdict(),
                "status": "todo",
                "scheduled_at": wanted.scheduled_at and wanted.scheduled_at.timestamp(),
                "changed_at": now,
                "attempts": 0,
                "abort_requested": False,
            }
            with _unique(wanted.queueing_lock):
                result = await connection.execute(insert(job).values(values).returning(job.c.id))
            notices.append(Notice("job_inserted", result.scalar_one(), wanted.queue_name))
    return Answer([{"id": notice.job_id} for notice in notices], tuple(notices))


async def defer_periodic_job(
    connection: AsyncConnection,
    now: float,
    *,
    task_name: str,
    periodic_id: str,
    defer_timestamp: int,
    queue: str,
    priority: int,
    lock: str | None,
    queueing_lock: str | None,
    args: dict[str, Any],
) -> Answer:
    """Add the job of one tick, if no worker has yet."""
    tick = upsert(periodic).values(task_name=task_name, periodic_id=periodic_id, ts=defer_timestamp)
    claim = tick.on_conflict_do_update(
        index_elements=[periodic.c.task_name, periodic.c.periodic_id],
        set_={"ts": tick.excluded.ts},
        where=periodic.c.ts < tick.excluded.ts,
    )
    if (await connection.execute(claim.returning(periodic.c.ts))).first() is None:
        return Answer([{"id": None}])
    wanted = JobToDefer(queue, task_name, priority, lock, queueing_lock, args, None)
    return await defer_jobs(connection, now, jobs=[wanted])


async def fetch_job(connection: AsyncConnection, now: float, *, queues: Iterable[str] | None, worker_id: int) -> Answer:
    """Claim the next job: due, of the highest priority, then the oldest, and not held back by another with its lock."""
    candidate, other = job.alias("candidate"), job.alias("other")
    held_back = exists().where(
        other.c.lock == candidate.c.lock,
        or_(
            other.c.status == "doing",
            and_(
                other.c.status == "todo",
                or_(
                    other.c.priority > candidate.c.priority,
                    and_(other.c.priority == candidate.c.priority, other.c.id < candidate.c.id),
                ),
            ),
        ),
    )
    due = [
        candidate.c.status == "todo",
        or_(candidate.c.scheduled_at.is_(None), candidate.c.scheduled_at <= now),
        ~held_back,
    ]
    if queues is not None:
        due.append(candidate.c.queue_name.in_(list(queues)))
    first = select(candidate.c.id).where(*due).order_by(candidate.c.priority.desc(), candidate.c.id).limit(1)
    claim = (
        update(job)
        .where(job.c.id == first.scalar_subquery())
        .values(status="doing", worker_id=worker_id, started_at=now, changed_at=now)
        .returning(job)
    )
    row = (await connection.execute(claim)).first()
    return Answer([as_job(row) if row is not None else {"id": None}])


async def finish_job(connection: AsyncConnection, now: float, *, job_id: int, status: str, delete_job: bool) -> Answer:
    """Close a waiting or running job with its final status, or delete it. Whoever may run the next with its lock is told."""
    if status not in ("succeeded", "failed", "aborted"):
        raise exceptions.ConnectorException(f"job {job_id} cannot end with status {status}")
    open_job = [job.c.id == job_id, job.c.status.in_(["todo", "doing"])]
    if delete_job:
        result = await connection.execute(delete(job).where(*open_job).returning(job.c.lock))
    else:
        result = await connection.execute(
            update(job)
            .where(*open_job)
            .values(
                status=status,
                attempts=case((job.c.status == "doing", job.c.attempts + 1), else_=job.c.attempts),
                abort_requested=False,
                changed_at=now,
            )
            .returning(job.c.lock)
        )
    closed = result.first()
    if closed is None:
        raise exceptions.ConnectorException(f"job {job_id} was not found, or is neither waiting nor running")
    return Answer([], await _held_back_by(connection, closed.lock))


async def _held_back_by(connection: AsyncConnection, lock: str | None) -> tuple[Notice, ...]:
    """To those who may run a job that waited for this lock, as if it had been put just now."""
    if lock is None:
        return ()
    waiting = select(func.min(job.c.id).label("id"), job.c.queue_name).where(job.c.lock == lock, job.c.status == "todo")
    found = await connection.execute(waiting.group_by(job.c.queue_name))
    return tuple(Notice("job_inserted", row.id, row.queue_name) for row in found)


async def retry_job(
    connection: AsyncConnection,
    now: float,
    *,
    job_id: int,
    retry_at: datetime,
    new_priority: int | None,
    new_queue_name: str | None,
    new_lock: str | None,
) -> Answer:
    """Put a running or failed job back into its queue; one that is to be aborted fails instead."""
    found = (await connection.execute(select(job).where(job.c.id == job_id))).first()
    if found is None or found.status not in ("doing", "failed"):
        raise exceptions.ConnectorException(f"job {job_id} was not found, or is neither running nor failed")
    if found.status == "doing" and found.abort_requested:
        changes: dict[str, Any] = {"status": "failed"}
    else:
        changes = {
            "status": "todo",
            "attempts": found.attempts + 1,
            "scheduled_at": retry_at.timestamp(),
            "priority": found.priority if new_priority is None else new_priority,
            "queue_name": found.queue_name if new_queue_name is None else new_queue_name,
            "lock": found.lock if new_lock is None else new_lock,
        }
    with _unique(found.queueing_lock):
        await connection.execute(update(job).where(job.c.id == job_id).values(changed_at=now, **changes))
    return Answer([])


async def cancel_job(connection: AsyncConnection, now: float, *, job_id: int, abort: bool, delete_job: bool) -> Answer:
    """Cancel or delete a waiting job; with `abort`, ask the worker of a running one to stop it."""
    found = (await connection.execute(select(job).where(job.c.id == job_id))).first()
    waiting = found is not None and found.status == "todo"
    running = found is not None and found.status == "doing"
    if found is None or not (waiting or (running and abort)):
        return Answer([{"id": None}])
    if waiting and delete_job:
        await connection.execute(delete(job).where(job.c.id == job_id))
        return Answer([{"id": job_id}])
    changes: dict[str, Any] = {"abort_requested": abort} | ({"status": "cancelled"} if waiting else {})
    await connection.execute(update(job).where(job.c.id == job_id).values(changed_at=now, **changes))
    news = running and not found.abort_requested
    notices = (Notice("abort_job_requested", job_id, found.queue_name),) if news else ()
    return Answer([{"id": job_id}], notices)


async def register_worker(connection: AsyncConnection, now: float) -> Answer:
    """A new worker's id, never used before."""
    result = await connection.execute(insert(worker).values(heartbeat=now).returning(worker.c.id))
    return Answer([{"worker_id": result.scalar_one()}])


async def unregister_worker(connection: AsyncConnection, _: float, *, worker_id: int) -> Answer:
    """Forget a worker; its running jobs lose their owner and count as stalled."""
    await connection.execute(delete(worker).where(worker.c.id == worker_id))
    return Answer([])


async def update_heartbeat(connection: AsyncConnection, now: float, *, worker_id: int) -> Answer:
    """A worker says that it lives."""
    await connection.execute(update(worker).where(worker.c.id == worker_id).values(heartbeat=now))
    return Answer([])


async def prune_stalled_workers(connection: AsyncConnection, now: float, *, seconds_since_heartbeat: float) -> Answer:
    """Forget workers that were silent for too long."""
    silent = worker.c.heartbeat < now - seconds_since_heartbeat
    result = await connection.execute(delete(worker).where(silent).returning(worker.c.id))
    return Answer([{"worker_id": row.id} for row in result.all()])


async def delete_old_jobs(
    connection: AsyncConnection, now: float, *, nb_hours: float, queue: str | None, statuses: Sequence[str]
) -> Answer:
    """Delete jobs that have been in one of the statuses for longer than some hours."""
    old = [job.c.status.in_(list(statuses)), job.c.changed_at < now - nb_hours * 3600, *equal(queue_name=queue)]
    await connection.execute(delete(job).where(*old))
    return Answer([])


@contextmanager
def _unique(queueing_lock: str | None) -> Iterator[None]:
    """Name the broken rule as PostgreSQL would: SQLite's text names the column, not the index."""
    try:
        yield
    except IntegrityError as error:
        text = str(error.orig)
        if "UNIQUE constraint failed: work_job.queueing_lock" in text:
            raise exceptions.UniqueViolation(
                constraint_name=manager.QUEUEING_LOCK_CONSTRAINT, queueing_lock=queueing_lock
            ) from None
        if "UNIQUE constraint failed" in text:
            raise exceptions.UniqueViolation(constraint_name=text.rpartition(" ")[2], queueing_lock=None) from None
        raise


WRITES: dict[str, Query] = {
    query.__name__: query
    for query in (
        defer_jobs,
        defer_periodic_job,
        fetch_job,
        finish_job,
        retry_job,
        cancel_job,
        register_worker,
        unregister_worker,
        update_heartbeat,
        prune_stalled_workers,
        delete_old_jobs,
    )
}
"""Queries that change something: each passes the write gate."""
