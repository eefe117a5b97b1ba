"""What a transaction of the store promises: all or nothing, one after another where that matters, the urgent first."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import date

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.pool import QueuePool

from bot.adapters.store.engine import sqlite_file
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.unit_of_work import SqlStore, open_store
from bot.domain.community import Community
from bot.domain.errors import NeedsAttention, Transient
from bot.domain.values import MeetingId, MemberId
from bot.ports import DueItem, Job
from tests.contracts.stores import (
    ANA,
    GUILD,
    KEYS,
    MEETING,
    NOW,
    PASSCODE,
    TestChance,
    account,
    furnish,
    invite,
    meeting,
    opened,
)
from tests.waiting import until

TODAY = date(2026, 11, 20)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as store:
        yield store


@pytest.fixture
async def other_process(store_url: str) -> AsyncIterator[SqlStore]:
    """The same database with engines and a gate of its own, as a second process has them."""
    async with opened(store_url) as store:
        yield store


async def test_leaving_without_commit_keeps_nothing(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.communities.save(Community(GUILD, country="DE"))
        await unit.links.save(account())
        await unit.audit.append(GUILD, "setup", at=NOW, actor=ANA, text="why")
        await unit.usage.add("k", TODAY)
        await unit.notes.put("k", "v")
        await unit.jobs.put(Job.SETTLE, MEETING)
    async with store.read() as unit:
        assert await unit.communities.get(GUILD) == Community(GUILD)
        assert await unit.links.of_guild(GUILD) == []
        assert await unit.audit.entries(GUILD) == []
        assert await unit.usage.count("k", TODAY) == 0
        assert await unit.notes.get("k") is None
    assert list(await store.jobs.app.job_manager.list_jobs_async()) == []


async def test_error_inside_undoes_all_and_is_raised_as_it_is(store: SqlStore) -> None:
    async def fail() -> None:
        async with store.work() as unit:
            await unit.notes.put("k", "v")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with store.read() as unit:
        assert await unit.notes.get("k") is None


async def test_cancelled_work_keeps_nothing_and_lets_the_next_in(store: SqlStore) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with store.work() as unit:
            await unit.notes.put("k", "v")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    await asyncio.wait([task])
    async with store.work() as unit:
        assert await unit.notes.get("k") is None


async def test_nothing_can_be_done_after_the_commit(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.commit()
        with pytest.raises(InvalidRequestError):
            await unit.notes.put("k", "v")
    async with store.read() as unit:
        assert await unit.notes.get("k") is None


async def test_nothing_can_be_done_after_the_end(store: SqlStore) -> None:
    async with store.work() as unit:
        pass
    with pytest.raises(InvalidRequestError):
        await unit.notes.put("k", "v")
    with pytest.raises(InvalidRequestError):
        await unit.commit()
    with pytest.raises(RuntimeError):
        await unit.__aenter__()


async def test_unit_is_only_usable_inside_its_block(store: SqlStore) -> None:
    with pytest.raises(RuntimeError):
        await store.work().commit()


async def test_reading_cannot_write(store: SqlStore) -> None:
    async def write() -> None:
        async with store.read() as unit:
            await unit.notes.put("k", "v")
            await unit.commit()

    with pytest.raises((NeedsAttention, DBAPIError)):
        await write()
    async with store.read() as unit:
        assert await unit.notes.get("k") is None


async def test_reading_waits_for_no_writer(store: SqlStore) -> None:
    async with store.work() as writing:
        await writing.notes.put("k", "v")
        async with store.read() as reading:
            assert await reading.notes.get("k") is None


async def test_work_inside_work_is_refused_at_once_on_sqlite(sqlite_url: str) -> None:
    async with opened(sqlite_url) as store:
        async with store.work() as outer:
            await outer.notes.put("k", "v")
            with pytest.raises(RuntimeError, match="inside an open one"):
                async with store.work():
                    pass
            await outer.commit()
        async with store.read() as unit:
            assert await unit.notes.get("k") == "v"


async def test_two_processes_that_invite_one_member_make_one_invite(store: SqlStore, other_process: SqlStore) -> None:
    await furnish(store)

    async def add(into: SqlStore, number: int) -> bool:
        async with into.work() as unit:
            added = await unit.invites.add(invite(f"invite-{number}", tag=f"T{number:02}"))
            await unit.usage.add("tried", TODAY)
            await unit.commit()
            return added

    both = (store, other_process)
    added = await asyncio.gather(*(add(both[number % 2], number) for number in range(12)))
    assert sum(added) == 1
    async with store.read() as unit:
        assert len(await unit.invites.of_meeting(MEETING)) == 1
        assert await unit.usage.count("tried", TODAY) == 12


async def test_two_processes_never_give_one_tag_to_two_members(store: SqlStore, other_process: SqlStore) -> None:
    await furnish(store)

    async def add(into: SqlStore, number: int) -> bool:
        async with into.work() as unit:
            added = await unit.invites.add(invite(f"invite-{number}", member_id=MemberId(number), tag="SAM"))
            await unit.commit()
            return added

    both = (store, other_process)
    assert sum(await asyncio.gather(*(add(both[number % 2], number) for number in range(12)))) == 1


async def test_two_processes_count_without_losing_one(store: SqlStore, other_process: SqlStore) -> None:
    async def count(into: SqlStore) -> int:
        async with into.work() as unit:
            number = await unit.usage.add("k", TODAY)
            await unit.commit()
            return number

    numbers = await asyncio.gather(*(count(process) for process in (store, other_process) * 15))
    assert sorted(numbers) == list(range(1, 31))


async def test_two_processes_take_each_due_item_once(store: SqlStore, other_process: SqlStore) -> None:
    meetings = [meeting(MeetingId(f"meeting-{number}")) for number in range(20)]
    due = [DueItem(kind, one.meeting_id, NOW) for one in meetings for kind in (Job.CLOSE, Job.RELEASE)]
    async with store.work() as unit:
        await unit.links.save(account())
        for one in meetings:
            await unit.meetings.add(one, PASSCODE)
        for item in due:
            await unit.agenda.put(item)
        await unit.commit()

    async def take_all(from_store: SqlStore) -> list[DueItem]:
        taken: list[DueItem] = []
        while True:
            async with from_store.work() as unit:
                items = await unit.agenda.take(NOW, 3)
                await unit.commit()
            if not items:
                return taken
            taken += items

    taken = await asyncio.gather(*(take_all(process) for process in (store, other_process) * 2))
    assert sorted(itertools.chain(*taken), key=str) == sorted(due, key=str)


async def test_taken_items_come_back_if_nothing_is_committed(store: SqlStore) -> None:
    await furnish(store)
    item = DueItem(Job.CLOSE, MEETING, NOW)
    async with store.work() as unit:
        await unit.agenda.put(item)
        await unit.commit()
    async with store.work() as unit:
        assert await unit.agenda.take(NOW, 10) == [item]
    async with store.work() as unit:
        assert await unit.agenda.take(NOW, 10) == [item]


async def test_urgent_work_passes_a_hundred_that_wait_on_sqlite(sqlite_url: str) -> None:
    order: list[str] = []
    async with opened(sqlite_url) as store:

        async def work(name: str, *, urgent: bool = False) -> None:
            async with store.work(urgent=urgent) as unit:
                await unit.usage.add("k", TODAY)
                await unit.commit()
                order.append(name)

        async with store.work() as first:
            await first.notes.put("k", "v")
            routine = [asyncio.create_task(work("routine")) for _ in range(100)]
            await asyncio.sleep(0)
            urgent = asyncio.create_task(work("urgent", urgent=True))
            await asyncio.sleep(0)
            assert store.database.gate.waiting == 101
        await asyncio.gather(urgent, *routine)
    assert order == ["urgent", *["routine"] * 100]


async def test_urgent_work_waits_for_no_routine_work_on_postgresql(postgres_url: str) -> None:
    release = asyncio.Event()
    async with opened(postgres_url) as store:

        async def hold(number: int) -> None:
            async with store.work() as unit:
                await unit.notes.put(f"k{number}", "v")
                await release.wait()

        routine = [asyncio.create_task(hold(number)) for number in range(100)]
        pool = store.database.routine.pool
        assert isinstance(pool, QueuePool)
        await until(lambda: pool.checkedout() == pool.size() + pool._max_overflow)
        async with store.work(urgent=True) as unit:
            await unit.notes.put("urgent", "v")
            await unit.commit()
        release.set()
        await asyncio.gather(*routine)


async def test_database_busy_elsewhere_is_said_as_try_again(sqlite_url: str) -> None:
    async with opened(sqlite_url) as store, opened(sqlite_url) as other_process, other_process.work() as holding:
        await holding.notes.put("k", "v")
        with pytest.raises(Transient, match="Try again"):
            async with store.work(urgent=True) as unit:
                await unit.notes.put("k", "w")


async def test_full_disk_is_said_as_such(sqlite_url: str) -> None:
    async with opened(sqlite_url) as store:
        limit_pages(store)
        with pytest.raises(NeedsAttention, match="full") as caught:
            async with store.work() as unit:
                await unit.notes.put("k", "v" * 1_000_000)
        assert caught.value.code == "disk_full"


async def test_file_that_is_no_database_is_said_as_such(sqlite_url: str) -> None:
    async with opened(sqlite_url) as store:
        file = sqlite_file(sqlite_url)
        file.write_bytes(b"this is no database" * 300)
        with pytest.raises(NeedsAttention) as caught:
            async with store.work() as unit:
                await unit.notes.put("k", "v")
        assert caught.value.code == "store_damaged"


async def test_server_that_went_away_is_said_as_try_again(postgres_url: str) -> None:
    gone = open_store(postgres_url.replace(":5432", ":1"), Sealer(KEYS), TestChance())
    with pytest.raises(Transient) as caught:
        async with gone.read() as unit:
            await unit.notes.get("k")
    assert caught.value.code == "store_unreachable"
    await gone.close()


def limit_pages(store: SqlStore) -> None:
    """As if the disk were full: the file may not grow (https://www.sqlite.org/pragma.html#pragma_max_page_count)."""

    @event.listens_for(store.database.routine.sync_engine, "connect")
    def limit(connection: object, _: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # type: ignore[attr-defined]
