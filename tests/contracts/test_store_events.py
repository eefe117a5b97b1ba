"""What the store keeps of Zoom's events, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.drift import Drift
from bot.domain.session import Session
from bot.domain.values import AlertId, ChannelId, MessageId, SessionId, ZoomMeetingId, ZoomUserId
from bot.ports import Alert, AlertKind, AlertOutcome, EventKind, InboxEvent, IncomingEvent, Job
from tests.contracts.stores import GUILD, LINK, MEETING, NOW, add_meeting, invite, meeting, opened

ZOOM = ZoomMeetingId("86000000001")
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as store:
        async with store.work() as unit:
            await add_meeting(unit, meeting(zoom_id=ZOOM))
            await unit.commit()
        yield store


def event(key: str = "a" * 64, kind: EventKind = EventKind.STARTED, **facts: str | int | bool) -> IncomingEvent:
    return IncomingEvent(key, kind, "zoom-account", NOW, ZOOM, SessionId("/u//=="), ZoomUserId("host-1"), facts)


async def add(store: SqlStore, *events: IncomingEvent, handled: frozenset[EventKind] = frozenset()) -> set[str]:
    async with store.work() as unit:
        new = await unit.inbox.add([InboxEvent(MEETING, each) for each in events], NOW, handled=handled)
        await unit.commit()
    return new


async def test_an_event_is_kept_once_however_often_it_comes(store: SqlStore) -> None:
    first, second = event(start_time="2026-11-20T19:00:00+00:00", count=2, flag=True), event("b" * 64)
    assert await add(store, first, second, first) == {first.key, second.key}
    assert await add(store, first) == set()
    async with store.read() as unit:
        assert list(await unit.inbox.waiting(MEETING, [EventKind.STARTED])) == [first, second]


async def test_two_who_keep_the_same_event_at_once_keep_it_once(store: SqlStore) -> None:
    both = await asyncio.gather(add(store, event()), add(store, event()))
    assert sorted(map(len, both)) == [0, 1]


async def test_what_is_handled_waits_no_more_and_is_forgotten_later(store: SqlStore) -> None:
    await add(store, event(), event("b" * 64, EventKind.JOINED), handled=frozenset({EventKind.JOINED}))
    async with store.work() as unit:
        assert await unit.inbox.waiting(MEETING, [EventKind.JOINED]) == []
        await unit.inbox.handled(["a" * 64], NOW + MINUTE)
        await unit.commit()
    async with store.work() as unit:
        assert await unit.inbox.waiting(MEETING, list(EventKind)) == []
        assert await unit.inbox.forget(NOW + MINUTE) == 1
        assert await unit.inbox.forget(NOW + MINUTE) == 0
        assert await unit.inbox.forget(NOW + 2 * MINUTE) == 1
        await unit.commit()


async def test_an_event_nobody_handled_is_never_forgotten(store: SqlStore) -> None:
    await add(store, event())
    async with store.work() as unit:
        assert await unit.inbox.forget(NOW + timedelta(days=999)) == 0


async def test_an_account_was_heard_or_not(store: SqlStore) -> None:
    await add(store, event())
    async with store.read() as unit:
        assert await unit.inbox.heard("zoom-account", NOW)
        assert not await unit.inbox.heard("zoom-account", NOW + MINUTE)
        assert not await unit.inbox.heard("another", NOW)


async def test_meetings_addresses_and_links_are_found(store: SqlStore) -> None:
    async with store.work() as unit:
        await unit.invites.add(invite())
        await unit.commit()
    async with store.read() as unit:
        found = await unit.inbox.meetings([ZOOM, ZoomMeetingId("1")])
        assert dict(found) == {ZOOM: (MEETING, GUILD)}
        assert dict(await unit.inbox.addresses(MEETING)) == {"minvite-1@guests.example.org": None}
        assert list(await unit.inbox.links_of("zoom-account")) == [LINK]
        assert list(await unit.inbox.links_of("another")) == []


async def test_events_go_with_their_meeting(store: SqlStore) -> None:
    await add(store, event())
    async with store.work() as unit:
        await unit.sessions.save(Session(SessionId("u"), MEETING, NOW))
        await unit.drifts.save(Drift(MEETING, ("a",), ("b",)))
        await unit.meetings.remove(MEETING)
        await unit.commit()
    async with store.read() as unit:
        assert not await unit.inbox.heard("zoom-account", NOW)
        assert await unit.sessions.get(SessionId("u")) is None
        assert await unit.drifts.get(MEETING) == Drift(MEETING)


async def test_sessions_and_drift_come_back_as_they_were(store: SqlStore) -> None:
    run = Session(SessionId("/a//b=="), MEETING, NOW, None)
    async with store.work() as unit:
        await unit.sessions.save(run)
        await unit.sessions.save(run.ended(NOW + MINUTE))
        await unit.drifts.save(Drift(MEETING, ("topic",)))
        await unit.drifts.save(Drift(MEETING, ("topic",), ("waiting_room", "starts_at")))
        await unit.commit()
    async with store.read() as unit:
        assert list(await unit.sessions.of_meeting(MEETING)) == [run.ended(NOW + MINUTE)]
        assert await unit.drifts.get(MEETING) == Drift(MEETING, ("topic",), ("waiting_room", "starts_at"))


async def test_an_alert_is_due_until_it_is_posted_and_again_when_it_ends(store: SqlStore) -> None:
    alert = Alert(
        AlertId("alert-1"),
        GUILD,
        AlertKind.CHANGED,
        NOW,
        MEETING,
        "Choir",
        NOW,
        ("One thing.", "Another."),
        True,
        2,
        False,
    )
    async with store.work() as unit:
        await unit.alerts.put(alert)
        await unit.commit()
    async with store.work() as unit:
        (found,) = await unit.alerts.due(NOW, NOW + MINUTE, 10)
        assert (found.alert, found.message_id) == (alert, None)
        assert await unit.alerts.due(NOW, NOW + MINUTE, 10) == []
        await unit.alerts.posted(alert.alert_id, ChannelId(5), MessageId(6), None)
        assert not await unit.alerts.any_due(NOW + 9 * MINUTE)
        assert list(await unit.alerts.open_of(MEETING, AlertKind.CHANGED)) == [alert]
        await unit.commit()
    async with store.work() as unit:
        ended = replace(alert, outcome=AlertOutcome.RESTORED)
        await unit.alerts.put(ended)
        (found,) = await unit.alerts.due(NOW, NOW + MINUTE, 10)
        assert (found.alert, found.channel_id, found.message_id) == (ended, 5, 6)
        await unit.alerts.posted(alert.alert_id, ChannelId(5), MessageId(6), None)
        assert await unit.alerts.any_due(NOW + MINUTE), "an outcome that came meanwhile must still be shown"
        await unit.alerts.posted(alert.alert_id, ChannelId(5), MessageId(6), AlertOutcome.RESTORED)
        assert not await unit.alerts.any_due(NOW + MINUTE)
        assert await unit.alerts.open_of(MEETING, AlertKind.CHANGED) == []


async def test_coalesced_jobs_wait_once_for_each_meeting(store: SqlStore) -> None:
    async with store.work() as unit:
        for _ in range(3):
            await unit.jobs.put(Job.FOLD_SESSIONS, MEETING, urgent=True, coalesced=True)
        await unit.jobs.put(Job.CHECK_DRIFT, MEETING, coalesced=True)
        await unit.jobs.put(Job.ANNOUNCE, MEETING)
        await unit.commit()
    waiting = [job.task_name for job in await store.jobs.app.job_manager.list_jobs_async(status="todo")]
    assert sorted(waiting) == ["announce", "check_drift", "fold_sessions"]
