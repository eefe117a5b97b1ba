"""What is going to be erased: members who asked or left, communities that removed the bot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Delete, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import insert_into, upsert
from bot.adapters.store.tables_privacy import DepartedGuildRow, ErasureRow
from bot.domain.values import GuildId, MemberId
from bot.ports.privacy import Departure, Erasure, Why


class SqlErasures:
    """Implements `bot.ports.privacy.Erasures`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, guild_id: GuildId, member_id: MemberId) -> Erasure | None:
        """Whether and when this member's data is erased."""
        row = await self._session.get(ErasureRow, (guild_id, member_id))
        return None if row is None else _erasure(row)

    async def put(self, erasure: Erasure) -> None:
        """Keep it in place of the one before; one that was asked for is not replaced by a leaving."""
        values = {
            "guild_id": erasure.guild_id,
            "member_id": erasure.member_id,
            "why": erasure.why,
            "since": erasure.since,
            "due_at": erasure.due_at,
        }
        if erasure.why is Why.ASKED:
            await self._session.execute(upsert(self._session, ErasureRow, values, key=["guild_id", "member_id"]))
            return
        anew = insert_into(self._session, ErasureRow).values(values)
        later = anew.on_conflict_do_update(
            index_elements=["guild_id", "member_id"],
            set_={"since": erasure.since, "due_at": erasure.due_at},
            where=ErasureRow.why == Why.LEFT,
        )
        await self._session.execute(later)

    async def drop(self, guild_id: GuildId, member_id: MemberId) -> None:
        """It is done."""
        await self._session.execute(_of(guild_id, member_id))

    async def came_back(self, guild_id: GuildId, member_id: MemberId) -> None:
        """Forget that they left; what they asked for stays."""
        await self._session.execute(_of(guild_id, member_id).where(ErasureRow.why == Why.LEFT))

    async def due(self, now: datetime, limit: int) -> Sequence[Erasure]:
        """Those whose time has come, oldest first."""
        wanted = select(ErasureRow).where(ErasureRow.due_at <= now).order_by(ErasureRow.due_at, ErasureRow.member_id)
        return [_erasure(row) for row in await self._session.scalars(wanted.limit(limit))]

    async def departure(self, guild_id: GuildId) -> Departure | None:
        """Whether this community removed the bot."""
        row = await self._session.get(DepartedGuildRow, guild_id)
        return None if row is None else _departure(row)

    async def put_departure(self, departure: Departure) -> None:
        """Keep it in place of the one before."""
        values = {
            "guild_id": departure.guild_id,
            "since": departure.since,
            "due_at": departure.due_at,
            "links_stopped": departure.links_stopped,
        }
        await self._session.execute(upsert(self._session, DepartedGuildRow, values, key=["guild_id"]))

    async def drop_departure(self, guild_id: GuildId) -> None:
        """The community is back, or erased."""
        await self._session.execute(delete(DepartedGuildRow).where(DepartedGuildRow.guild_id == guild_id))

    async def due_departures(self, now: datetime, limit: int) -> Sequence[Departure]:
        """Those whose time has come, oldest first."""
        wanted = select(DepartedGuildRow).where(DepartedGuildRow.due_at <= now).order_by(DepartedGuildRow.due_at)
        return [_departure(row) for row in await self._session.scalars(wanted.limit(limit))]


def _of(guild_id: GuildId, member_id: MemberId) -> Delete:
    return delete(ErasureRow).where(ErasureRow.guild_id == guild_id, ErasureRow.member_id == member_id)


def _erasure(row: ErasureRow) -> Erasure:
    return Erasure(GuildId(row.guild_id), MemberId(row.member_id), row.why, row.since, row.due_at)


def _departure(row: DepartedGuildRow) -> Departure:
    return Departure(GuildId(row.guild_id), row.since, row.due_at, row.links_stopped)
