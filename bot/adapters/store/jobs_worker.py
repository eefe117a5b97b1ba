"""Running jobs: the worker, what happens around each handler, and when a job is repeated."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from pathlib import PurePath
from types import TracebackType
from typing import Any

import structlog
from procrastinate import App, BaseRetryStrategy, RetryDecision
from procrastinate.exceptions import ConnectorException, JobAborted
from procrastinate.job_context import AbortReason, JobContext
from procrastinate.jobs import Job, Notification
from procrastinate.worker import Worker as ProcrastinateWorker

from bot import metrics
from bot.domain.errors import Transient

HOUSEKEEPING = "builtin"
"""The queue of the store's own cron tasks."""

AGAIN_AFTER = 5.0
"""Seconds until a worker that the database stopped looks again."""

log = structlog.stdlib.get_logger(__name__)


class JobFailed(Exception):
    """A handler raised. Stands in for its error, whose text may hold anything: only the type is told.

    Args:
        repeat_in: when to try again; None: not at all.
    """

    def __init__(self, job: Job, kind: str, reference: str, repeat_in: timedelta | None) -> None:
        super().__init__(f"{job.task_name} failed with {kind} (reference {reference})")
        self.repeat_in = repeat_in


class HandedBack(Exception):
    """The worker stopped before the handler was done: the job goes back into the queue."""


class WorkerStopped(RuntimeError):
    """A worker ended by itself, because one of its side tasks failed. It can be run again."""


@dataclass(frozen=True)
class Retry:
    """Which errors are worth another try, and when: after `first_wait`, then twice as long each time, up to
    `longest_wait`.

    A `Transient` error that says when to come back is obeyed.
    """

    attempts: int
    first_wait: timedelta = timedelta(seconds=2)
    longest_wait: timedelta = timedelta(minutes=10)
    on: tuple[type[Exception], ...] = (Transient,)

    def wait(self, error: Exception, tries_before: int) -> timedelta | None:
        """How long to wait before the next try; None if there is none. `attempts` counts repeats, not the first run."""
        if not isinstance(error, self.on) or tries_before >= self.attempts:
            return None
        wait = min(self.first_wait * float(2 ** min(tries_before, 30)), self.longest_wait)
        asked = error.retry_after if isinstance(error, Transient) else None
        return max(wait, asked) if asked is not None else wait


class Repeat(BaseRetryStrategy):
    """Carries out what `Watch` decided: it saw the error itself, procrastinate sees only its stand-in."""

    def get_retry_decision(self, *, exception: BaseException, **_: Job) -> RetryDecision | None:
        if isinstance(exception, HandedBack):
            return RetryDecision()
        if isinstance(exception, JobFailed) and exception.repeat_in is not None:
            return RetryDecision(retry_in={"seconds": ceil(exception.repeat_in.total_seconds())})
        return None


class Watch:
    """What surrounds each handler: ids bound to its log lines, its error told by type and reference, the decision to
    repeat."""

    def __init__(self) -> None:
        self.retries: dict[str, Retry | None] = {}

    async def __call__(
        self, call_next: Callable[[], Awaitable[Any]], context: JobContext, _: ProcrastinateWorker
    ) -> None:
        job = context.job
        ids = {name: value for name, value in job.task_kwargs.items() if name != "timestamp"}
        began = time.monotonic()
        with structlog.contextvars.bound_contextvars(**ids, task=job.task_name, job_id=job.id):
            try:
                await call_next()
            except asyncio.CancelledError:
                stand_in: Exception = self._stopped(context)
            except Exception as error:
                stand_in = self._failed(job, error)
            else:
                metrics.count_job(job.task_name, "done")
                often = job.queue == HOUSEKEEPING
                log.log(10 if often else 20, "job_done", seconds=round(time.monotonic() - began, 3))
                return
        # Raised out here so that the error itself does not hang on it as its context.
        raise stand_in

    def _stopped(self, context: JobContext) -> Exception:
        asked = context.abort_reason() == AbortReason.USER_REQUEST
        metrics.count_job(context.job.task_name, "aborted" if asked else "handed_back")
        log.info("job_aborted" if asked else "job_handed_back")
        return JobAborted() if asked else HandedBack("the worker stopped")

    def _failed(self, job: Job, error: Exception) -> JobFailed:
        retry = self.retries.get(job.task_name)
        repeat_in = retry.wait(error, job.attempts) if retry is not None else None
        metrics.count_job(job.task_name, "failed" if repeat_in is None else "repeated")
        reference = f"job-{job.id}-{job.attempts + 1}"
        log.log(
            logging.ERROR if repeat_in is None else logging.WARNING,
            "job_failed",
            error=type(error).__name__,
            code=getattr(error, "code", None),
            where=_where(error.__traceback__),
            reference=reference,
            repeat_in=repeat_in.total_seconds() if repeat_in is not None else None,
        )
        return JobFailed(job, type(error).__name__, reference, repeat_in)


