"""Workers doing real jobs, on both stores: what runs, in which order, what is said of a failure, and what outlives a kill."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from procrastinate import exceptions
from procrastinate.job_context import JobContext
from procrastinate.jobs import Status
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.adapters.store.engine import Database
from bot.adapters.store.jobs import JobQueue
from bot.adapters.store.jobs_sqlite import SqliteConnector
from bot.adapters.store.jobs_worker import AGAIN_AFTER, Retry, WorkerStopped
from bot.domain.errors import NeedsAttention, Transient
from tests.contracts.worker_process import live
from tests.processes import Child
from tests.waiting import PATIENCE, until

SECRET = "https://zoom.us/w/1?tk=secret"
NO_POLL = 10 * PATIENCE
"""A poll interval no test lives to see: what runs was announced."""


@pytest.fixture
async def queue(database: Database) -> AsyncIterator[JobQueue]:
    made = JobQueue(database)
    async with made.open():
        yield made


@contextlib.asynccontextmanager
async def working(
    database: Database, queue: JobQueue, *queues: str, workers: int = 1, **options: Any
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Workers for the length of a block. When it begins they listen: what is enqueued then is announced to them."""

    async def all_listen() -> bool:
        if any(task.done() for task in tasks):
            await asyncio.gather(*tasks)
        if isinstance(queue.app.connector, SqliteConnector):
            return queue.app.connector.listeners >= workers
        listening = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"
        )
        async with database.reading() as connection:
            return bool((await connection.execute(listening)).scalar_one() >= workers)

    tasks = [
        asyncio.create_task(queue.worker(f"worker {number}", queues or ["live"], **options).run())
        for number in range(workers)
    ]
    await until(all_listen)
    yield tasks
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(outcome, asyncio.CancelledError), outcome


async def add(database: Database, queue: JobQueue, task: str, count: int = 1, **options: Any) -> list[int | None]:
    """Jobs with meeting_id 0, 1, 2 ..., in one transaction."""
    async with database.session() as session:
        added = [await queue.enqueue(session, task, args={"meeting_id": number}, **options) for number in range(count)]
        await session.commit()
    return added


async def statuses(queue: JobQueue, task: str) -> list[tuple[str | None, int]]:
    return [(job.status, job.attempts) for job in await queue.app.job_manager.list_jobs_async(task=task)]


# ------------------------------------------------------------------------------------------------ running


async def test_a_job_starts_when_its_transaction_commits_and_not_at_the_next_look(
    database: Database, queue: JobQueue
) -> None:
    ran: list[int] = []

    async def fold(*, meeting_id: int) -> None:
        ran.append(meeting_id)

    queue.register("fold", fold, queue="live")
    async with working(database, queue, poll_seconds=NO_POLL):
        async with database.session() as session:
            await queue.enqueue(session, "fold", args={"meeting_id": 1})
        assert ran == []
        for _ in range(3):
            before = list(ran)
            await add(database, queue, "fold", count=2)
            await until(lambda before=before: ran == [*before, 0, 1])  # type: ignore[misc]
    assert ran == [0, 1] * 3


async def test_a_job_of_another_queue_is_left_alone(database: Database, queue: JobQueue) -> None:
    ran: list[str] = []

    async def live(*, meeting_id: int) -> None:
        ran.append("live")

    async def slow(*, meeting_id: int) -> None:
        ran.append("slow")

    queue.register("live", live, queue="live")
    queue.register("slow", slow, queue="slow")
    async with working(database, queue, "live"):
        await add(database, queue, "slow")
        await add(database, queue, "live")
        await until(lambda: bool(ran))
    assert ran == ["live"]


async def test_two_workers_run_each_job_once_and_one_of_a_lock_at_a_time(database: Database, queue: JobQueue) -> None:
    ran: list[int] = []
    inside = most = 0

    async def fold(*, meeting_id: int) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        ran.append(meeting_id)
        inside -= 1

    queue.register("fold", fold, queue="live")
    await add(database, queue, "fold", count=20, lock="meeting 1")
    async with working(database, queue, workers=2, poll_seconds=0.05):
        await until(lambda: len(ran) == 20)
    assert ran == list(range(20))
    assert most == 1
    assert await statuses(queue, "fold") == [("succeeded", 1)] * 20


async def test_jobs_of_one_lock_follow_each_other_without_a_poll(database: Database, queue: JobQueue) -> None:
    """Also where the next is another worker's, and after one that failed."""
    ran: list[str] = []

    async def fold(*, meeting_id: int) -> None:
        ran.append(f"fold {meeting_id}")

    async def announce(*, meeting_id: int) -> None:
        ran.append(f"announce {meeting_id}")
        raise KeyError(meeting_id)

    queue.register("fold", fold, queue="live")
    queue.register("announce", announce, queue="routine")
    listening = working(database, queue, "live", poll_seconds=NO_POLL)
    beside = working(database, queue, "routine", poll_seconds=NO_POLL)
    async with listening, beside:
        for _ in range(3):
            await add(database, queue, "announce", count=2, lock="meeting 1")
            await add(database, queue, "fold", count=2, lock="meeting 1")
            await until(lambda: len(ran) == 4)
            assert ran == ["announce 0", "announce 1", "fold 0", "fold 1"]
            ran.clear()


