"""The server's own event of a call: one, true, without anything secret, and never in the way."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.domain.errors import OutcomeUnknown
from bot.domain.meeting import ProfileName
from bot.domain.values import MeetingId
from bot.ports import EventState, Job
from tests.services.conftest import GUILD, Vestibule, on_both_stores, opened_vestibule
from tests.services.fakes_beside import FakeServerEvents


@pytest.fixture
async def v(address: str) -> AsyncIterator[Vestibule]:
    async with opened_vestibule(address) as built:
        yield built


def calendar(v: Vestibule) -> FakeServerEvents:
    assert isinstance(v.events, FakeServerEvents)
    return v.events


async def state(v: Vestibule, meeting_id: MeetingId) -> EventState | None:
    return (await v.views.show(v.organiser, GUILD, meeting_id)).beside.event


async def announce_again(v: Vestibule, meeting_id: MeetingId) -> None:
    async with v.store.work() as uow:
        await uow.jobs.put(Job.ANNOUNCE, meeting_id)
        await uow.commit()
    await v.run_jobs()


async def test_each_meeting_has_one_event_that_is_not_changed_without_need(v: Vestibule) -> None:
    meeting = await v.create()
    for _ in range(3):
        await announce_again(v, meeting.meeting_id)
    (event,) = calendar(v).events.values()
    assert (event.topic, event.starts_at, event.ends_at) == (meeting.topic, meeting.starts_at, meeting.ends_at)
    assert calendar(v).changes == 0
    assert await state(v, meeting.meeting_id) is EventState.SHOWN


async def test_event_follows_a_changed_meeting(v: Vestibule) -> None:
    meeting = await v.create()
    async with v.store.work() as uow:
        await uow.meetings.save(meeting.changed(topic="Concert"))
        await uow.commit()
    await announce_again(v, meeting.meeting_id)
    (event,) = calendar(v).events.values()
    assert event.topic == "Concert"


@pytest.mark.parametrize("how", ["cancelled", "over"])
async def test_event_ends_with_the_meeting(v: Vestibule, how: str) -> None:
    meeting = await v.create()
    if how == "cancelled":
        await v.cancelling.cancel(v.organiser, GUILD, meeting.meeting_id)
    else:
        v.clock.advance(hours=3)
    await v.run_jobs()
    assert calendar(v).ended == set(calendar(v).events)
    assert len(calendar(v).events) == 1


@on_both_stores
async def test_event_whose_making_was_not_noted_is_found_again(v: Vestibule) -> None:
    calendar(v).lose_next = True
    meeting = await v.create()
    assert await state(v, meeting.meeting_id) is None
    v.clock.advance(minutes=1)
    await v.run_jobs()
    assert await state(v, meeting.meeting_id) is EventState.SHOWN
    assert len(calendar(v).events) == 1


async def test_two_calls_of_one_name_and_time_have_two_events(v: Vestibule) -> None:
    await v.create()
    await v.create()
    assert len(calendar(v).events) == 2


async def test_without_permission_everything_else_goes_on_and_it_is_said(v: Vestibule) -> None:
    calendar(v).permitted = False
    meeting = await v.create()
    assert await state(v, meeting.meeting_id) is EventState.NO_PERMISSION
    assert len(v.chat.posts) == 1
    calendar(v).permitted = True
    v.clock.advance(minutes=15)
    await v.run_jobs()
    assert await state(v, meeting.meeting_id) is EventState.SHOWN


async def test_full_calendar_is_said(v: Vestibule) -> None:
    calendar(v).room = 0
    meeting = await v.create()
    assert await state(v, meeting.meeting_id) is EventState.FULL


async def test_event_deleted_by_hand_stays_deleted(v: Vestibule) -> None:
    meeting = await v.create()
    calendar(v).deleted = set(calendar(v).events)
    async with v.store.work() as uow:
        await uow.meetings.save(meeting.changed(topic="Concert"))
        await uow.commit()
    await announce_again(v, meeting.meeting_id)
    await announce_again(v, meeting.meeting_id)
    assert await state(v, meeting.meeting_id) is EventState.REMOVED
    assert len(calendar(v).events) == 1


async def test_call_that_is_likely_to_be_attacked_or_not_checked_has_no_event(v: Vestibule) -> None:
    await v.create(profile=ProfileName.HIGH_RISK)
    v.zoom.overrides = {"waiting_room": False, "passcode": False}
    blocked = await v.create()
    assert blocked.blocked_by_read_back
    await announce_again(v, blocked.meeting_id)
    assert calendar(v).events == {}


async def test_lost_answer_of_the_calendar_does_not_stop_the_reminder(v: Vestibule) -> None:
    async def silent(*_: object, **__: object) -> None:
        raise OutcomeUnknown("No answer.")

    calendar(v).find = silent  # type: ignore[method-assign]
    await v.create()
    v.clock.advance(minutes=30)
    await v.run_jobs()
    assert len(v.chat.notices) == 1
