"""Live calls, in memory and from the store: who is in, and who is told when that changes.

The process that took an event changes its copy of the call at once and tells its listeners, before anything is written: containment must not wait for
the store. Then it writes; the durable job only makes up for a process that died in between. Other processes look every second whether something was
written (`keep_up`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache

import structlog

from bot.domain.errors import Transient
from bot.domain.meeting import MeetingState
from bot.domain.room import Hearing, RoomView
from bot.domain.roster import Entry, EntryList
from bot.domain.session import Session
from bot.domain.values import MeetingId, RegistrantId, SessionId, ZoomUserId
from bot.ports import Clock, IncomingEvent, ListedEntry, Store, UnitOfWork
from bot.ports.live import RoomListener
from bot.services.intake import KEEP_HANDLED
from bot.services.live_room import LiveRoom
from bot.services.missed_events import last_missed
from bot.services.room_events import by_session
from bot.services.sessions import Folded, LiveSessions

KEEP_UP_EVERY = 1.0
"""Seconds between two looks at what other processes wrote about live calls."""

_HASHES_KEPT = 20_000
AddressHashes = Callable[[str], Collection[str]]
"""The keyed hashes an address may have in an event: one for each key that events may have been hashed with."""

_log = structlog.stdlib.get_logger(__name__)


class Rooms:
    """The live calls this process knows.

    Args:
        live: writes what was reported.
        hashes: what an e-mail address is in an event.
        takes_events: an event endpoint is configured.
    """

    def __init__(
        self, store: Store, live: LiveSessions, clock: Clock, hashes: AddressHashes, *, takes_events: bool
    ) -> None:
        self._store = store
        self._live = live
        self._clock = clock
        self._hashes = lru_cache(maxsize=_HASHES_KEPT)(hashes)
        self._takes_events = takes_events
        self._rooms: dict[MeetingId, LiveRoom] = {}
        self._listeners: list[RoomListener] = []
        self._watchers: list[RoomListener] = []
        self._pending: dict[MeetingId, list[IncomingEvent]] = {}
        self._tasks: dict[MeetingId, asyncio.Task[None]] = {}

    def listen(self, listener: RoomListener, *, everywhere: bool = False) -> None:
        """Tell this one from now on.

        Args:
            everywhere: also of what other processes took in, within a second or two. Without it, of what this process took in: so of all processes
                one acts upon an event.
        """
        (self._watchers if everywhere else self._listeners).append(listener)

    async def view(self, meeting_id: MeetingId, session_id: SessionId | None = None) -> RoomView | None:
        """The call as the store has it now, of this run or of the newest; None if it never ran.

        Cheap where the call is in memory: then only what was written since is read, and the list of who may be in.
        """
        async with self._store.read() as uow:
            room = await self._refreshed(uow, meeting_id, session_id)
        return None if room is None else room.view(self._clock.now())

    def at_hand(self, meeting_id: MeetingId) -> RoomView | None:
        """The live call as this process knows it, without asking the store; None if it is not live or not known here."""
        room = self._rooms.get(meeting_id)
        return None if room is None else room.view(self._clock.now())

    @property
    def live(self) -> tuple[MeetingId, ...]:
        """The meetings that are live, as far as this process knows."""
        return tuple(self._rooms)

    def told(self, events: Iterable[tuple[MeetingId, IncomingEvent]]) -> None:
        """These events were just stored by this process. Returns at once; the rest is done beside."""
        for meeting_id, event in events:
            self._pending.setdefault(meeting_id, []).append(event)
            if meeting_id not in self._tasks:
                task = asyncio.create_task(self._take_in(meeting_id), name="room")
                self._tasks[meeting_id] = task

    async def fold(self, meeting_id: MeetingId) -> None:
        """The durable job: what waits is written, and the listeners are told. A repeat finds nothing waiting and tells nobody."""
        if await self._live.fold(meeting_id) is not None:
            await self._load(meeting_id)
            await self._tell(meeting_id, self._listeners + self._watchers)

    async def keep_up(self) -> None:
        """Know of every live call, and of what was written elsewhere. One look; call it every `KEEP_UP_EVERY` seconds.

        Raises:
            Transient: the store does not answer.
        """
        async with self._store.read() as uow:
            open_now = {each.meeting_id: each for each in await uow.roster.open_sessions()}
        changed = [
            meeting_id
            for meeting_id, found in open_now.items()
            if (room := self._rooms.get(meeting_id)) is None
            or room.revision != found.revision
            or room.session.session_id != found.session_id
        ]
        over = [meeting_id for meeting_id in self._rooms if meeting_id not in open_now]
        for meeting_id in (*changed, *over):
            await self._load(meeting_id)
            await self._tell(meeting_id, self._watchers)

    async def settled(self) -> None:
        """Return once everything that was told is written and passed on."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def close(self) -> None:
        """Stop. What was not written yet, the durable job writes."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take_in(self, meeting_id: MeetingId) -> None:
        try:
            while events := self._pending.pop(meeting_id, None):
                await self._notice(meeting_id, events)
        except Transient as error:
            _log.warning("room.waits", code=error.code)  # the job writes it
        except Exception:
            _log.exception("room.not_taken_in")
        finally:
            self._pending.pop(meeting_id, None)
            del self._tasks[meeting_id]

    async def _notice(self, meeting_id: MeetingId, events: Sequence[IncomingEvent]) -> None:
        room = self._rooms.get(meeting_id)
        if room is not None:
            mine = by_session(events).get(room.session.session_id, [])
            if room.heard(mine):
                await self._recheck(room, mine)
                await self._tell(meeting_id, self._listeners + self._watchers)
        folded = await self._live.fold(meeting_id, by_session(events))
        if folded is not None and not self._caught_up(folded):
            await self._load(meeting_id)
            await self._tell(meeting_id, self._listeners + self._watchers)

    def _caught_up(self, folded: Folded) -> bool:
        """Whether the call at hand is what was written, so that nothing has to be read and nobody told again."""
        room = self._rooms.get(folded.meeting.meeting_id)
        if room is None or folded.meeting.state is not MeetingState.LIVE:
            return False
        for each in folded.sessions:
            if each.session.session_id != room.session.session_id or each.session != room.session:
                return False
            if each.revision != room.revision + 1:
                return False  # somebody else has written too
            room.merge(each.tracks, each.marks, each.revision)
        room.meeting = folded.meeting
        return True

    async def _recheck(self, room: LiveRoom, events: Sequence[IncomingEvent]) -> None:
        """Read anew whether those who come are on the list: a member may have got the link a second ago, or lost it."""
        if not room.meeting.personal_links:
            return
        registrants = {
            RegistrantId(said) for event in events if isinstance(said := event.facts.get("registrant_id"), str) and said
        }
        async with self._store.read() as uow:
            room.list_entries(self._hashed(await uow.roster.entries(room.meeting.meeting_id, only=registrants)))

    async def _load(self, meeting_id: MeetingId) -> None:
        """Bring the copy up to what is stored; forget it once the call is over."""
        async with self._store.read() as uow:
            room = await self._refreshed(uow, meeting_id, None)
        if room is not None and room.live:
            self._rooms[meeting_id] = room
        else:
            self._rooms.pop(meeting_id, None)

    async def _refreshed(self, uow: UnitOfWork, meeting_id: MeetingId, session_id: SessionId | None) -> LiveRoom | None:
        meeting = await uow.meetings.get(meeting_id)
        session = await _run(uow, meeting_id, session_id)
        if meeting is None or session is None:
            return None
        room = self._rooms.get(meeting_id)
        if room is None or room.session.session_id != session.session_id:
            room = LiveRoom(meeting, session)
        revision = await uow.roster.revision(session.session_id)
        if revision > room.revision:
            tracks = await uow.roster.tracks(session.session_id, after=room.revision)
            marks = await uow.roster.marks(session.session_id, after=room.revision)
            room.merge(tracks, marks, revision)
        room.meeting, room.session = meeting, session
        asked = room.asked
        room.list_anew(await self._entry_list(uow, room), asked)
        room.missed = await last_missed(uow)
        room.hearing = Hearing.HEARD if room.tracks else await self._hearing(uow, room)
        return room

    async def _entry_list(self, uow: UnitOfWork, room: LiveRoom) -> EntryList:
        meeting = room.meeting
        listed = self._hashed(await uow.roster.entries(meeting.meeting_id))
        members = {host.user_id: host.member_id for host in await uow.links.hosts(meeting.guild_id)}
        host_addresses = await uow.roster.host_addresses(meeting.meeting_id)
        return EntryList(
            hosts={user_id: members.get(user_id) for user_id in meeting.host_ids},
            host_addresses={
                hashed: ZoomUserId(user_id)
                for address, user_id in host_addresses.items()
                for hashed in self._hashes(address)
            },
            accepted=await uow.roster.accepted(room.session.session_id),
        ).with_entries(listed)

    def _hashed(self, listed: Iterable[ListedEntry]) -> list[tuple[Entry, Collection[str]]]:
        return [(each.entry, self._hashes(each.address) if each.address else ()) for each in listed]

    async def _hearing(self, uow: UnitOfWork, room: LiveRoom) -> Hearing:
        if not self._takes_events:
            return Hearing.NO_ENDPOINT
        link = await uow.links.get(room.meeting.link_id)
        since = self._clock.now() - KEEP_HANDLED
        heard = link is not None and await uow.inbox.heard(link.zoom_account_id, since)
        return Hearing.NOT_THIS_CALL if heard else Hearing.SILENT

    async def _tell(self, meeting_id: MeetingId, listeners: Sequence[RoomListener]) -> None:
        for listener in listeners:
            try:
                await listener.room_changed(meeting_id)
            except Exception:
                _log.exception("room.listener_failed", listener=type(listener).__name__)


async def _run(uow: UnitOfWork, meeting_id: MeetingId, session_id: SessionId | None) -> Session | None:
    """This run, or the newest: one that goes on before one that is over."""
    runs = await uow.sessions.of_meeting(meeting_id)
    if session_id is not None:
        return next((run for run in runs if run.session_id == session_id), None)
    begun = [run for run in runs if run.started_at is not None]
    return max(begun, key=lambda run: (run.live, run.started_at, run.session_id), default=None)


__all__ = ["KEEP_UP_EVERY", "RoomView", "Rooms"]
