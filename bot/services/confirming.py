"""Zoom's word that somebody is out, or that the call is over: from the events, as soon as this process knows."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from bot.domain.roster import Place
from bot.domain.values import MeetingId, ParticipantId
from bot.ports import Clock
from bot.services.standby import LiveRooms


class Confirmations:
    """A `RoomListener` that those wait at who want to know whether what Zoom accepted has happened."""

    def __init__(self, rooms: LiveRooms, clock: Clock) -> None:
        self._rooms = rooms
        self._clock = clock
        self._leaving: defaultdict[MeetingId, dict[ParticipantId, asyncio.Future[None]]] = defaultdict(dict)
        self._ending: dict[MeetingId, asyncio.Future[None]] = {}

    async def room_changed(self, meeting_id: MeetingId) -> None:
        """Somebody came, went or changed, or the call is over."""
        if meeting_id not in self._leaving and meeting_id not in self._ending:
            return
        view = self._rooms.at_hand(meeting_id)
        if view is None:
            await self._look_whether_over(meeting_id)
            return
        gone = {seat.participant.participant_uuid for seat in view.seats if not seat.here}
        waiting = self._leaving.get(meeting_id, {})
        for participant in gone & waiting.keys():
            _resolve(waiting.pop(participant))

    def leaving(self, meeting_id: MeetingId, participant: ParticipantId) -> asyncio.Future[None]:
        """Done when they are out; cancelled when the call is over before."""
        waiting = self._leaving[meeting_id]
        future = waiting.setdefault(participant, asyncio.get_running_loop().create_future())
        if self.is_out(meeting_id, participant):
            _resolve(waiting.pop(participant))
        return future

    def ending(self, meeting_id: MeetingId) -> asyncio.Future[None]:
        """Done when the call is over."""
        return self._ending.setdefault(meeting_id, asyncio.get_running_loop().create_future())

    def is_out(self, meeting_id: MeetingId, participant: ParticipantId) -> bool:
        """Whether Zoom has said that they left."""
        view = self._rooms.at_hand(meeting_id)
        return view is not None and any(
            seat.participant.participant_uuid == participant and seat.participant.place is Place.GONE
            for seat in view.seats
        )

    async def within(self, coming: asyncio.Future[None], seconds: float) -> bool:
        """Whether it came in time. What comes later still comes."""
        if coming.done():
            return not coming.cancelled()
        late = asyncio.ensure_future(self._clock.sleep(seconds))
        await asyncio.wait({coming, late}, return_when=asyncio.FIRST_COMPLETED)
        late.cancel()
        return coming.done() and not coming.cancelled()

    async def _look_whether_over(self, meeting_id: MeetingId) -> None:
        view = await self._rooms.view(meeting_id)
        if view is not None and view.session.ended_at is None:
            return
        for future in self._leaving.pop(meeting_id, {}).values():
            future.cancel()
        _resolve(self._ending.pop(meeting_id, None))


def _resolve(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
