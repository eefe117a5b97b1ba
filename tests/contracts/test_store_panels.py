"""Panels of live sessions and the concerns raised in them, on both stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store.unit_of_work import SqlStore
from bot.domain.concerns import Answer, Concern, Raised
from bot.domain.meeting import MeetingState
from bot.domain.session import Session
from bot.domain.values import AlertId, ChannelId, MeetingId, MessageId, ParticipantId, SessionId
from bot.ports import KeptConcern, PanelPost
from tests.contracts.stores import GUILD, MEETING, NOW, add_meeting, meeting, opened

RUN, EARLIER, QUIET = SessionId("run-1"), SessionId("run-0"), MeetingId("quiet")
SOON, LATER = NOW + timedelta(seconds=2), NOW + timedelta(seconds=30)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    async with opened(store_url) as made:
        async with made.work() as unit:
            await add_meeting(unit, meeting(MEETING, state=MeetingState.LIVE))
            await add_meeting(unit, meeting(QUIET))
            await unit.sessions.save(Session(EARLIER, MEETING, NOW - timedelta(hours=1), NOW - timedelta(minutes=30)))
            await unit.sessions.save(Session(RUN, MEETING, NOW))
            await unit.commit()
        yield made


async def begun(store: SqlStore) -> PanelPost:
    async with store.work() as unit:
        assert await unit.panels.open_new(NOW) == 1
        (post,) = await unit.panels.take_due(NOW, LATER, 10)
        await unit.commit()
    return post


async def test_each_live_session_gets_one_panel(store: SqlStore) -> None:
    post = await begun(store)
    assert post == PanelPost(RUN, MEETING, GUILD)
    async with store.work() as unit:
        assert await unit.panels.open_new(NOW) == 0
        assert await unit.panels.of_meeting(MEETING) == post
        assert await unit.panels.of_meeting(QUIET) is None


async def test_what_was_taken_is_taken_once_until_it_is_due_again(store: SqlStore) -> None:
    await begun(store)
    async with store.work() as unit:
        assert await unit.panels.take_due(NOW, LATER, 10) == []
        assert len(await unit.panels.take_due(LATER, LATER, 10)) == 1


async def test_saved_panel_comes_back_when_it_is_due(store: SqlStore) -> None:
    post = replace(
        await begun(store),
        channel_id=ChannelId(7),
        message_id=MessageId(8),
        posted_at=NOW,
        shown_at=NOW,
        fingerprint="f",
        obstacle="Everyone can read it.",
        told_organiser=True,
    )
    async with store.work() as unit:
        await unit.panels.save(post, SOON)
        await unit.commit()
    async with store.work() as unit:
        assert await unit.panels.take_due(SOON - timedelta(seconds=1), LATER, 10) == []
        assert await unit.panels.take_due(SOON, LATER, 10) == [post]


async def test_change_while_the_panel_is_drawn_is_not_lost(store: SqlStore) -> None:
    post = await begun(store)
    async with store.work() as unit:
        await unit.panels.touch(MEETING, SOON)
        await unit.panels.touch(MEETING, LATER)
        await unit.panels.save(post, LATER + timedelta(hours=1))
        await unit.commit()
    async with store.work() as unit:
        (again,) = await unit.panels.take_due(SOON, LATER, 10)
        assert again.touched == post.touched + 2


async def test_closed_panel_is_never_due_again(store: SqlStore) -> None:
    post = await begun(store)
    async with store.work() as unit:
        await unit.panels.save(replace(post, closed=True), None)
        await unit.panels.touch(MEETING, NOW)
        await unit.commit()
    async with store.work() as unit:
        assert await unit.panels.take_due(LATER, LATER, 10) == []
        assert await unit.panels.of_meeting(MEETING) is None


async def test_concerns_are_kept_with_their_message_and_their_end(store: SqlStore) -> None:
    await begun(store)
    first = Raised(Concern.INTRUDER, "intruder:a", (ParticipantId("a"),), NOW)
    names = Raised(Concern.SAME_NAME, "name:x", (ParticipantId("a"), ParticipantId("b")), SOON)
    kept = [KeptConcern(first, AlertId("m1")), KeptConcern(names, AlertId("m2"))]
    async with store.work() as unit:
        await unit.panels.keep(RUN, kept)
        await unit.commit()
    posted = replace(kept[0], channel_id=ChannelId(7), message_id=MessageId(8), fingerprint="f")
    over = replace(kept[1], raised=replace(names, over_at=LATER, answer=Answer.BOTH))
    async with store.work() as unit:
        await unit.panels.keep(RUN, [posted, over])
        await unit.commit()
    async with store.read() as unit:
        assert await unit.panels.concerns(RUN) == [posted, over]
        assert await unit.panels.told_by(AlertId("m2")) == (RUN, [over])
        assert await unit.panels.told_by(AlertId("m3")) is None
        assert await unit.panels.concerns(EARLIER) == []
