"""`kill -9` while a link is being taken back, a meeting changed, a guest let in: none of it is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.rehearsal.discord_world import Message
from tests.e2e.town import town
from tests.faults.bot_life import Bot
from tests.faults.stage import Stage
from tests.waiting import until


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with town(tmp_path) as place:
        yield Stage(place)


async def announced(stage: Stage) -> tuple[Bot, Message]:
    """A created meeting whose links are open."""
    bot = await Bot.born(stage.place)
    await stage.set_up()
    draft = (await stage.drafted()).reply
    assert draft is not None
    await (await stage.place.discord.press(stage.olga, draft, "Create")).wait_settled()
    await stage.announced()
    bot.advance(timedelta(minutes=15))
    (announcement,) = stage.place.discord.messages_in(stage.calls)
    return bot, announcement


@pytest.mark.parametrize("fault", ["timeout", "apply_then_timeout"])
async def test_killed_while_zoom_voids_a_link_voids_it_after_the_restart(stage: Stage, fault: str) -> None:
    place = stage.place
    bot, announcement = await announced(stage)
    handle = await place.discord.press(stage.ana, announcement, "Get my link")
    await handle.wait_settled()
    (meeting,) = place.zoom.meetings
    (registrant,) = place.zoom.registrants(meeting.id)
    assert place.zoom.open_link(registrant.join_url).lets_in
    before = len(place.zoom.requests)

    place.zoom.faults.add(("PUT", r"/registrants/status$"), fault)  # type: ignore[arg-type]
    place.discord.take_role(stage.ana, stage.verified)
    await until(lambda: any(r.path.endswith("/status") for r in place.zoom.requests[before:]))
    await bot.killed()
    place.zoom.faults.release()

    reborn = await Bot.born(place)
    refused = await place.discord.press(stage.ana, announcement, "Get my link")
    await refused.wait_settled()
    reborn.advance(timedelta(seconds=61))
    await until(lambda: not place.zoom.open_link(registrant.join_url).lets_in)
    assert not any(r.status == "approved" for r in place.zoom.registrants(meeting.id))
    assert await reborn.stopped() == 0


async def test_killed_while_zoom_changes_a_meeting_brings_the_change_to_its_end(stage: Stage) -> None:
    place = stage.place
    bot, _ = await announced(stage)
    (meeting,) = place.zoom.meetings
    choices = await place.discord.autocomplete(stage.olga, stage.calls, "meeting edit", "meeting", "")
    options = {"meeting": str(choices[0]["value"]), "topic": "Choir and tea"}
    handle = await place.discord.slash(stage.olga, stage.calls, "meeting edit", options)
    await handle.wait_settled()
    assert handle.reply is not None
    place.zoom.faults.add(("PATCH", r"/meetings/\d+$"), "timeout")
    await place.discord.press(stage.olga, handle.reply, "Change")
    await until(lambda: any(r.method == "PATCH" for r in place.zoom.requests))
    await bot.killed()
    place.zoom.faults.release()
    assert place.zoom.meeting(meeting.id).topic == "Choir practice"

    reborn = await Bot.born(place)
    reborn.advance(timedelta(seconds=61))
    await until(lambda: place.zoom.meeting(meeting.id).topic == "Choir and tea")
    await until(lambda: "Choir and tea" in place.discord.messages_in(stage.calls)[0].content)
    assert await reborn.stopped() == 0


async def test_killed_before_a_guests_link_was_shown_leaves_no_working_link(stage: Stage) -> None:
    place = stage.place
    bot, _ = await announced(stage)
    (meeting,) = place.zoom.meetings
    choices = await place.discord.autocomplete(stage.olga, stage.calls, "meeting guest", "meeting", "")
    place.zoom.faults.add(("POST", r"/registrants$"), "apply_then_timeout")
    options = {"meeting": str(choices[0]["value"]), "name": "Dr. Lee"}
    await place.discord.slash(stage.olga, stage.calls, "meeting guest", options)
    await until(lambda: len(place.zoom.registrants(meeting.id)) == 1)
    await bot.killed()
    place.zoom.faults.release()
    (registrant,) = place.zoom.registrants(meeting.id)

    reborn = await Bot.born(place)
    reborn.advance(timedelta(minutes=17))
    await until(lambda: not place.zoom.open_link(registrant.join_url).lets_in)
    assert await reborn.stopped() == 0
