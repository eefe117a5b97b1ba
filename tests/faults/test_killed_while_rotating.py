"""`kill -9` while a meeting is rotated: one new meeting, one announcement, and the old one gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.rehearsal.zoom_state import Meeting
from tests.e2e.town import town
from tests.faults.bot_life import Bot
from tests.faults.stage import Stage
from tests.faults.test_killed_while_revoking import announced
from tests.waiting import until


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with town(tmp_path) as place:
        yield Stage(place)


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        (("POST", r"/users/[^/]+/meetings$"), "apply_then_timeout"),
        (("DELETE", r"/meetings/\d+$"), "timeout"),
    ],
)
async def test_killed_while_rotating_makes_one_new_meeting_and_loses_the_old_one(
    stage: Stage, where: tuple[str, str], fault: str
) -> None:
    place = stage.place
    bot, _ = await announced(stage)
    (old,) = place.zoom.meetings
    before = len(place.zoom.requests)
    choices = await place.discord.autocomplete(stage.olga, stage.calls, "meeting rotate", "meeting", "")
    place.zoom.faults.add(where, fault)  # type: ignore[arg-type]
    await place.discord.slash(stage.olga, stage.calls, "meeting rotate", {"meeting": str(choices[0]["value"])})
    await until(lambda: any(r.method == where[0] for r in place.zoom.requests[before:]))
    await bot.killed()
    place.zoom.faults.release()

    reborn = await Bot.born(place)
    await _brought_to_its_end(reborn, stage, old)
    announcements = [m for m in place.discord.messages_in(stage.calls) if "starts" not in m.content]
    assert sum("## " in message.content for message in announcements) == 1
    assert await reborn.stopped() == 0


def standing(stage: Stage) -> list[Meeting]:
    return [meeting for meeting in stage.place.zoom.meetings if not meeting.deleted]


async def _brought_to_its_end(bot: Bot, stage: Stage, old: Meeting) -> None:
    def one_stands() -> bool:
        done = [meeting.id == old.id for meeting in standing(stage)] == [False]
        if not done and not stage.unfinished_jobs():
            bot.advance(timedelta(seconds=31))
        return done

    await until(one_stands, look=0.3)