class Engine(ProcrastinateWorker):
    """procrastinate's worker, which forgets what it is told while it looks for a job: told then, it looks once more."""

    _told = 0

    async def _handle_notification(self, *, channel: str, notification: Notification) -> None:
        self._told += 1
        await super()._handle_notification(channel=channel, notification=notification)

    async def _fetch_and_process_jobs(self) -> None:
        known = -1
        while known != self._told and not self._stop_event.is_set():
            known = self._told
            await super()._fetch_and_process_jobs()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Worker:
    """Runs the jobs of some queues until it is cancelled.

    Args:
        concurrency: jobs at a time.
        poll_seconds: how often to look for jobs nobody announced: repeats, and those of other processes. Not below 1
            s: on SQLite each look takes the write lock.
        grace_seconds: after a cancellation, how long claimed jobs may go on; then they are cancelled and handed back.
        heartbeat_seconds: how often it says that it lives.
        silent_seconds: how long another may be silent until it counts as dead.
    """

    app: App
    watch: Watch
    name: str
    queues: Sequence[str]
    concurrency: int = 4
    poll_seconds: float = 1.0
    grace_seconds: float = 10.0
    heartbeat_seconds: float = 10.0
    silent_seconds: float = 30.0

    async def run(self) -> None:
        """Work until cancelled; then finish or hand back what was claimed, and end.

        Raises:
            WorkerStopped: a side task (heartbeat, cron, notifications) failed.
            procrastinate.exceptions.ConnectorException: the database failed, or this worker was taken for dead (a
            suspended machine).
                In both cases run it again (`keep_running`).
        """
        self.app.perform_import_paths()  # type: ignore[no-untyped-call]
        engine = Engine(
            self.app,
            name=self.name,
            queues=list(self.queues),
            concurrency=self.concurrency,
            fetch_job_polling_interval=self.poll_seconds,
            abort_job_polling_interval=max(self.poll_seconds, 5.0),
            shutdown_graceful_timeout=self.grace_seconds,
            update_heartbeat_interval=self.heartbeat_seconds,
            stalled_worker_timeout=self.silent_seconds,
            worker_middleware=[self.watch],
            install_signal_handlers=False,
        )
        await engine.run()  # type: ignore[no-untyped-call]
        raise WorkerStopped(f"worker {self.name} stopped by itself")

    async def keep_running(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Work until cancelled, whatever becomes of the database: the process may be in the middle of an emergency, which goes on without one.

        Args:
            sleep: so many seconds.
        """
        while True:
            try:
                await self.run()
            except (ConnectorException, WorkerStopped) as error:
                log.warning("worker.waits", error=type(error).__name__)
            await sleep(AGAIN_AFTER)


def _where(trace: TracebackType | None) -> str | None:
    """File, line and function that raised: enough to find a fault, and it holds no values."""
    if trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return f"{PurePath(code.co_filename).name}:{trace.tb_lineno} {code.co_name}"
