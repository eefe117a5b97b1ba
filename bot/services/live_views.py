"""What moderators look at while a call runs: the panel's view of a session, put together from the room, the door and the acts."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from bot.domain.containment import Act, Capabilities
from bot.domain.errors import VestibuleError
from bot.domain.meeting import Door, Meeting
from bot.domain.panel import PanelView
from bot.domain.room import RoomView
from bot.domain.session import Session
from bot.domain.values import GuildId, MeetingId, SessionId
from bot.domain.verdict import DoorFacts, DoorWords, door_words
from bot.ports import Store


class RoomViews(Protocol):
    """Who is in a call; `bot.services.rooms.Rooms`."""

    async def view(self, meeting_id: MeetingId, session_id: SessionId | None = None) -> RoomView | None:
        """Of this run or of the newest; None if it never ran."""
        ...


class Means(Protocol):
    """What can be done about a running meeting, and what can be said of its door; `bot.services.emergency.Acting`."""

    def can(self, meeting: Meeting) -> Capabilities: ...
    async def door(self, guild_id: GuildId, meeting_id: MeetingId) -> DoorFacts: ...


class LiveViews:
    """The view of one session. It reads the store and asks nobody else."""

    def __init__(self, store: Store, rooms: RoomViews, means: Means) -> None:
        self._store = store
        self._rooms = rooms
        self._means = means

    async def of(self, meeting_id: MeetingId, session_id: SessionId | None = None) -> PanelView | None:
        """This run of a meeting, or its newest; None if it never ran."""
        room = await self._rooms.view(meeting_id, session_id)
        if room is None:
            return None
        async with self._store.read() as uow:
            acts = await uow.acts.of_session(room.session.session_id)
            link = await uow.links.get(room.meeting.link_id)
        can = self._means.can(room.meeting)
        if can.remove is None and link is not None:  # a process that has just begun has not learned it yet
            can = replace(can, remove=link.removal)
        return PanelView(room, can, tuple(reversed(acts)), await self.door_words(room.meeting))

    async def door_words(self, meeting: Meeting) -> DoorWords | None:
        """What a closed door means, in words; None where it is open, or nothing is known of it."""
        if meeting.door is Door.OPEN:
            return None
        try:
            return door_words(await self._means.door(meeting.guild_id, meeting.meeting_id))
        except VestibuleError:
            return None


def _belongs(act: Act, session: Session) -> bool:
    """Whether it was done in this run; acts about links alone name none."""
    if act.session_id is not None:
        return act.session_id == session.session_id
    return session.started_at is not None and session.started_at <= act.at <= (session.ended_at or act.at)
