"""The tables of the durable-work engine on SQLite. On PostgreSQL it brings its own (`procrastinate_*`), and these are
not made.

Times are seconds since 1970. Statuses are procrastinate's: todo, doing, succeeded, failed, cancelled, aborted.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from bot.adapters.store.base import generated_id, metadata

SQLITE_ONLY = {"only_on": "sqlite"}
"""`Table.info` of a table that exists on SQLite alone; the migrations' comparison skips it elsewhere."""

# Ids must never come again: a dead worker's jobs would look alive under the id of a new one. Hence AUTOINCREMENT.
work_worker = Table(
    "work_worker",
    metadata,
    Column("id", generated_id(), primary_key=True),
    Column("heartbeat", Float, nullable=False),
    info=SQLITE_ONLY,
    sqlite_autoincrement=True,
)

# The foreign key is what stops a worker that was pruned as dead (a suspended machine) from claiming further jobs.
work_job = Table(
    "work_job",
    metadata,
    Column("id", generated_id(), primary_key=True),
    Column("queue_name", String(128), nullable=False),
    Column("task_name", String(128), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("lock", Text),
    Column("queueing_lock", Text),
    Column("args", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("scheduled_at", Float),
    Column("started_at", Float),
    Column("changed_at", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("abort_requested", Boolean, nullable=False),
    Column("worker_id", ForeignKey("work_worker.id", ondelete="SET NULL")),
    CheckConstraint("NOT (status = 'todo' AND abort_requested)", name="no_abort_of_waiting"),
    info=SQLITE_ONLY,
    sqlite_autoincrement=True,
)

_waiting = work_job.c.status == "todo"
_running = work_job.c.status == "doing"

Index("uq_work_job_queueing_lock_waiting", work_job.c.queueing_lock, unique=True, sqlite_where=_waiting)
Index("uq_work_job_lock_running", work_job.c.lock, unique=True, sqlite_where=_running)
Index("ix_work_job_due", work_job.c.status, work_job.c.scheduled_at, work_job.c.priority, work_job.c.id)
Index("ix_work_job_lock", work_job.c.lock)
Index("ix_work_job_worker_id", work_job.c.worker_id)

work_periodic = Table(
    "work_periodic",
    metadata,
    Column("task_name", String(128), primary_key=True),
    Column("periodic_id", String(128), primary_key=True),
    Column("ts", Integer, nullable=False),
    info=SQLITE_ONLY,
)
