"""Durable work: jobs written in the application's own transactions, run by workers, given back when a worker dies.

The engine is procrastinate (https://procrastinate.readthedocs.io/), on SQLite through our connector, on PostgreSQL as
it comes. Delivery is at least once: every handler is harmless when run twice, and its docstring says why.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog
from procrastinate import App, PsycopgConnector, exceptions
from procrastinate.job_context import JobContext
from procrastinate.jobs import Status
from procrastinate.manager import QUEUEING_LOCK_CONSTRAINT
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot.adapters.store.engine import Database, is_sqlite
from bot.adapters.store.jobs_sqlite import SqliteConnector
from bot.adapters.store.jobs_worker import HOUSEKEEPING, Repeat, Retry, Watch, Worker

Handler = Callable[..., Awaitable[None]]
Ids = Mapping[str, int | str | None]

MOST_DEATHS = 10
"""After so many runs that ended without an answer a job is taken for the cause of its workers' deaths, and closed as
failed."""
KEEP_SUCCEEDED = timedelta(days=3)
KEEP_OTHERS = timedelta(days=30)

_LONGEST_ID = 128
_WAITS_ON_SQLITE = text("SELECT id FROM work_job WHERE queueing_lock = :queueing_lock AND status = 'todo'")
"""Nobody else writes meanwhile, so the job is not claimed before the commit."""
_WAITS_ON_POSTGRES = text(
    """
    SELECT pg_notify(
        'procrastinate_queue_v1#' || queue_name, json_build_object('type', 'job_inserted', 'job_id', id)::text
    )
    FROM (
        SELECT id, queue_name FROM procrastinate_jobs
        WHERE queueing_lock = :queueing_lock AND status = 'todo' FOR UPDATE
    ) AS waiting
    """
)
"""Workers pass over a locked job, so it is not claimed before the commit; then they are told."""

log = structlog.stdlib.get_logger(__name__)


class JobQueue:
    """The queue of durable work on one database. Register every task, then `open()`, then run workers.

    Args:
        now: seconds since 1970, for the SQLite store; PostgreSQL uses its own clock.
    """

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._on_sqlite = is_sqlite(database.url)
        connector = SqliteConnector(database, now=now) if self._on_sqlite else _postgres_connector(database.url)
        self.app = App(connector=connector)
        self._watch = Watch()
        self._register_housekeeping()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Connect (PostgreSQL: a pool of its own, for claiming jobs and for notifications). The database is closed by
        its owner."""
        async with self.app.open_async():
            yield

    def register(
        self,
        name: str,
        handler: Handler,
        *,
        queue: str,
        retry: Retry | None = None,
        cron: str | None = None,
        pass_context: bool = False,
    ) -> None:
        """Make a task known under a name that stays for ever: stored jobs refer to it.

        Args:
            handler: `async def handler(**ids) -> None`, with procrastinate's JobContext first if `pass_context`.
            retry: repeat after such errors; None: a failed job stays failed. A task with it takes no lock.
            cron: five fields, or six with seconds last: enqueue it at these times (UTC), never twice in the queue. A
                tick missed by more than ten minutes is skipped, so what must happen is a row with a due time, and cron
                only sweeps.

        Raises:
            ValueError: `retry` together with `cron`: its queueing lock would strand a job.
        """
        if cron is not None and retry is not None:
            raise ValueError(f"task {name}: cron and retry do not go together; the next tick is the retry")

        async def run(context: JobContext, /, **ids: Any) -> None:
            ids.pop("timestamp", None)  # of the tick, which procrastinate adds to cron jobs
            await (handler(context, **ids) if pass_context else handler(**ids))

        # Typed as Any: procrastinate's own types have no handler that takes ids by name and a tick besides.
        task: Any = self.app.task(
            name=name,
            queue=queue,
            retry=Repeat(),
            pass_context=True,
            queueing_lock=name if cron is not None else None,
        )(run)
        self._watch.retries[name] = retry
        if cron is not None:
            self.app.periodic_registry.register_task(task, cron=cron, periodic_id="", configure_kwargs={})

    async def enqueue(
        self,
        inside: AsyncSession | AsyncConnection,
        task_name: str,
        *,
        args: Ids,
        queue: str | None = None,
        lock: str | None = None,
        queueing_lock: str | None = None,
        priority: int = 0,
    ) -> int | None:
        """Add a job inside an open write transaction: it exists if, and only if, that transaction commits. Workers are
        woken then.

        Args:
            args: ids only; links, tokens and texts do not belong here and are refused where they can be told.
            queue: by default the task's.
            lock: jobs that carry the same one run one after another, by priority, then in order.
            queueing_lock: at most one job that carries it waits in the queue.
            priority: higher goes first, also past others with the same lock.

        Returns:
            The job's id; None if one with this `queueing_lock` waits already (the transaction goes on unharmed).

        Raises:
            ValueError: arguments that are no ids, or a lock on a task that retries.
            procrastinate.exceptions.TaskNotFound: no task of this name was registered.
        """
        _demand_ids(task_name, args)
        if self._watch.retries.get(task_name) is not None and (lock or queueing_lock):
            raise ValueError(f"task {task_name} retries: a lock would hold back other work, or strand a job")
        options: dict[str, Any] = {
            "queue": queue,
            "lock": lock,
            "queueing_lock": queueing_lock,
            "priority": priority,
        }
        if queueing_lock is None:
            return await self._defer(inside, task_name, args, options)
        if await self._waits(inside, queueing_lock):
            return None
        try:
            # A savepoint, because a broken rule loses the whole transaction on PostgreSQL.
            async with inside.begin_nested():
                return await self._defer(inside, task_name, args, options)
        except exceptions.AlreadyEnqueued:
            return None

    async def give_back(self, *, silent_for: float) -> int:
        """Put jobs whose worker died back into the queue, and say how many.

        Args:
            silent_for: seconds without a heartbeat after which a worker counts as dead. 0 at the start of a process
                that is alone on its
                database: whoever ran before is gone.
        """
        given_back = 0
        for job in await self.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_for):
            outcome = "given_back"
            try:
                if job.attempts >= MOST_DEATHS:
                    outcome = "given_up"
                    await self.app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
                else:
                    await self.app.job_manager.retry_job(job)
                    given_back += 1
            except exceptions.UniqueViolation as error:
                if error.constraint_name != QUEUEING_LOCK_CONSTRAINT:
                    raise
                # Its twin waits and will do the same work; left as it is, it could hold the lock the twin waits for.
                outcome = "replaced_by_twin"
                await self.app.job_manager.finish_job(job, Status.ABORTED, delete_job=False)
            except exceptions.ConnectorException:
                outcome = "settled_elsewhere"
            log.warning("job_stalled", task=job.task_name, job_id=job.id, outcome=outcome)
        return given_back

    def worker(self, name: str, queues: Sequence[str], **options: Any) -> Worker:
        """A worker for some queues; `options` as `Worker`. One worker of the whole application must name
        `HOUSEKEEPING`."""
        return Worker(self.app, self._watch, name=name, queues=queues, **options)

    async def _waits(self, inside: AsyncSession | AsyncConnection, queueing_lock: str) -> bool:
        """Whether a job with this lock waits, and will run after this transaction's commit, so that it sees what is written here."""
        connection = await inside.connection() if isinstance(inside, AsyncSession) else inside
        statement = _WAITS_ON_SQLITE if self._on_sqlite else _WAITS_ON_POSTGRES
        return (await connection.execute(statement, {"queueing_lock": queueing_lock})).first() is not None

    async def _defer(
        self, inside: AsyncSession | AsyncConnection, task_name: str, args: Ids, options: dict[str, Any]
    ) -> int:
        # Taken here, inside the savepoint if there is one: taken before, SQLAlchemy would send no SAVEPOINT.
        connection = await inside.connection() if isinstance(inside, AsyncSession) else inside
        own: Any = connection
        if not self._on_sqlite:
            own = (await connection.get_raw_connection()).driver_connection
        task = self.app.configure_task(task_name, allow_unknown=False, connection=own, **options)
        return await task.defer_async(**args)

    def _register_housekeeping(self) -> None:
        async def give_back_stalled() -> None:
            """Harmless twice: a job given back is no longer stalled."""
            await self.give_back(silent_for=30)

        async def remove_old() -> None:
            """Harmless twice: what is deleted is gone."""
            delete = self.app.job_manager.delete_old_jobs
            await delete(nb_hours=_hours(KEEP_SUCCEEDED))
            await delete(
                nb_hours=_hours(KEEP_OTHERS), include_failed=True, include_cancelled=True, include_aborted=True
            )

        self.register("work.give_back_stalled", give_back_stalled, queue=HOUSEKEEPING, cron="* * * * * */20")
        self.register("work.remove_old", remove_old, queue=HOUSEKEEPING, cron="17 * * * *")


def _postgres_connector(url: URL) -> PsycopgConnector:
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4)


def _hours(time: timedelta) -> int:
    return int(time.total_seconds() // 3600)


def _demand_ids(task_name: str, args: Ids) -> None:
    """Job arguments are stored in clear and logged: nothing but ids may be among them."""
    for name, value in args.items():
        short_text = isinstance(value, str) and len(value) <= _LONGEST_ID and "://" not in value and " " not in value
        if not (value is None or isinstance(value, int) or short_text):
            raise ValueError(f"argument {name} of task {task_name} is not an id; store the value and pass its row's id")
