"""Running calls in the town: a moderator who locks them, strangers who come in, and the same done to a bare client."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from bench.town import Town
from bot.rehearsal.discord_handles import InteractionHandle
from bot.rehearsal.zoom_events import ZoomEventSender
from bot.rehearsal.zoom_http import RequestRecord
from bot.rehearsal.zoom_state import Meeting

SECRET = "bench-events-secret"
_WITHIN = 60.0
_LOOK = 0.005
_MILLISECOND = timedelta(milliseconds=1)
Interaction = Mapping[str, Any]
Wanted = Callable[[RequestRecord], bool]


class Calls:
    """Live calls of the first community. Every duration is between two instants of the town's clock: the act, and the request's arrival at Zoom."""

    def __init__(self, town: Town, bare_press: Callable[[], Awaitable[Interaction]]) -> None:
        self._town, self._zoom = town, town.zoom
        self._bare_press = bare_press
        self._addresses = {"bot": "", "bare": ""}
        self._events, self._bare_events = self._sender("bot"), self._sender("bare")
        self._http: aiohttp.ClientSession | None = None
        self._calls: list[tuple[str, Meeting]] = []
        self._bare_meeting = 0
        self._turns: dict[int, asyncio.Lock] = {}
        self._numbers = itertools.count()
        self._guarded = False

    def _sender(self, whose: str) -> ZoomEventSender:
        return ZoomEventSender(self._zoom.state, SECRET, lambda: self._addresses[whose], self._town.clock)

    async def open(self, bot: str, bare: str, bare_meeting: str, calls: int) -> Mapping[str, Any]:
        """So many calls are created and begin, everybody knows of them. `bot` and `bare` are where the two take events."""
        self._addresses |= {"bot": bot, "bare": bare}
        self._http = aiohttp.ClientSession()
        for sender in (self._events, self._bare_events):
            await sender.start()
        self._zoom.report_events_to(self._events)
        for account in (self._town.account, self._town.bare_account):
            account.remove_enabled = True
        before = {meeting.id for meeting in self._zoom.meetings}
        for number in range(calls):
            await self._town.create(f"Call {number}")
        made = {meeting.topic: meeting for meeting in self._zoom.meetings if meeting.id not in before}
        self._turns = {meeting.id: asyncio.Lock() for meeting in made.values()} | {0: asyncio.Lock()}
        self._bare_meeting = int(bare_meeting)
        self._zoom.start_meeting(self._bare_meeting)
        for meeting in made.values():
            self._begin(meeting)
        self._calls = await self._offered(made)
        return {}

    async def close(self) -> None:
        """No more events."""
        for sender in (self._events, self._bare_events):
            await sender.stop()
        if self._http is not None:
            await self._http.close()

    async def lock(self) -> Mapping[str, Any]:
        """A moderator locks a call: from the dispatch of INTERACTION_CREATE until Zoom's first request about it arrives. Then it is opened again."""
        name, meeting = self._calls[next(self._numbers) % len(self._calls)]
        path = f"/v2/meetings/{meeting.id}"
        async with self._turns[meeting.id]:
            seen = len(self._zoom.requests)
            handle = await self._command("lock", name)
            began = self._town.clock.now()
            arrived = await self._arrival(seen, lambda call: call.path == path and call.method == "GET")
            await handle.wait_settled()
            await (await self._command("unlock", name)).wait_settled()
        return {"ms": (arrived - began) / _MILLISECOND}

    async def bare_lock(self) -> Mapping[str, Any]:
        """The same requests by the bare client: it is told by HTTP, acknowledges, and asks Zoom."""
        assert self._http is not None
        path = f"/v2/meetings/{self._bare_meeting}"
        async with self._turns[0]:
            interaction = await self._bare_press()
            seen = len(self._zoom.requests)
            began = self._town.clock.now()
            async with self._http.post(f"{self._addresses['bare']}/press", json=interaction):
                pass
            arrived = await self._arrival(seen, lambda call: call.path == path and call.method == "GET")
        return {"ms": (arrived - began) / _MILLISECOND}

    async def guard(self) -> Mapping[str, Any]:
        """The first call runs anew with its waiting room off and its door closed, and one stranger was put out of it: what GUARDED needs."""
        name, meeting = self._calls[0]
        self._zoom.end_meeting(meeting.id)
        await self._events.settled()
        self._begin(meeting)
        await self._events.settled()
        if not self._guarded:
            await (await self._command("lock", name)).wait_settled()
            self._guarded = True
        return await self.stranger()

    async def stranger(self) -> Mapping[str, Any]:
        """Somebody who is not on the list comes in: from the sending of the event until their removal arrives."""
        _, meeting = self._calls[0]
        seen = len(self._zoom.requests)
        began = self._town.clock.now()
        who = self._zoom.live.intrude(meeting, f"Stranger {next(self._numbers)}")
        return {"ms": (await self._arrival(seen, _removal(who.uuid)) - began) / _MILLISECOND}

    async def bare_stranger(self) -> Mapping[str, Any]:
        """The same event to the bare client, which asks for the removal at once."""
        uuid = f"{next(self._numbers):022d}=="
        template = next(each for each in self._events.deliveries if each.name == "meeting.participant_joined")
        event = json.loads(template.body)
        event["payload"]["object"]["participant"]["participant_uuid"] = uuid
        seen = len(self._zoom.requests)
        began = self._town.clock.now()
        self._bare_events.send(event)
        return {"ms": (await self._arrival(seen, _removal(uuid)) - began) / _MILLISECOND}

    async def state(self) -> Mapping[str, Any]:
        """How many events were not taken with 204, and what the bot says of the door now."""
        statuses = [status for each in self._events.deliveries for status in each.statuses]
        reply = await (await self._command("lock", self._calls[0][0])).wait_settled()
        return {"not_204": sum(status != 204 for status in statuses), "door": json.dumps(reply.components)}

    def _begin(self, meeting: Meeting) -> None:
        self._zoom.start_meeting(meeting.id)
        meeting.live_waiting_room = False
        self._zoom.host_enters(meeting.id)

    async def _offered(self, made: Mapping[str, Meeting]) -> list[tuple[str, Meeting]]:
        """The calls under the names that the commands know them by, once all are known to be live."""
        discord = self._town.discord
        async with asyncio.timeout(_WITHIN):
            while True:
                offers = await discord.autocomplete(self._town.admin, self._town.lobby, "lock", "meeting", "")
                found = [(offer["value"], m) for offer in offers for topic, m in made.items() if topic in offer["name"]]
                if len(found) == len(made):
                    return found
                await asyncio.sleep(0.2)

    async def _command(self, command: str, meeting: str) -> InteractionHandle:
        return await self._town.discord.slash(self._town.admin, self._town.lobby, command, {"meeting": meeting})

    async def _arrival(self, seen: int, wanted: Wanted) -> datetime:
        """When the first such request after `seen` arrived.

        Raises:
            RuntimeError: none did.
        """
        try:
            async with asyncio.timeout(_WITHIN):
                while True:
                    for call in itertools.islice(self._zoom.requests, seen, None):
                        if wanted(call):
                            return call.at
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            raise RuntimeError("no request arrived") from None


def _removal(participant_uuid: str) -> Wanted:
    def is_it(call: RequestRecord) -> bool:
        params = (call.body or {}).get("params")
        return isinstance(params, dict) and params.get("participant_uuid") == participant_uuid

    return is_it
