"""`kill -9` while a weekly call is being created: every week once, every server event once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.rehearsal.discord_values import Value
from tests.e2e.town import town
from tests.faults.bot_life import Bot
from tests.faults.stage import Stage
from tests.waiting import until


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with town(tmp_path) as place:
        yield Stage(place)


async def test_killed_in_the_middle_of_a_series_ends_with_each_week_and_each_event_once(stage: Stage) -> None:
    place = stage.place
    bot = await Bot.born(place)
    await stage.set_up()
    options: dict[str, Value] = {"topic": "Choir practice", "when": "in 40 minutes", "repeat_weeks": 3}
    handle = await place.discord.slash(stage.olga, stage.calls, "meeting create", options)
    draft = await handle.wait_settled()
    place.zoom.faults.add(("POST", r"/meetings$"), "apply_then_timeout", skip=1)
    place.discord.faults.add(("POST", r"/scheduled-events$"), "apply_then_timeout", times=None)
    await place.discord.press(stage.olga, draft, "Create all 3")
    await until(lambda: len(place.zoom.meetings) == 2 and len(place.guild.events) == 1)
    await bot.killed()
    place.zoom.faults.clear()
    place.discord.faults.clear()
    place.zoom.faults.release()
    place.discord.faults.release()

    reborn = await Bot.born(place)

    def all_there() -> bool:
        done = len(place.zoom.meetings) == 3 and len(place.guild.events) == 3
        if not done and not stage.unfinished_jobs():
            reborn.advance(timedelta(seconds=40))
        return done

    await until(all_there, look=0.5)
    assert len({meeting.start for meeting in place.zoom.meetings}) == 3
    assert len({event.body["scheduled_start_time"] for event in place.guild.events.values()}) == 3
    assert len(place.discord.messages_in(stage.calls)) == 1
    assert await reborn.stopped() == 0
