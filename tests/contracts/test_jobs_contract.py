"""What the durable-work engine asks of a store, held to SQLite (ours) and PostgreSQL (procrastinate's own) alike."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from procrastinate import exceptions, sql
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager
from sqlalchemy import event, text
from sqlalchemy.engine import ExceptionContext

from bot.adapters.store.engine import Database, create_engine, sqlite_file
from bot.adapters.store.jobs import JobQueue
from bot.adapters.store.jobs_sqlite_reads import READS
from bot.adapters.store.jobs_sqlite_writes import WRITES
from bot.adapters.store.jobs_worker import Retry
from tests.contracts.jobs import defer, fetch, fetched, ids

# ------------------------------------------------------------------------------------------------ the named queries


def test_every_query_of_procrastinate_is_known_and_none_besides() -> None:
    assert set(READS) | set(WRITES) == set(sql.queries)
    assert not set(READS) & set(WRITES)


async def test_a_query_that_nothing_needs_is_refused_in_words(sqlite_database: Database) -> None:
    connector = JobQueue(sqlite_database).app.connector
    for statement in (sql.queries["listen_queue"], SchemaManager.get_schema(), "SELECT 1"):
        with pytest.raises(exceptions.ConnectorException, match=r"LISTEN|not served on SQLite"):
            await connector.execute_query_async(statement)


async def test_jobs_are_counted_by_status(sqlite_database: Database) -> None:
    queue = JobQueue(sqlite_database)
    await queue.app.configure_task("work.remove_old").defer_async()
    counted = await queue.app.connector.execute_query_all_async(sql.queries["count_jobs_status"])
    assert counted == [{"status": "todo", "count": 1}]


async def test_the_job_table_is_found_where_there_is_one(queue: JobQueue) -> None:
    assert await queue.app.check_connection_async()


async def test_the_job_table_is_missed_before_the_migration(empty_url: str) -> None:
    unmigrated = Database.at(empty_url)
    queue = JobQueue(unmigrated)
    async with queue.open():
        assert not await queue.app.check_connection_async()
    await unmigrated.close()


# ------------------------------------------------------------------------------------------------ inside a transaction


async def make_notes(database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute(text("CREATE TABLE scribble (word VARCHAR(20))"))


async def notes(database: Database) -> list[str]:
    async with database.reading() as connection:
        return list((await connection.execute(text("SELECT word FROM scribble ORDER BY word"))).scalars())


async def test_a_commit_keeps_the_row_and_the_job(database: Database, queue: JobQueue, manager: JobManager) -> None:
    await make_notes(database)
    async with database.session() as session:
        await session.execute(text("INSERT INTO scribble VALUES ('kept')"))
        added = await queue.enqueue(session, "fold", args={"meeting_id": 7, "invite_id": "01J"}, priority=3, lock="m7")
        await session.commit()
    assert await notes(database) == ["kept"]
    (job,) = await manager.list_jobs_async()
    assert (job.id, job.queue, job.priority, job.lock, job.status, job.attempts) == (added, "live", 3, "m7", "todo", 0)
    assert job.task_kwargs == {"meeting_id": 7, "invite_id": "01J"}


async def test_a_rollback_removes_the_row_and_the_job(database: Database, queue: JobQueue, manager: JobManager) -> None:
    await make_notes(database)
    async with database.session() as session:
        await session.execute(text("INSERT INTO scribble VALUES ('lost')"))
        await queue.enqueue(session, "fold", args={"meeting_id": 7})
    assert await notes(database) == []
    assert await ids(manager) == []


async def test_a_plain_connection_carries_a_job_too(database: Database, queue: JobQueue, manager: JobManager) -> None:
    async with database.writing() as connection:
        await queue.enqueue(connection, "fold", args={"meeting_id": 7}, queueing_lock="m7")
        assert await queue.enqueue(connection, "fold", args={"meeting_id": 7}, queueing_lock="m7") is None
    assert len(await ids(manager)) == 1


async def test_a_duplicate_is_left_out_and_the_transaction_goes_on(
    database: Database, queue: JobQueue, manager: JobManager
) -> None:
    await make_notes(database)
    async with database.session() as session:
        assert await queue.enqueue(session, "fold", args={"meeting_id": 1}, queueing_lock="m1") is not None
        assert await queue.enqueue(session, "fold", args={"meeting_id": 1}, queueing_lock="m1") is None
        await session.execute(text("INSERT INTO scribble VALUES ('after')"))
        await session.commit()
    assert await notes(database) == ["after"]
    assert len(await ids(manager)) == 1


async def test_a_duplicate_outside_a_transaction_is_refused_by_name(queue: JobQueue) -> None:
    await defer(queue, queueing_lock="only")
    with pytest.raises(exceptions.AlreadyEnqueued, match="only"):
        await defer(queue, queueing_lock="only")


async def test_a_batch_is_added_whole_or_not_at_all(queue: JobQueue, manager: JobManager) -> None:
    with pytest.raises(exceptions.AlreadyEnqueued):
        await queue.app.configure_task("fold", queueing_lock="same").batch_defer_async({"a": 1}, {"a": 2})
    assert await ids(manager) == []
    added = await queue.app.configure_task("fold").batch_defer_async({"a": 1}, {"a": 2})
    assert await ids(manager) == added


async def test_a_failed_batch_leaves_nothing_in_a_transaction_that_goes_on(sqlite_database: Database) -> None:
    queue = JobQueue(sqlite_database)
    async with sqlite_database.writing() as connection:
        twins = queue.app.configure_task("work.remove_old", queueing_lock="same", connection=connection)
        with pytest.raises(exceptions.AlreadyEnqueued):
            await twins.batch_defer_async({}, {})
    assert await ids(queue.app.job_manager) == []


async def test_a_job_of_an_unknown_task_is_refused(database: Database, queue: JobQueue) -> None:
    async with database.writing() as connection:
        with pytest.raises(exceptions.TaskNotFound):
            await queue.enqueue(connection, "fold_sesion", args={"meeting_id": 1})


@pytest.mark.parametrize("value", ["https://zoom.us/j/1?pwd=x", "some free text", "x" * 129, 1.5, {"a": 1}])
async def test_arguments_that_are_no_ids_are_refused(sqlite_database: Database, value: Any) -> None:
    async with sqlite_database.writing() as connection:
        with pytest.raises(ValueError, match=r"argument link .* is not an id"):
            await JobQueue(sqlite_database).enqueue(connection, "work.remove_old", args={"link": value})


async def test_a_task_that_retries_takes_no_lock(database: Database, queue: JobQueue) -> None:
    async with database.writing() as connection:
        with pytest.raises(ValueError, match="retries"):
            await queue.enqueue(connection, "fetch", args={"meeting_id": 1}, lock="m1")
        with pytest.raises(ValueError, match="retries"):
            await queue.enqueue(connection, "fetch", args={"meeting_id": 1}, queueing_lock="m1")
    with pytest.raises(ValueError, match="cron and retry"):
        queue.register("both", asyncio.sleep, queue="slow", retry=Retry(1), cron="* * * * *")


async def test_another_process_in_the_way_is_waited_for(sqlite_database: Database) -> None:
    impatient = create_engine(sqlite_database.url, busy_timeout_ms=1)
    queue = JobQueue(dataclasses.replace(sqlite_database, routine=impatient))
    in_the_way = sqlite3.connect(sqlite_file(sqlite_database.url), isolation_level=None, check_same_thread=False)
    in_the_way.execute("BEGIN IMMEDIATE")

    @event.listens_for(impatient.sync_engine, "handle_error")
    def give_way(_: ExceptionContext) -> None:
        in_the_way.close()

    added = await queue.app.configure_task("work.remove_old").defer_async()
    assert await ids(queue.app.job_manager) == [added]
    await impatient.dispose()


# ------------------------------------------------------------------------------------------------ claiming


async def test_jobs_are_claimed_by_priority_then_in_order(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    first, second = await defer(queue), await defer(queue)
    urgent = await defer(queue, priority=5)
    assert [await fetched(manager, worker) for _ in range(3)] == [urgent, first, second]
    assert await fetch(manager, worker) is None


async def test_a_claimed_job_is_told_in_full(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    due = datetime.now(UTC) - timedelta(minutes=1)
    added = await defer(queue, lock="l", schedule_at=due)
    job = await fetch(manager, worker)
    assert job is not None
    assert (job.id, job.status, job.lock, job.worker_id, job.queue) == (added, "doing", "l", worker, "live")
    assert job.task_kwargs == {"meeting_id": 1}
    assert job.scheduled_at is not None
    assert abs(job.scheduled_at - due) < timedelta(milliseconds=1)


async def test_only_the_queues_of_a_worker_are_claimed(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    mail = await defer(queue, "mail")
    assert await fetch(manager, worker, "live", "builtin") is None
    job = await fetch(manager, worker, "live", "slow")
    assert job is not None
    assert job.id == mail


async def test_a_job_of_the_future_waits(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    await defer(queue, schedule_in={"hours": 1})
    assert await fetch(manager, worker) is None


async def test_jobs_of_one_lock_keep_their_order_also_behind_one_of_the_future(
    queue: JobQueue, manager: JobManager
) -> None:
    worker = await manager.register_worker()
    await defer(queue, lock="m1", schedule_in={"hours": 1})
    await defer(queue, lock="m1")
    assert await fetch(manager, worker) is None
    urgent = await defer(queue, lock="m1", priority=9)
    assert await fetched(manager, worker) == urgent


async def test_a_lock_is_held_until_its_job_is_done(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    first, second = await defer(queue, lock="m1"), await defer(queue, lock="m1", priority=9)
    assert await fetched(manager, worker) == second
    assert await fetch(manager, worker) is None
    await manager.finish_job_by_id_async(second, Status.SUCCEEDED, delete_job=False)
    assert await fetched(manager, worker) == first


async def test_claims_at_the_same_moment_never_share_a_job_or_a_lock(queue: JobQueue, manager: JobManager) -> None:
    workers = [await manager.register_worker() for _ in range(4)]
    free = [await defer(queue) for _ in range(3)]
    locked = [await defer(queue, lock="m1") for _ in range(3)]
    claims = await asyncio.gather(*(fetch(manager, worker) for worker in workers * 2), return_exceptions=True)
    # PostgreSQL may refuse a claim that lost the race for the lock; the job then stays for the next look.
    jobs = [claim for claim in claims if isinstance(claim, Job)]
    assert all(isinstance(claim, Job | exceptions.UniqueViolation) or claim is None for claim in claims)
    claimed = [job.id for job in jobs]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= {*free, locked[0]}