async def test_what_is_announced_while_a_worker_looks_is_not_forgotten(database: Database, queue: JobQueue) -> None:
    ran: list[int] = []

    async def fold(*, meeting_id: int) -> None:
        ran.append(meeting_id)

    queue.register("fold", fold, queue="live")
    fetch = queue.app.job_manager.fetch_job
    looked = asyncio.Event()

    async def slow_look(*args: Any, **kwargs: Any) -> Any:
        found = await fetch(*args, **kwargs)
        if found is None and not looked.is_set():
            looked.set()
            await add(database, queue, "fold")
            await asyncio.sleep(0.2)  # the announcement comes before the worker knows that it found nothing
        return found

    queue.app.job_manager.fetch_job = slow_look  # type: ignore[method-assign]
    async with working(database, queue, poll_seconds=NO_POLL):
        await until(lambda: ran == [0])


async def test_a_handler_may_ask_for_the_jobs_context(database: Database, queue: JobQueue) -> None:
    seen: list[int | None] = []

    async def fold(context: JobContext, *, meeting_id: int) -> None:
        seen.append(context.job.id)

    queue.register("fold", fold, queue="live", pass_context=True)
    async with working(database, queue):
        (added,) = await add(database, queue, "fold")
        await until(lambda: bool(seen))
    assert seen == [added]


async def test_a_cron_task_runs_without_arguments(database: Database, queue: JobQueue) -> None:
    ran = asyncio.Event()

    async def sweep() -> None:
        ran.set()

    queue.register("sweep", sweep, queue="live", cron="* * * * * *")
    async with working(database, queue):
        await asyncio.wait_for(ran.wait(), PATIENCE)


# ------------------------------------------------------------------------------------------------ failing


async def test_a_transient_failure_is_repeated_as_often_as_allowed(database: Database, queue: JobQueue) -> None:
    ran = 0

    async def fold(*, meeting_id: int) -> None:
        nonlocal ran
        ran += 1
        raise Transient("not now")

    queue.register("fold", fold, queue="live", retry=Retry(2, first_wait=timedelta(0)))
    async with working(database, queue, poll_seconds=0.05):
        await add(database, queue, "fold")
        await until(lambda: ran == 3)
    assert await statuses(queue, "fold") == [("failed", 3)]


async def test_other_failures_are_not_repeated(database: Database, queue: JobQueue) -> None:
    ran = 0

    async def fold(*, meeting_id: int) -> None:
        nonlocal ran
        ran += 1
        raise NeedsAttention("link the account again")

    queue.register("fold", fold, queue="live", retry=Retry(2, first_wait=timedelta(0)))
    async with working(database, queue, poll_seconds=0.05):
        await add(database, queue, "fold")
        await until(lambda: ran == 1)
    assert await statuses(queue, "fold") == [("failed", 1)]


def test_waits_double_up_to_the_longest_and_obey_the_other_side() -> None:
    retry = Retry(50, first_wait=timedelta(seconds=2), longest_wait=timedelta(seconds=30))
    error = Transient("not now")
    assert [retry.wait(error, tries) for tries in (0, 1, 2, 9, 49)] == [
        timedelta(seconds=seconds) for seconds in (2, 4, 8, 30, 30)
    ]
    assert retry.wait(error, 50) is None
    assert retry.wait(Transient("later", retry_after=timedelta(hours=1)), 0) == timedelta(hours=1)
    assert retry.wait(ValueError(), 0) is None


async def test_a_failure_is_told_by_type_and_reference_and_never_by_its_text(
    database: Database, queue: JobQueue, caplog: pytest.LogCaptureFixture
) -> None:
    async def fold(*, meeting_id: int) -> None:
        try:
            raise KeyError(SECRET)
        except KeyError as inner:
            raise RuntimeError(f"cannot open {SECRET}") from inner

    caplog.set_level(logging.DEBUG)
    queue.register("fold", fold, queue="live")
    with capture_logs() as logged:
        async with working(database, queue):
            (added,) = await add(database, queue, "fold")
            await until(lambda: any(line["event"] == "job_failed" for line in logged))
    (failure,) = (line for line in logged if line["event"] == "job_failed")
    assert failure["error"] == "RuntimeError"
    assert failure["reference"] == f"job-{added}-1"
    assert failure["where"].endswith(" fold")
    assert SECRET not in str(logged)
    assert "ended with status: Error" in caplog.text
    assert SECRET not in caplog.text


async def test_a_result_is_neither_kept_nor_told(
    database: Database, queue: JobQueue, caplog: pytest.LogCaptureFixture
) -> None:
    async def fold(*, meeting_id: int) -> Any:
        return SECRET

    caplog.set_level(logging.DEBUG, "procrastinate")
    queue.register("fold", fold, queue="live")
    async with working(database, queue):
        await add(database, queue, "fold")
        await until(lambda: "ended with status: Success" in caplog.text)
    assert SECRET not in caplog.text


