"""`/meeting rotate` through the real client: what the organiser reads, what the channel is told, and that one press gives the new link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.values import SessionId
from bot.rehearsal.discord_handles import InteractionHandle
from tests.adapters.flow_rig import Town, read, town
from tests.adapters.test_discord_flow import links_seen
from tests.discord_spec import request_errors
from tests.waiting import until


async def shows(handle: InteractionHandle, words: str) -> None:
    """The answer comes to say this, however slow the machine is."""
    await until(lambda: words in read(handle))


@pytest.fixture
async def t(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as (built, connect), connect():
        yield built


async def test_one_command_gives_everybody_a_new_link_behind_the_same_button(t: Town) -> None:
    meeting = await t.links_open()
    first = links_seen(await t.press("Ana", t.announcement(), "Get my link"))
    done = await t.slash("Olga", "meeting rotate", meeting=meeting.meeting_id)
    await shows(done, "New links for")
    await shows(done, "The old meeting is deleted at Zoom")
    await shows(done, "1 person who had a link")
    await t.v.run_jobs()
    notice = t.discord.messages_in(t.calls)[-1]
    assert "has new links" in notice.content
    assert len(t.discord.messages_in(t.calls)) == 2
    again = links_seen(await t.press("Ana", t.announcement(), "Get my link"))
    assert len(again) == 1
    assert again != first
    assert links_seen(await t.press("Ana", notice, "Get my link")) == again
    assert request_errors(t.discord.requests) == []


async def test_running_call_is_said_clearly(t: Town) -> None:
    meeting = await t.links_open()
    assert meeting.zoom_id is not None
    t.zoom.live[meeting.zoom_id] = SessionId("run-1")
    t.clock.advance(minutes=30)
    await t.v.run_jobs()
    done = await t.slash("Olga", "meeting rotate", meeting=meeting.meeting_id)
    await shows(done, "still running at Zoom")
    await shows(done, "/end")
    await shows(done, "End the old call")


async def test_moderators_are_told_to_call_an_organiser(t: Town) -> None:
    meeting = await t.links_open()
    refused = await t.slash("Mona", "meeting rotate", meeting=meeting.meeting_id)
    await shows(refused, "Only an organiser")
