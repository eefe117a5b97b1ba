"""The process whose roster grows: inbox, rooms and sessions of production on a database of its own, with three calls of different sizes in it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any, cast
from uuid import uuid4

from bench.lines import Parent
from bot.adapters.store import migrate
from bot.adapters.store.sealed import Sealer
from bot.adapters.store.unit_of_work import SqlStore, open_store
from bot.adapters.timing import SystemChance, SystemClock
from bot.domain.meeting import Host, Meeting, MeetingState, ProfileName
from bot.domain.values import GuildId, LinkId, MeetingId, MemberId, Passcode, SessionId, ZoomMeetingId, ZoomUserId
from bot.logs import configure_logs
from bot.ports import AccountLink, EventKind, IncomingEvent, Job, LinkKind, MeetingProvider
from bot.services.intake import Intake
from bot.services.rooms import Rooms
from bot.services.sessions import LiveSessions

GUILD, LINK, HOST = GuildId(1), LinkId("link"), ZoomUserId("host")


class Call:
    """A live call whose people leave and come back in turn, so that its size stays what it is."""

    def __init__(self, number: int, size: int, meeting_id: MeetingId, began: datetime) -> None:
        self.size, self.meeting_id = size, meeting_id
        self.zoom_id = ZoomMeetingId(str(86_000_000_001 + number))
        self._session = SessionId(f"session-{number}")
        self._began = self._at = began
        self._moves = itertools.count()

    def arrivals(self) -> list[IncomingEvent]:
        """Everybody comes in."""
        return [self._event(EventKind.JOINED, person) for person in range(self.size)]

    def next(self) -> IncomingEvent:
        """Somebody leaves, or comes back: of each person in turn, first the one and then the other."""
        move = next(self._moves)
        return self._event((EventKind.LEFT, EventKind.JOINED)[move % 2], move // 2 % self.size)

    def begin(self) -> IncomingEvent:
        """The call begins."""
        return self._about(EventKind.STARTED, {"start_time": self._began.isoformat()})

    def _event(self, kind: EventKind, person: int) -> IncomingEvent:
        facts = {
            "user_id": str(16_778_240 + person),
            "user_name": f"Member {person}·K7F",
            "participant_uuid": f"{person:022d}==",
            "registrant_id": f"registrant-{person}",
            "email_hash": f"{person:032x}",
        }
        return self._about(kind, facts)

    def _about(self, kind: EventKind, facts: Mapping[str, str]) -> IncomingEvent:
        self._at += timedelta(milliseconds=1)
        return IncomingEvent(uuid4().hex * 2, kind, "account", self._at, self.zoom_id, self._session, None, facts)


class Desk:
    """Feeds calls and takes the processor time of it."""

    def __init__(self, store: SqlStore, clock: SystemClock, chance: SystemChance) -> None:
        live = LiveSessions(store, cast(MeetingProvider, None), clock)  # only looks ask Zoom, and nothing looks here
        self._rooms = Rooms(store, live, clock, lambda _: (), takes_events=True)
        self._intake = Intake(store, clock, chance, self._rooms.told)
        self._calls: dict[int, Call] = {}

    async def fill(self, calls: list[Call]) -> None:
        """They begin and everybody comes in."""
        for call in calls:
            self._calls[call.size] = call
            await self._take([call.begin()])
            await self._take(call.arrivals())

    async def feed(self, size: int, events: int) -> Mapping[str, Any]:
        """Milliseconds of processor time, on all threads, that each event took: kept, folded, written, and in memory."""
        call = self._calls[size]
        cost = []
        for _ in range(events):
            event = call.next()
            began = process_time()
            await self._take([event])
            cost.append((process_time() - began) * 1000)
        return {"ms": cost}

    async def look(self, size: int, times: int) -> Mapping[str, Any]:
        """The same for putting the call together as panel and sentinel see it, which they do after an event."""
        began = process_time()
        for _ in range(times):
            view = self._rooms.at_hand(self._calls[size].meeting_id)
            assert view is not None
            assert len(view.seats) == size
        return {"ms": (process_time() - began) * 1000 / times}

    async def close(self) -> None:
        await self._rooms.close()

    async def _take(self, events: list[IncomingEvent]) -> None:
        await self._intake.store(events)
        await self._rooms.settled()


async def main() -> None:
    """Do what is asked until the parent goes."""
    parent = await Parent.opened()
    config = await parent.config()
    configure_logs(level="warning", form="json")
    clock = SystemClock()
    chance = SystemChance(clock)
    address = f"sqlite:///{Path(config['folder']) / 'vestibule.db'}"
    await migrate.upgrade(address)
    store = open_store(address, Sealer([config["key"]]), chance, synchronous=config["synchronous"].upper())
    for job in Job:
        store.jobs.register(job.value, _never, queue="routine")
    async with store.jobs.open():
        desk = Desk(store, clock, chance)
        await desk.fill(await _calls(store, chance, config["sizes"]))
        parent.say_ready()
        await parent.serve({"feed": desk.feed, "look": desk.look})
        await desk.close()
    await store.close()


async def _calls(store: SqlStore, chance: SystemChance, sizes: list[int]) -> list[Call]:
    now = datetime.now(UTC)
    calls = [Call(number, size, MeetingId(chance.new_id()), now) for number, size in enumerate(sizes)]
    async with store.work() as uow:
        await uow.links.save(AccountLink(LINK, GUILD, LinkKind.SERVER_TO_SERVER, "account"))
        await uow.links.save_host(GUILD, Host(HOST, "host@choir.example", True, LINK))
        for call in calls:
            meeting = Meeting(
                call.meeting_id,
                GUILD,
                LINK,
                HOST,
                f"Choir {call.size}",
                now,
                timedelta(hours=1),
                ProfileName.MEMBERS,
                MemberId(1),
                now,
                state=MeetingState.CREATED,
                zoom_id=call.zoom_id,
            )
            await uow.meetings.add(meeting, Passcode("Aa1-000000"))
        await uow.commit()
    return calls


async def _never(**_: object) -> None:
    """Nothing runs jobs here."""


if __name__ == "__main__":
    asyncio.run(main())