# ------------------------------------------------------------------------------------------------ stopping


async def test_an_abort_reaches_the_running_job_at_once(database: Database, queue: JobQueue) -> None:
    began, stopped = asyncio.Event(), asyncio.Event()

    async def fold(*, meeting_id: int) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    queue.register("fold", fold, queue="live")
    async with working(database, queue, poll_seconds=NO_POLL):
        (added,) = await add(database, queue, "fold")
        await asyncio.wait_for(began.wait(), PATIENCE)
        assert await queue.app.job_manager.cancel_job_by_id_async(added or 0, abort=True)
        await asyncio.wait_for(stopped.wait(), PATIENCE)
    assert await statuses(queue, "fold") == [("aborted", 1)]


async def test_a_stopping_worker_finishes_what_it_claimed(database: Database, queue: JobQueue) -> None:
    began, may_end = asyncio.Event(), asyncio.Event()

    async def fold(*, meeting_id: int) -> None:
        began.set()
        await may_end.wait()

    queue.register("fold", fold, queue="live")
    async with working(database, queue, concurrency=1) as (worker,):
        await add(database, queue, "fold", count=2)
        await asyncio.wait_for(began.wait(), PATIENCE)
        worker.cancel()
        may_end.set()
    assert await statuses(queue, "fold") == [("succeeded", 1), ("todo", 0)]


async def test_a_stopping_worker_hands_back_what_does_not_end_in_time(database: Database, queue: JobQueue) -> None:
    runs: list[bool] = []
    again = asyncio.Event()

    async def fold(*, meeting_id: int) -> None:
        runs.append(True)
        if len(runs) > 1:
            again.set()
        else:
            await asyncio.Event().wait()

    queue.register("fold", fold, queue="live")
    async with working(database, queue, grace_seconds=0.05):
        await add(database, queue, "fold", lock="meeting 1", queueing_lock="fold 1")
        await until(lambda: bool(runs))
    assert await statuses(queue, "fold") == [("todo", 1)]
    async with working(database, queue):
        await asyncio.wait_for(again.wait(), PATIENCE)
    assert await statuses(queue, "fold") == [("succeeded", 2)]


async def test_a_worker_without_a_heartbeat_ends_with_an_error(
    database: Database, queue: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(worker_id: int) -> None:
        raise exceptions.ConnectorException

    monkeypatch.setattr(queue.app.job_manager, "update_heartbeat", fail)
    with pytest.raises(WorkerStopped):
        await asyncio.wait_for(queue.worker("mute", ["live"], heartbeat_seconds=0.01).run(), PATIENCE)


async def test_a_worker_goes_on_after_the_database_failed(
    database: Database, queue: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = asyncio.Event()

    async def fold(*, meeting_id: int) -> None:
        done.set()

    queue.register("fold", fold, queue="live")
    healthy = queue.app.job_manager.update_heartbeat
    pauses: list[float] = []

    async def fail(worker_id: int) -> None:
        raise exceptions.ConnectorException

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            monkeypatch.setattr(queue.app.job_manager, "update_heartbeat", healthy)
            await add(database, queue, "fold", lock="meeting 1", queueing_lock="fold 1")

    monkeypatch.setattr(queue.app.job_manager, "update_heartbeat", fail)
    worker = queue.worker("stubborn", ["live"], heartbeat_seconds=0.01)
    running = asyncio.create_task(worker.keep_running(pause))
    await asyncio.wait_for(done.wait(), PATIENCE)
    assert pauses == [AGAIN_AFTER, AGAIN_AFTER]
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_a_worker_taken_for_dead_ends_with_an_error(database: Database, queue: JobQueue) -> None:
    async def fold(*, meeting_id: int) -> None:
        """Never reached."""

    queue.register("fold", fold, queue="live")
    running = asyncio.create_task(queue.worker("suspended", ["live"], poll_seconds=0.05).run())
    manager = queue.app.job_manager
    pruned: list[int] = []

    async def prune() -> bool:
        pruned.extend(await manager.prune_stalled_workers(-3600))
        return bool(pruned)

    await until(prune)
    (added,) = await add(database, queue, "fold")
    with pytest.raises(exceptions.ConnectorException):
        await asyncio.wait_for(running, PATIENCE)
    assert await manager.get_job_status_async(added or 0) == Status.TODO


async def test_a_killed_workers_job_is_run_again(database: Database, queue: JobQueue, store_url: str) -> None:
    ran: list[int] = []

    async def fold(*, meeting_id: int) -> None:
        ran.append(meeting_id)

    queue.register("fold", fold, queue="live")
    doomed = Child(live, store_url)
    await add(database, queue, "fold", lock="meeting 1")
    try:
        assert await doomed.heard() == 0
        assert await queue.give_back(silent_for=60) == 0, "a living worker keeps its job"
    finally:
        await doomed.killed()

    async def given_back() -> bool:
        return await queue.give_back(silent_for=0.5) == 1

    await until(given_back)
    async with working(database, queue):
        await until(lambda: ran == [0])
    assert await statuses(queue, "fold") == [("succeeded", 2)]
