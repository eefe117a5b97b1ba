"""How jobs end, repeat, are cancelled, given back and tidied away: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from procrastinate import exceptions
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.periodic import PeriodicDeferrer

from bot.adapters.store.engine import Database
from bot.adapters.store.jobs import MOST_DEATHS, JobQueue
from tests.contracts.jobs import ANY_AGE, defer, fetch, fetched, ids

LATER = timedelta(hours=1)

# ------------------------------------------------------------------------------------------------ ending


async def test_a_finished_job_counts_its_run_and_is_not_finished_twice(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    await defer(queue)
    claimed = await fetched(manager, worker)
    await manager.finish_job_by_id_async(claimed, Status.SUCCEEDED, delete_job=False)
    (job,) = await manager.list_jobs_async(id=claimed)
    assert (job.status, job.attempts) == ("succeeded", 1)
    for delete in (False, True):
        with pytest.raises(exceptions.ConnectorException):
            await manager.finish_job_by_id_async(claimed, Status.FAILED, delete_job=delete)


async def test_a_job_cannot_end_as_waiting(queue: JobQueue, manager: JobManager) -> None:
    added = await defer(queue)
    with pytest.raises(exceptions.ConnectorException):
        await manager.finish_job_by_id_async(added, Status.CANCELLED, delete_job=False)


async def test_a_job_can_be_deleted_when_it_ends(queue: JobQueue, manager: JobManager) -> None:
    added = await defer(queue)
    await manager.finish_job_by_id_async(added, Status.SUCCEEDED, delete_job=True)
    with pytest.raises(exceptions.NoResult):
        await manager.get_job_status_async(added)


async def test_a_repeated_job_waits_again_with_what_was_changed(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    added = await defer(queue, lock="old")
    await fetched(manager, worker)
    at = datetime.now(UTC) + LATER
    await manager.retry_job_by_id_async(added, retry_at=at, priority=4, queue="slow", lock="new")
    (job,) = await manager.list_jobs_async()
    assert (job.status, job.attempts, job.priority, job.queue, job.lock) == ("todo", 1, 4, "slow", "new")
    assert job.scheduled_at is not None
    assert abs(job.scheduled_at - at) < timedelta(milliseconds=1)


async def test_a_repeat_keeps_what_was_not_changed(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    added = await defer(queue, lock="old", priority=2)
    await fetched(manager, worker)
    await manager.retry_job_by_id_async(added, retry_at=datetime.now(UTC))
    (job,) = await manager.list_jobs_async()
    assert (job.priority, job.queue, job.lock) == (2, "live", "old")


async def test_a_failed_job_can_be_put_back_and_a_succeeded_one_cannot(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    added = await defer(queue)
    await fetched(manager, worker)
    await manager.finish_job_by_id_async(added, Status.FAILED, delete_job=False)
    await manager.retry_job_by_id_async(added, retry_at=datetime.now(UTC))
    assert await manager.get_job_status_async(added) == Status.TODO
    await fetched(manager, worker)
    await manager.finish_job_by_id_async(added, Status.SUCCEEDED, delete_job=False)
    with pytest.raises(exceptions.ConnectorException):
        await manager.retry_job_by_id_async(added, retry_at=datetime.now(UTC))


async def test_a_repeat_beside_a_waiting_twin_breaks_the_queueing_lock(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    await defer(queue, queueing_lock="only")
    running = await fetched(manager, worker)
    await defer(queue, queueing_lock="only")
    with pytest.raises(exceptions.UniqueViolation) as refused:
        await manager.retry_job_by_id_async(running, retry_at=datetime.now(UTC))
    assert refused.value.queueing_lock == "only"
    assert refused.value.constraint_name == "procrastinate_jobs_queueing_lock_idx_v1"


# ------------------------------------------------------------------------------------------------ cancelling


async def test_a_waiting_job_is_cancelled_or_deleted(queue: JobQueue, manager: JobManager) -> None:
    kept, gone = await defer(queue), await defer(queue)
    assert await manager.cancel_job_by_id_async(kept)
    assert await manager.get_job_status_async(kept) == Status.CANCELLED
    assert await manager.cancel_job_by_id_async(gone, delete_job=True)
    assert await ids(manager) == [kept]
    assert not await manager.cancel_job_by_id_async(kept)
    assert not await manager.cancel_job_by_id_async(999_999, abort=True)


async def test_a_running_job_is_only_asked_to_abort(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    added = await defer(queue)
    await fetched(manager, worker)
    assert not await manager.cancel_job_by_id_async(added)
    assert await manager.list_jobs_to_abort_async() == []
    assert await manager.cancel_job_by_id_async(added, abort=True)
    assert await manager.list_jobs_to_abort_async() == [added]
    assert await manager.list_jobs_to_abort_async(queue="slow") == []
    await manager.retry_job_by_id_async(added, retry_at=datetime.now(UTC))
    assert await manager.get_job_status_async(added) == Status.FAILED


async def test_a_job_is_cancelled_inside_a_transaction(sqlite_database: Database) -> None:
    queue = JobQueue(sqlite_database)
    added = await queue.app.configure_task("work.remove_old").defer_async()
    manager = queue.app.job_manager
    async with sqlite_database.session() as session:
        assert await manager.cancel_job_by_id_async(added, connection=await session.connection())
    assert await manager.get_job_status_async(added) == Status.TODO


# ------------------------------------------------------------------------------------------------ cron


async def test_a_tick_is_enqueued_once_however_many_workers_see_it(queue: JobQueue, manager: JobManager) -> None:
    deferrers = [PeriodicDeferrer(queue.app.periodic_registry) for _ in range(2)]
    at = datetime(2027, 3, 1, 12, 17, 30, tzinfo=UTC).timestamp()
    for moment in (at, at + 60):
        await asyncio.gather(*(d.defer_jobs(list(d.get_previous_tasks(moment))) for d in deferrers))
        swept = await ids(manager, status="todo", task="work.give_back_stalled")
        assert len(swept) == 1
        assert len(await ids(manager, task="work.remove_old")) == 1
        await manager.finish_job_by_id_async(swept[0] or 0, Status.SUCCEEDED, delete_job=False)


async def test_a_tick_is_enqueued_once_and_a_later_one_again(manager: JobManager) -> None:
    async def tick(at: int) -> int | None:
        job = Job(queue="live", task_name="fold", lock=None, queueing_lock=None, task_kwargs={"timestamp": at})
        return await manager.defer_periodic_job(job, periodic_id="", defer_timestamp=at)

    first, again, later = await tick(1000), await tick(1000), await tick(1020)
    assert again is None
    assert await ids(manager) == [first, later]


async def test_a_tick_whose_task_still_waits_is_left_out(queue: JobQueue, manager: JobManager) -> None:
    deferrer = PeriodicDeferrer(queue.app.periodic_registry)
    at = datetime(2027, 3, 1, 12, 17, 30, tzinfo=UTC).timestamp()
    for moment in (at, at + 20, at + 40):
        await deferrer.defer_jobs(list(deferrer.get_previous_tasks(moment)))
    assert len(await ids(manager, task="work.give_back_stalled")) == 1


# ------------------------------------------------------------------------------------------------ workers that die


async def test_worker_ids_never_come_again(manager: JobManager) -> None:
    first = await manager.register_worker()
    await manager.unregister_worker(first)
    assert await manager.register_worker() > first


async def test_only_silent_workers_are_pruned(manager: JobManager) -> None:
    worker = await manager.register_worker()
    assert await manager.prune_stalled_workers(30) == []
    await manager.update_heartbeat(worker)
    assert await manager.prune_stalled_workers(ANY_AGE) == [worker]


async def test_a_pruned_worker_claims_nothing_more(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    await manager.prune_stalled_workers(ANY_AGE)
    added = await defer(queue)
    with pytest.raises(exceptions.ConnectorException):
        await fetch(manager, worker)
    assert await manager.get_job_status_async(added) == Status.TODO


async def test_jobs_of_silent_or_forgotten_workers_are_stalled(queue: JobQueue, manager: JobManager) -> None:
    alive, gone = await manager.register_worker(), await manager.register_worker()
    first, second = await defer(queue), await defer(queue)
    await fetched(manager, alive)
    await fetched(manager, gone)
    assert list(await manager.get_stalled_jobs()) == []
    await manager.unregister_worker(gone)
    assert [job.id for job in await manager.get_stalled_jobs()] == [second]
    assert [job.id for job in await manager.get_stalled_jobs(seconds_since_heartbeat=ANY_AGE)] == [first, second]
    assert list(await manager.get_stalled_jobs(queue="slow")) == []
    assert list(await manager.get_stalled_jobs(task_name="mail")) == []
    with pytest.warns(DeprecationWarning, match="nb_seconds"):
        assert [job.id for job in await manager.get_stalled_jobs(nb_seconds=ANY_AGE)] == [first, second]


async def test_a_dead_workers_job_goes_back_into_the_queue(queue: JobQueue, manager: JobManager) -> None:
    dead = await manager.register_worker()
    added = await defer(queue)
    await fetched(manager, dead)
    assert await queue.give_back(silent_for=30) == 0
    assert await queue.give_back(silent_for=ANY_AGE) == 1
    (job,) = await manager.list_jobs_async()
    assert (job.id, job.status, job.attempts) == (added, "todo", 1)


async def test_a_dead_workers_job_makes_way_for_its_waiting_twin(queue: JobQueue, manager: JobManager) -> None:
    dead = await manager.register_worker()
    await defer(queue, lock="m1", queueing_lock="m1")
    stranded = await fetched(manager, dead)
    twin = await defer(queue, lock="m1", queueing_lock="m1")
    assert await queue.give_back(silent_for=ANY_AGE) == 0
    assert await manager.get_job_status_async(stranded) == Status.ABORTED
    assert await fetched(manager, await manager.register_worker()) == twin


async def test_a_job_that_kills_every_worker_is_given_up(queue: JobQueue, manager: JobManager) -> None:
    added = await defer(queue)
    for _ in range(MOST_DEATHS):
        await fetched(manager, await manager.register_worker())
        assert await queue.give_back(silent_for=ANY_AGE) == 1
    await fetched(manager, await manager.register_worker())
    assert await queue.give_back(silent_for=ANY_AGE) == 0
    assert await manager.get_job_status_async(added) == Status.FAILED


# ------------------------------------------------------------------------------------------------ looking and tidying


async def test_jobs_are_listed_by_every_filter(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    first = await defer(queue, lock="m1", queueing_lock="q1")
    second = await defer(queue, "mail")
    await fetched(manager, worker)
    assert await ids(manager) == [first, second]
    for filters in ({"id": first}, {"queue": "live"}, {"task": "fold"}, {"status": "doing"}, {"lock": "m1"}):
        assert await ids(manager, **filters) == [first], filters
    assert await ids(manager, queueing_lock="q1") == [first]
    assert await ids(manager, worker_id=worker) == [first]
    assert await ids(manager, queue="live", status="todo") == []


async def test_jobs_are_counted_by_queue_task_and_lock(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    await defer(queue, lock="m1")
    await defer(queue, lock="m1")
    await defer(queue, "mail")
    await fetched(manager, worker)
    empty = {"succeeded": 0, "failed": 0, "cancelled": 0, "aborted": 0}
    two, one = {"jobs_count": 2, "todo": 1, "doing": 1, **empty}, {"jobs_count": 1, "todo": 1, "doing": 0, **empty}
    assert await manager.list_queues_async() == [{"name": "live", **two}, {"name": "slow", **one}]
    assert await manager.list_tasks_async() == [{"name": "fold", **two}, {"name": "mail", **one}]
    assert await manager.list_locks_async() == [{"name": "m1", **two}]
    assert await manager.list_queues_async(status="todo", task="mail") == [{"name": "slow", **one}]
    assert await manager.list_locks_async(lock="m2") == []


async def test_old_jobs_are_deleted_by_status(queue: JobQueue, manager: JobManager) -> None:
    worker = await manager.register_worker()
    succeeded, failed, waiting = [await defer(queue) for _ in range(3)]
    for status in (Status.SUCCEEDED, Status.FAILED):
        await manager.finish_job_by_id_async(await fetched(manager, worker), status, delete_job=False)
    await manager.delete_old_jobs(nb_hours=1, include_failed=True)
    assert await ids(manager) == [succeeded, failed, waiting]
    await manager.delete_old_jobs(nb_hours=-1, queue="slow")
    assert await ids(manager) == [succeeded, failed, waiting]
    await manager.delete_old_jobs(nb_hours=-1)
    assert await ids(manager) == [failed, waiting]
    await manager.delete_old_jobs(nb_hours=-1, include_failed=True, include_cancelled=True, include_aborted=True)
    assert await ids(manager) == [waiting]
