"""`kill -9` at the worst moments: nothing acknowledged is lost, and nothing is done twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.town import town
from tests.faults.bot_life import Bot
from tests.faults.stage import Stage
from tests.waiting import until

ON_BOTH_STORES = pytest.mark.parametrize("database_setting", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
async def stage(database_setting: str | None, tmp_path: Path) -> AsyncIterator[Stage]:
    async with town(tmp_path, database_url=database_setting) as place:
        yield Stage(place)


async def test_killed_while_zoom_creates_settles_to_one_meeting_announced_once(stage: Stage) -> None:
    place = stage.place
    bot = await Bot.born(place)
    await stage.set_up()
    draft = (await stage.drafted()).reply
    assert draft is not None
    place.zoom.faults.add(("POST", r"/meetings$"), "apply_then_timeout")
    await place.discord.press(stage.olga, draft, "Create")
    await until(lambda: len(place.zoom.meetings) == 1)
    await bot.killed()
    place.zoom.faults.release()

    reborn = await Bot.born(place)
    reborn.advance(timedelta(seconds=61))
    await stage.announced()
    await stage.at_rest()
    assert len(place.zoom.meetings) == 1
    assert len(place.discord.messages_in(stage.calls)) == 1
    assert await reborn.stopped() == 0


@ON_BOTH_STORES
async def test_killed_between_announcing_and_noting_it_announces_once(stage: Stage) -> None:
    place = stage.place
    bot = await Bot.born(place)
    await stage.set_up()
    draft = (await stage.drafted()).reply
    assert draft is not None
    place.discord.faults.add(("POST", r"/channels/\d+/messages$"), "apply_then_timeout")
    await place.discord.press(stage.olga, draft, "Create")
    await stage.announced()
    await bot.killed()
    place.discord.faults.release()

    reborn = await Bot.born(place)
    await stage.at_rest()
    assert len(place.discord.messages_in(stage.calls)) == 1
    assert await reborn.stopped() == 0


@ON_BOTH_STORES
async def test_killed_while_registering_gives_the_member_one_registration(stage: Stage) -> None:
    place = stage.place
    bot = await Bot.born(place)
    await stage.set_up()
    draft = (await stage.drafted()).reply
    assert draft is not None
    await (await place.discord.press(stage.olga, draft, "Create")).wait_settled()
    await stage.announced()
    bot.advance(timedelta(minutes=15))
    (announcement,) = place.discord.messages_in(stage.calls)
    place.zoom.faults.add(("POST", r"/registrants$"), "apply_then_timeout")
    await place.discord.press(stage.ana, announcement, "Get my link")
    (meeting,) = place.zoom.meetings
    await until(lambda: len(place.zoom.registrants(meeting.id)) == 1)
    await bot.killed()
    place.zoom.faults.release()

    reborn = await Bot.born(place)
    handle = await place.discord.press(stage.ana, announcement, "Get my link")
    await handle.wait_settled()
    (registrant,) = place.zoom.registrants(meeting.id)
    assert any(item.mentions(registrant.join_url) for item in place.discord.visible_to(stage.ana))
    assert await reborn.stopped() == 0
