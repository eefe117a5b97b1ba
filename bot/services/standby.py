"""What an emergency needs when nothing else answers: kept in memory for every meeting that is live."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from bot.domain.community import Community, MemberFacts, Right, may
from bot.domain.containment import Capabilities
from bot.domain.errors import NeedsAttention, VestibuleError
from bot.domain.meeting import Meeting, MeetingState
from bot.domain.room import RoomView
from bot.domain.values import GuildId, LinkId, MeetingId, MemberId, SessionId
from bot.domain.verdict import WaitingRoom
from bot.ports import AccountLink, Clock, Store
from bot.ports.containment import ClosedDoor
from bot.ports.control import RoomControl
from bot.services.closed_here import ClosedHere
from bot.services.patience import StorePatience, StoreSilent
from bot.services.rights import unknown_meeting

REFRESH_EVERY = 20.0
"""Seconds between two looks at what is kept here."""

_log = structlog.stdlib.get_logger(__name__)


class LiveRooms(Protocol):
    """The live calls this process knows: `services/rooms.py`."""

    @property
    def live(self) -> tuple[MeetingId, ...]: ...
    def at_hand(self, meeting_id: MeetingId) -> RoomView | None: ...
    async def view(self, meeting_id: MeetingId, session_id: SessionId | None = None) -> RoomView | None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """A meeting with everything that acting on it needs. `door` is None while it is open."""

    meeting: Meeting
    community: Community
    link: AccountLink | None
    door: ClosedDoor | None = None
    from_store: bool = True


class StandBy:
    """Meetings as they were last seen, with doors that were closed here and are not in the store yet."""

    def __init__(
        self,
        store: Store,
        rooms: LiveRooms,
        control: RoomControl,
        clock: Clock,
        patience: StorePatience,
        closed_here: ClosedHere,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._control = control
        self._clock = clock
        self._patience = patience
        self._known: dict[MeetingId, Standing] = {}
        self._order = itertools.count(1)
        self._newest: dict[MeetingId, int] = {}
        self._closed_here = closed_here
        self._removal: dict[LinkId, tuple[int, bool]] = {}

    async def refresh(self) -> None:
        """Look at every live meeting anew and have its account's token at hand; forget those that are over."""
        live = self._rooms.live
        for meeting_id in tuple(self._known):
            if meeting_id not in live and meeting_id not in self._closed_here:
                del self._known[meeting_id]
                del self._newest[meeting_id]
        for meeting_id in live:
            try:
                standing = await self.look(meeting_id)
                await self._control.stand_by(standing.meeting.link_id)
            except VestibuleError as error:
                _log.warning("standby.waits", code=error.code)

    async def look(self, meeting_id: MeetingId, guild_id: GuildId | None = None) -> Standing:
        """The meeting as the store has it, however long that takes. What is known here is not overwritten by a look that began before it was learned.

        Raises:
            UserMistake: the community has no such meeting.
        """
        order = next(self._order)
        async with self._store.read() as uow:
            meeting = await uow.meetings.get(meeting_id)
            if meeting is None or guild_id not in (None, meeting.guild_id):
                raise unknown_meeting()
            standing = Standing(
                meeting,
                await uow.communities.get(meeting.guild_id),
                await uow.links.get(meeting.link_id),
                await uow.doors.closed(meeting_id),
            )
        if standing.link is not None and standing.link.removal is not None:
            self._note_removal(order, standing.link.link_id, standing.link.removal)
        if order > self._newest.get(meeting_id, 0):
            self._put(meeting_id, standing, order)
        return self._as_closed_here(standing)

    async def know(self, guild_id: GuildId, meeting_id: MeetingId) -> Standing:
        """The meeting from the store if it answers in time, else from memory.

        Raises:
            UserMistake: the community has no such meeting.
            NeedsAttention: the store is silent, and this process does not know the meeting.
        """
        try:
            return await self._patience.of(self.look(meeting_id, guild_id))
        except StoreSilent:
            known = self.recall(meeting_id)
            if known is None or known.meeting.guild_id != guild_id:
                raise NeedsAttention(
                    "The database does not answer, and I do not know this call well enough to act without it. "
                    "In Zoom: Host tools > Lock meeting, or End > End meeting for all.",
                    code="store_silent",
                ) from None
            return replace(known, from_store=False)

    async def live_of(self, guild_id: GuildId, actor: MemberFacts) -> Sequence[Meeting]:
        """The community's live meetings, for whoever may act on them."""
        async with self._store.read() as uow:
            if not may(Right.MODERATE, actor, await uow.communities.get(guild_id)):
                return []
            return [meeting for meeting in await uow.meetings.upcoming(guild_id) if meeting.state is MeetingState.LIVE]

    async def barred(self, meeting_id: MeetingId) -> frozenset[MemberId]:
        """Who gets no new link for this meeting."""
        async with self._store.read() as uow:
            return await uow.doors.barred(meeting_id)

    def recall(self, meeting_id: MeetingId) -> Standing | None:
        """The meeting as it was last seen, with what was done here since."""
        known = self._known.get(meeting_id)
        return None if known is None else self._as_closed_here(known)

    def closed_here(self, door: ClosedDoor) -> None:
        """The door is closed from now on, whether the store knows it already or not."""
        self._closed_here.close(door)

    def in_store(self, meeting_id: MeetingId, at: datetime) -> None:
        """The store knows by now what was done to this door until then."""
        self._closed_here.in_store(meeting_id, at)

    def can(self, link_id: LinkId) -> Capabilities:
        """What can be done with meetings of this account now."""
        offered = self._control.capabilities(link_id)
        learned = self._removal.get(link_id)
        return offered if learned is None else replace(offered, remove=learned[1])

    def removal_is(self, link_id: LinkId, *, works: bool) -> None:
        """Zoom let us remove somebody, or refused."""
        self._note_removal(next(self._order), link_id, works)

    async def keep_removal(self, meeting: Meeting, *, works: bool, code: str) -> None:
        """Remember it with the account. Keeping the same twice changes nothing; what the store does not take now, the next removal tells again."""
        try:
            async with self._store.work() as uow:
                link = await uow.links.get(meeting.link_id)
                if link is None or link.removal is works:
                    return
                await uow.links.save(replace(link, removal=works))
                facts: dict[str, str | int | bool | None] = {"works": works, "code": code}
                at, of = self._clock.now(), meeting.meeting_id
                await uow.audit.append(meeting.guild_id, "link.removal", at=at, actor=None, meeting=of, facts=facts)
                await uow.commit()
        except VestibuleError as error:
            _log.warning("removal.not_kept", code=error.code)
        else:
            self.removal_is(meeting.link_id, works=works)

    def _note_removal(self, order: int, link_id: LinkId, works: bool) -> None:
        if order > self._removal.get(link_id, (0, works))[0]:
            self._removal[link_id] = (order, works)

    def read_back(self, meeting_id: MeetingId, waiting_room: WaitingRoom) -> None:
        """What the last read-back said of the waiting room; told again once the store has it."""
        self._closed_here.read_back(meeting_id, waiting_room)
        known = self._known.get(meeting_id)
        if known is not None and known.door is not None:
            standing = replace(known, door=replace(known.door, waiting_room=waiting_room))
            self._put(meeting_id, standing, next(self._order))

    def _put(self, meeting_id: MeetingId, standing: Standing, order: int) -> None:
        self._known[meeting_id], self._newest[meeting_id] = standing, order

    def _as_closed_here(self, standing: Standing) -> Standing:
        door = self._closed_here.door(standing.meeting.meeting_id)
        if door is None:
            return standing
        return replace(standing, meeting=self._closed_here.seen(standing.meeting), door=standing.door or door)
