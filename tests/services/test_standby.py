"""What is at hand when nothing else answers: never older than what this process has learned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.domain.containment import Door
from bot.domain.verdict import WaitingRoom
from tests.services.acting_rig import Crisis, crisis
from tests.services.conftest import LINK, Vestibule


@pytest.fixture
async def call(vestibule: Vestibule, tmp_path: Path) -> AsyncIterator[Crisis]:
    async with crisis(vestibule, tmp_path) as built:
        yield built


class SlowReads:
    """A store whose answers are on their way for as long as `arrived` is not set."""

    def __init__(self, call: Crisis) -> None:
        self._store = call.built.standby._store
        self.read_out, self.arrived = asyncio.Event(), asyncio.Event()
        call.built.standby._store = self

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Any]:
        async with self._store.read() as uow:
            yield uow
        self.read_out.set()
        await self.arrived.wait()

    def work(self, *, urgent: bool = False) -> Any:
        return self._store.work(urgent=urgent)


async def test_a_look_that_began_before_does_not_undo_what_was_read_back_since(call: Crisis) -> None:
    await call.over(await call.acting.lock(*call.where, call.mia))
    standby, meeting_id = call.built.standby, call.meeting.meeting_id
    slow = SlowReads(call)
    older = asyncio.create_task(standby.look(meeting_id))
    await asyncio.sleep(0)
    standby.read_back(meeting_id, WaitingRoom(on=False))
    slow.arrived.set()
    await older
    known = standby.recall(meeting_id)
    assert known is not None
    assert known.door is not None
    assert known.door.waiting_room == WaitingRoom(on=False)


async def test_a_look_that_began_before_does_not_undo_that_removal_works(call: Crisis) -> None:
    standby = call.built.standby
    await standby.keep_removal(call.meeting, works=False, code="removal_not_enabled")
    slow = SlowReads(call)
    older = asyncio.create_task(standby.look(call.meeting.meeting_id))
    await asyncio.sleep(0)
    standby.removal_is(LINK, works=True)
    slow.arrived.set()
    await older
    assert standby.can(LINK).remove is True


async def test_of_two_looks_the_one_that_began_later_is_believed(call: Crisis) -> None:
    standby, meeting_id = call.built.standby, call.meeting.meeting_id
    slow = SlowReads(call)
    older = asyncio.create_task(standby.look(meeting_id))
    await slow.read_out.wait()
    standby._store = slow._store
    await call.over(await call.acting.lock(*call.where, call.mia))
    slow.arrived.set()
    await older
    known = standby.recall(meeting_id)
    assert known is not None
    assert known.meeting.door is Door.CLOSED
    assert known.door is not None
