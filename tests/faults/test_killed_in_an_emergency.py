"""`kill -9` in the middle of an emergency: the next life of the bot finishes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.rehearsal.discord_world import Message
from bot.rehearsal.zoom_events import ZoomEventSender
from tests.e2e.town import town
from tests.faults.bot_life import Bot
from tests.faults.stage import Stage
from tests.waiting import until

SECRET = "events-secret"
STRANGERS = 5


class Alarm:
    """A call with a member and strangers in it, and a bot that hears of them."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.place = stage, stage.place
        self.bot: Bot | None = None
        place = stage.place
        self.events = ZoomEventSender(place.zoom.state, SECRET, lambda: self.address, place.clock)
        place.zoom.report_events_to(self.events)
        for account in place.zoom.state.accounts.values():
            account.remove_enabled = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{9 if self.bot is None else self.bot.port}"

    async def born(self) -> Bot:
        self.bot = await Bot.born(self.place, zoom_webhook_secret=SECRET)
        return self.bot

    async def draft(self) -> Message:
        """A draft that can be created: on a slow machine the bot may not know its hosts yet."""
        found: list[Message] = []

        async def offered() -> bool:
            reply = (await self.stage.drafted()).reply
            if reply is not None and "Create" in str(reply.components):
                found.append(reply)
            return bool(found)

        await until(offered, look=0.5)
        return found[-1]

    async def knows_the_call(self) -> None:
        """The bot has taken in who is there: `/roster` names the last stranger."""

        async def named() -> bool:
            handle = await self.place.discord.slash(self.stage.olga, self.stage.calls, "roster")
            reply = await handle.wait_settled()
            return f"Stranger {STRANGERS - 1}" in str(reply.components) + str(reply.content)

        await until(named, look=0.2)

    def inside(self) -> set[str]:
        (meeting,) = self.place.zoom.meetings
        return {participant.name for participant in meeting.participants.values()}

    def removals(self) -> int:
        return sum(record.method == "PATCH" and "live_meetings" in record.path for record in self.place.zoom.requests)


@pytest.fixture
async def alarm(tmp_path: Path) -> AsyncIterator[Alarm]:
    async with town(tmp_path) as place:
        built = Alarm(Stage(place))
        await built.events.start()
        yield built
        await built.events.stop()


async def test_killed_between_its_removals_finishes_them_and_removes_no_member(alarm: Alarm) -> None:
    place, stage = alarm.place, alarm.stage
    bot = await alarm.born()
    await stage.set_up()
    await (await place.discord.press(stage.olga, await alarm.draft(), "Create")).wait_settled()
    await stage.announced()
    bot.advance(timedelta(minutes=15))
    (announcement,) = place.discord.messages_in(stage.calls)
    await (await place.discord.press(stage.ana, announcement, "Get my link")).wait_settled()
    (meeting,) = place.zoom.meetings
    (registrant,) = place.zoom.registrants(meeting.id)
    place.zoom.start_meeting(meeting.id)
    meeting.live_waiting_room = False
    place.zoom.enter(registrant.join_url, "Ana")
    for number in range(STRANGERS):
        place.zoom.live.intrude(meeting, f"Stranger {number}")
    await until(lambda: len(alarm.events.deliveries) >= STRANGERS + 2)

    place.zoom.faults.add(("PATCH", "/live_meetings/"), "timeout", times=STRANGERS - 1, skip=1)
    await alarm.knows_the_call()
    await place.discord.slash(stage.olga, stage.calls, "emergency")
    await until(lambda: alarm.removals() >= STRANGERS)
    await bot.killed()
    place.zoom.faults.clear()
    place.zoom.faults.release()
    assert len(alarm.inside()) > 1

    reborn = await alarm.born()
    await until(lambda: len(alarm.inside()) == 1)
    assert all(name.startswith("Ana") for name in alarm.inside())
    assert await reborn.stopped() == 0
