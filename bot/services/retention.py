"""What is known of people in a meeting goes when the community's retention is over, unless an incident holds it."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.values import GuildId, MeetingId
from bot.ports import Clock, Store
from bot.services.erasing import PIECE

AT_ONCE = 50
"""Meetings of one community that one sweep takes; the next goes on."""
KEEP_COUNTERS = timedelta(days=30)


class Retention:
    """The sweep. Two at once, or a second one, find nothing more to delete."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def sweep(self) -> int:
        """Delete what is older than its community keeps it, in small transactions; how many rows. Harmless twice: what is deleted is gone."""
        async with self._store.read() as uow:
            communities = await uow.personal.communities()
        gone = 0
        for guild_id in communities:
            gone += await self._sweep_one(guild_id)
        async with self._store.work() as uow:
            await uow.personal.purge_counters(self._clock.now() - KEEP_COUNTERS)
            if gone:
                uow.personal.drop_traces()
            await uow.commit()
        return gone

    async def _sweep_one(self, guild_id: GuildId) -> int:
        now = self._clock.now()
        async with self._store.read() as uow:
            before = now - (await uow.communities.get(guild_id)).retention
            held = (await uow.holds.held(now)).meetings
            meetings = await uow.personal.over(guild_id, before, held, AT_ONCE)
            something_old = await uow.personal.anything_old(guild_id, before, held)
        gone = 0
        for meeting_id in meetings:
            while piece := await self._piece_of_meeting(meeting_id):
                gone += piece
        while something_old and (piece := await self._piece_of_rest(guild_id, before)):
            gone += piece
        return gone

    async def _piece_of_meeting(self, meeting_id: MeetingId) -> int:
        """Some rows of it; none once an incident holds it, which may have been opened since the last piece."""
        async with self._store.work() as uow:
            if meeting_id in (await uow.holds.held(self._clock.now())).meetings:
                return 0
            gone = await uow.personal.purge_meeting(meeting_id, PIECE)
            await uow.commit()
        return gone

    async def _piece_of_rest(self, guild_id: GuildId, before: datetime) -> int:
        async with self._store.work() as uow:
            held = (await uow.holds.held(self._clock.now())).meetings
            gone = await uow.personal.purge_old(guild_id, before, held, PIECE)
            await uow.commit()
        return gone
