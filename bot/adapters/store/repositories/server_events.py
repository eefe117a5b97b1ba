"""The server events of meetings, as we noted them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import upsert
from bot.adapters.store.tables import MeetingRow
from bot.adapters.store.tables_series import ServerEventRow
from bot.domain.values import GuildId, MeetingId
from bot.ports import EventId, KeptEvent


class SqlKeptEvents:
    """Implements `bot.ports.KeptEvents`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, meeting_id: MeetingId) -> KeptEvent | None:
        """What is known of this meeting's event."""
        row = await self._session.get(ServerEventRow, meeting_id)
        if row is None:
            return None
        event_id = None if row.event_id is None else EventId(row.event_id)
        return KeptEvent(meeting_id, row.state, event_id, row.fingerprint)

    async def save(self, kept: KeptEvent) -> None:
        """Note it, in place of what was noted."""
        values = {
            "meeting_id": kept.meeting_id,
            "state": kept.state,
            "event_id": kept.event_id,
            "fingerprint": kept.fingerprint,
        }
        await self._session.execute(upsert(self._session, ServerEventRow, values, key=["meeting_id"]))

    async def ids(self, guild_id: GuildId) -> frozenset[EventId]:
        """Every event that is noted for a meeting of this community."""
        wanted = (
            select(ServerEventRow.event_id)
            .join(MeetingRow, MeetingRow.meeting_id == ServerEventRow.meeting_id)
            .where(MeetingRow.guild_id == guild_id, ServerEventRow.event_id.is_not(None))
        )
        return frozenset(EventId(event_id) for event_id in await self._session.scalars(wanted) if event_id is not None)
