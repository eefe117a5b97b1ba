"""Series, server events and reminders, on both stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.community import Community
from bot.domain.meeting import MeetingState
from bot.domain.series import SeriesId
from bot.domain.values import MeetingId
from bot.ports import EventId, EventState, KeptEvent, ReminderState
from tests.contracts.stores import ANA, BEN, GUILD, MEETING, NOW, add_meeting, meeting, opened

WEEKLY = SeriesId("series-1")
FIRST, SECOND, THIRD = MeetingId("m-1"), MeetingId("m-2"), MeetingId("m-3")


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as made:
        async with made.work() as unit:
            for week, key in enumerate((FIRST, SECOND, THIRD)):
                state = MeetingState.CREATED if week == 0 else MeetingState.PLANNED
                starts_at = NOW + timedelta(weeks=week)
                await add_meeting(unit, meeting(key, state=state, starts_at=starts_at, confirmed_at=None))
            await add_meeting(unit, meeting(MEETING))
            await unit.series.add(WEEKLY, [FIRST, SECOND, THIRD])
            await unit.commit()
        yield made


async def test_series_keeps_its_order_and_forgets_removed_drafts(store: SqlStore) -> None:
    async with store.work() as unit:
        assert [m.meeting_id for m in await unit.series.meetings(WEEKLY)] == [FIRST, SECOND, THIRD]
        assert await unit.series.of(SECOND) == WEEKLY
        assert await unit.series.of(MEETING) is None
        await unit.meetings.remove(SECOND)
        await unit.commit()
    async with store.read() as unit:
        assert [m.meeting_id for m in await unit.series.meetings(WEEKLY)] == [FIRST, THIRD]
        assert dict(await unit.series.of_guild(GUILD)) == {FIRST: WEEKLY, THIRD: WEEKLY}


async def test_first_promise_stays_and_what_zoom_lacks_is_waiting(store: SqlStore) -> None:
    async with store.work() as unit:
        assert await unit.series.waiting(GUILD) == []
        await unit.series.promise(WEEKLY, ANA)
        await unit.series.promise(WEEKLY, BEN)
        await unit.commit()
    async with store.read() as unit:
        assert await unit.series.promised(THIRD) == ANA
        assert await unit.series.promised(MEETING) is None
        assert [m.meeting_id for m in await unit.series.waiting(GUILD)] == [SECOND, THIRD]


async def test_server_event_is_kept_changed_and_counted_for_its_community(store: SqlStore) -> None:
    kept = KeptEvent(FIRST, EventState.SHOWN, EventId(1_300_000_000_000_000_000), "abc")
    async with store.work() as unit:
        await unit.server_events.save(kept)
        await unit.server_events.save(KeptEvent(SECOND, EventState.NO_PERMISSION))
        await unit.commit()
    async with store.work() as unit:
        assert await unit.server_events.get(FIRST) == kept
        assert await unit.server_events.get(MEETING) is None
        assert await unit.server_events.ids(GUILD) == {kept.event_id}
        await unit.server_events.save(KeptEvent(FIRST, EventState.OVER, kept.event_id))
        await unit.commit()
    async with store.read() as unit:
        assert await unit.server_events.get(FIRST) == KeptEvent(FIRST, EventState.OVER, kept.event_id)


async def test_each_reminder_is_kept_for_itself(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.reminders.add(FIRST, BEN, NOW)
        await unit.reminders.add(FIRST, ANA, NOW + timedelta(seconds=1))
        await unit.reminders.add(FIRST, BEN, NOW + timedelta(seconds=2))
        assert await unit.reminders.waiting(FIRST) == [BEN, ANA]
        await unit.reminders.mark(FIRST, BEN, ReminderState.SENT)
        await unit.reminders.add(FIRST, BEN, NOW)
        await unit.reminders.remove(FIRST, BEN)
        await unit.reminders.add(FIRST, BEN, NOW)
        await unit.commit()
    async with store.work() as unit:
        assert await unit.reminders.waiting(FIRST) == [ANA], "one that was sent is not sent again"
        await unit.reminders.remove(FIRST, ANA)
        assert await unit.reminders.waiting(FIRST) == []
        await unit.reminders.add(FIRST, ANA, NOW)
        await unit.reminders.drop(FIRST)
        await unit.commit()
    async with store.read() as unit:
        assert await unit.reminders.waiting(FIRST) == []


async def test_reminder_setting_has_a_default_and_is_kept(store: SqlStore) -> None:
    async with store.work() as unit:
        assert (await unit.communities.get(GUILD)).reminder == timedelta(minutes=10)
        await unit.communities.save(Community(GUILD, reminder=timedelta(0)))
        await unit.commit()
    async with store.read() as unit:
        assert (await unit.communities.get(GUILD)).reminder == timedelta(0)
