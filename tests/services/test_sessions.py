"""CREATED and LIVE follow what Zoom reports; where it reports nothing, its list is asked."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from bot.domain.errors import Transient
from bot.domain.meeting import Meeting, MeetingState
from bot.domain.values import SessionId, ZoomMeetingId
from bot.ports import EventKind, Fact, IncomingEvent, Job, Phase
from bot.services.admissions import LinkReady
from tests.services.conftest import GUILD, Vestibule

_keys = itertools.count()


def report(
    meeting: Meeting, kind: EventKind, at: datetime, uuid: str = "u1", key: str = "", **facts: Fact
) -> IncomingEvent:
    return IncomingEvent(
        key or f"{next(_keys):064x}", kind, "account", at, meeting.zoom_id, SessionId(uuid), meeting.host_id, facts
    )


async def told(v: Vestibule, *events: IncomingEvent) -> None:
    await v.intake.store(events)
    await v.run_jobs()


def phases(v: Vestibule) -> Phase:
    (post,) = v.chat.posts.values()
    return post[-1].phase


async def test_start_and_end_make_it_live_and_created_again(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await told(v, report(meeting, EventKind.STARTED, v.clock.now()))
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.LIVE
    assert phases(v) is Phase.LIVE
    v.clock.advance(minutes=5)
    await told(v, report(meeting, EventKind.ENDED, v.clock.now()))
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.CREATED
    assert phases(v) is Phase.LINKS_OPEN
    assert [a for a in await v.actions() if a.startswith("session.")] == ["session.live", "session.over"]


async def test_every_order_and_repetition_ends_in_the_same_state(vestibule: Vestibule) -> None:
    """Two runs, the second still on: permutations of their three reports, each report twice."""
    v = vestibule
    now = v.clock.now()
    for count, order in enumerate(itertools.permutations([("started", "a"), ("ended", "a"), ("started", "b")])):
        meeting = await v.create(when=(v.clock.now() + timedelta(minutes=40 + 120 * count)).isoformat())
        for what, run in order:
            kind = EventKind.STARTED if what == "started" else EventKind.ENDED
            event = report(meeting, kind, now, f"{run}{count}")
            await told(v, event, event)
            await told(v, event)
        assert (await v.meeting(meeting.meeting_id)).state is MeetingState.LIVE, order
        await told(v, report(meeting, EventKind.ENDED, now, f"b{count}"))
        assert (await v.meeting(meeting.meeting_id)).state is MeetingState.CREATED, order


async def test_an_early_test_by_the_host_ends_nothing_and_opens_nothing(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create(when=(v.clock.now() + timedelta(hours=3)).isoformat())
    await told(v, report(meeting, EventKind.STARTED, v.clock.now()))
    assert phases(v) is Phase.SCHEDULED
    await told(v, report(meeting, EventKind.ENDED, v.clock.now()))
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.CREATED


async def test_links_leave_while_it_is_live_and_it_ends_with_its_last_session(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await told(v, report(meeting, EventKind.STARTED, v.clock.now()))
    v.zoom.live[meeting.zoom_id or ZoomMeetingId("")] = SessionId("u1")
    v.clock.advance(hours=5)
    await v.run_jobs()
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.LIVE
    answer = await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())
    assert isinstance(answer, LinkReady)
    await told(v, report(meeting, EventKind.ENDED, v.clock.now()))
    ended = await v.meeting(meeting.meeting_id)
    assert ended.state is MeetingState.ENDED
    async with v.store.read() as uow:
        assert await uow.meetings.passcode(meeting.meeting_id) is None
    assert phases(v) is Phase.ENDED
    await told(v, report(meeting, EventKind.STARTED, v.clock.now(), "u2"))
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.ENDED


async def sweeps(v: Vestibule, minutes: Iterable[float]) -> None:
    for step in minutes:
        v.clock.advance(minutes=step)
        await v.run_jobs()


async def test_without_events_zoom_is_asked_every_minute_in_the_window(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create()
    assert meeting.zoom_id is not None
    await sweeps(v, [9])
    assert v.zoom.calls["live"] == 0, "links are not out yet"
    await sweeps(v, [1, 1, 1])
    assert v.zoom.calls["live"] == 3
    v.zoom.live[meeting.zoom_id] = SessionId("u1")
    await sweeps(v, [1])
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.LIVE
    v.zoom.live.clear()
    await sweeps(v, [1, 1, 1])
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.CREATED
    await sweeps(v, [200, 1, 1])
    asked = v.zoom.calls["live"]
    await sweeps(v, [5, 5])
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.ENDED
    assert v.zoom.calls["live"] == asked, "an ended meeting is asked about no more"


async def test_where_events_come_zoom_is_asked_seldom(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await told(v, report(meeting, EventKind.JOINED, v.clock.now()))
    before = v.zoom.calls["live"]
    await sweeps(v, [1] * 14)
    assert v.zoom.calls["live"] - before <= 1


async def test_a_lost_end_is_noticed_when_the_call_should_be_over(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.live_links()
    await told(v, report(meeting, EventKind.STARTED, v.clock.now()))
    await sweeps(v, [180, 1])
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.ENDED


async def test_a_zoom_that_does_not_answer_is_asked_again(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create()
    assert meeting.zoom_id is not None
    v.zoom.live[meeting.zoom_id] = SessionId("u1")
    v.zoom.fail["live"] = Transient("Down.", code="zoom_down")
    await sweeps(v, [11])
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.CREATED
    del v.zoom.fail["live"]
    await sweeps(v, [1])
    assert (await v.meeting(meeting.meeting_id)).state is MeetingState.LIVE


async def test_what_happens_in_other_meetings_of_the_account_is_not_kept(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create()
    other = meeting.changed(zoom_id=ZoomMeetingId("1234567890"))
    await told(v, report(other, EventKind.JOINED, v.clock.now(), user_name="Private Person"))
    async with v.store.read() as uow:
        assert not await uow.inbox.heard("account", v.clock.now() - timedelta(days=1))


async def test_old_events_are_forgotten_after_a_week(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await v.create()
    await told(v, report(meeting, EventKind.STARTED, v.clock.now()), report(meeting, EventKind.JOINED, v.clock.now()))
    v.clock.advance(days=6, hours=23)
    assert await v.intake.remove_old() == 0
    v.clock.advance(hours=2)
    assert await v.intake.remove_old() == 2


@pytest.mark.parametrize("job", [Job.FOLD_SESSIONS, Job.LOOK_LIVE, Job.CHECK_DRIFT, Job.CHECK_REGISTRATIONS])
async def test_jobs_on_a_meeting_that_is_gone_do_nothing(vestibule: Vestibule, job: Job) -> None:
    v = vestibule
    meeting = await v.create()
    async with v.store.work() as uow:
        await uow.meetings.remove(meeting.meeting_id)
        await uow.commit()
    await v.upkeep.run(job, meeting.meeting_id)
