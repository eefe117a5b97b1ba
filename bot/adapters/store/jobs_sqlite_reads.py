"""procrastinate's named queries that read, as they are on SQLite; the ones that write are in `jobs_sqlite_writes.py`.

One function a query, under procrastinate's own name (`procrastinate/sql/queries.sql` and the functions of `schema.sql`,
version 3.10, https://github.com/procrastinate-org/procrastinate). Each runs in a transaction that its caller holds,
takes the time (seconds since 1970) and procrastinate's arguments, and returns rows and what to announce after the
commit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from procrastinate import exceptions
from sqlalchemy import ColumnElement, Row, func, inspect, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.store.jobs_tables import work_job as job
from bot.adapters.store.jobs_tables import work_worker as worker

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Notice:
    """Something a listening worker wants to know at once."""

    type: Literal["job_inserted", "abort_job_requested"]
    job_id: int
    queue: str


@dataclass(frozen=True)
class Answer:
    """What a query returned, and what it has to announce after the commit."""

    rows: Rows
    notices: tuple[Notice, ...] = ()


Query = Callable[..., Awaitable[Answer]]


async def get_job_status(connection: AsyncConnection, _: float, *, job_id: int) -> Answer:
    """The status of one job."""
    status = (await connection.execute(select(job.c.status).where(job.c.id == job_id))).scalar()
    if status is None:
        raise exceptions.NoResult
    return Answer([{"status": status}])


async def list_jobs_to_abort(connection: AsyncConnection, _: float, *, queue_name: str | None) -> Answer:
    """Running jobs that were asked to stop."""
    wanted = [job.c.status == "doing", job.c.abort_requested, *equal(queue_name=queue_name)]
    rows = await connection.execute(select(job.c.id).where(*wanted).order_by(job.c.id))
    return Answer([{"id": row.id} for row in rows])


async def select_stalled_jobs_by_heartbeat(
    connection: AsyncConnection, now: float, *, queue: str | None, task_name: str | None, seconds_since_heartbeat: float
) -> Answer:
    """Running jobs whose worker is gone or silent for too long."""
    silent = or_(job.c.worker_id.is_(None), worker.c.heartbeat < now - seconds_since_heartbeat)
    wanted = [job.c.status == "doing", silent, *equal(queue_name=queue, task_name=task_name)]
    statement = select(job).select_from(job.outerjoin(worker, worker.c.id == job.c.worker_id)).where(*wanted)
    return Answer([as_job(row) for row in await connection.execute(statement.order_by(job.c.id))])


async def select_stalled_jobs_by_started(
    connection: AsyncConnection, now: float, *, nb_seconds: float, queue: str | None, task_name: str | None
) -> Answer:
    """Running jobs that began too long ago (procrastinate keeps this only for old callers)."""
    wanted = [
        job.c.status == "doing",
        job.c.started_at < now - nb_seconds,
        *equal(queue_name=queue, task_name=task_name),
    ]
    rows = await connection.execute(select(job).where(*wanted).order_by(job.c.id))
    return Answer([as_job(row) for row in rows])


async def list_jobs(connection: AsyncConnection, _: float, **filters: Any) -> Answer:
    """All jobs that match, oldest first."""
    rows = await connection.execute(select(job).where(*equal(**filters)).order_by(job.c.id))
    return Answer([as_job(row) for row in rows])


async def list_queues(connection: AsyncConnection, _: float, **filters: Any) -> Answer:
    """Jobs per queue and status."""
    return await _statistics(connection, job.c.queue_name, filters)


async def list_tasks(connection: AsyncConnection, _: float, **filters: Any) -> Answer:
    """Jobs per task and status."""
    return await _statistics(connection, job.c.task_name, filters)


async def list_locks(connection: AsyncConnection, _: float, **filters: Any) -> Answer:
    """Jobs per lock and status; jobs without a lock are left out."""
    return await _statistics(connection, job.c.lock, filters)


async def count_jobs_status(connection: AsyncConnection, _: float) -> Answer:
    """Jobs per status."""
    rows = await connection.execute(select(job.c.status, func.count()).group_by(job.c.status))
    return Answer([{"status": status, "count": count} for status, count in rows])


async def check_connection(connection: AsyncConnection, _: float) -> Answer:
    """Whether the job table is there."""
    there = await connection.run_sync(lambda sync: inspect(sync).has_table(job.name))
    return Answer([{"check": job.name if there else None}])


async def listen_queue(*_: object, **__: object) -> Answer:
    """Refused: SQLite sends nothing between processes; `listen_notify` tells the workers of this one."""
    raise exceptions.ConnectorException("SQLite has no LISTEN: workers in this process are told, others poll")


def equal(**filters: Any) -> list[ColumnElement[bool]]:
    """One condition for each filter that is given."""
    return [job.c[name] == value for name, value in filters.items() if value is not None]


def as_job(row: Row[Any]) -> dict[str, Any]:
    """A job's row as procrastinate expects it: instants are aware."""
    found = dict(row._mapping)
    if found["scheduled_at"] is not None:
        found["scheduled_at"] = datetime.fromtimestamp(found["scheduled_at"], UTC)
    return found


async def _statistics(connection: AsyncConnection, column: ColumnElement[str], filters: Mapping[str, Any]) -> Answer:
    counted = select(column, job.c.status, func.count()).where(column.is_not(None), *equal(**filters))
    by_name: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name, status, count in await connection.execute(counted.group_by(column, job.c.status).order_by(column)):
        by_name[name][status] = count
    return Answer(
        [{"name": name, "jobs_count": sum(stats.values()), "stats": stats} for name, stats in by_name.items()]
    )


READS: dict[str, Query] = {
    query.__name__: query
    for query in (
        get_job_status,
        list_jobs_to_abort,
        select_stalled_jobs_by_heartbeat,
        select_stalled_jobs_by_started,
        list_jobs,
        list_queues,
        list_tasks,
        list_locks,
        count_jobs_status,
        check_connection,
        listen_queue,
    )
}
"""Queries that change nothing: they need not wait for a writer."""
