"""AutoMod rules against Zoom links, as we noted them, and who tried to post one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import insert_into, upsert
from bot.adapters.store.tables_leaks import BlockedTryRow, LinkRuleRow
from bot.domain.link_rule import KeptRule
from bot.domain.values import ChannelId, GuildId, MemberId, RuleId
from bot.ports.link_rules import BlockedTry


class SqlLinkRules:
    """Implements `bot.ports.LinkRuleBook`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, guild_id: GuildId) -> KeptRule | None:
        """What this community wants; None if it wants no rule."""
        row = await self._session.get(LinkRuleRow, guild_id)
        if row is None:
            return None
        return KeptRule(guild_id, None if row.rule_id is None else RuleId(row.rule_id), row.health, row.checked_at)

    async def save(self, rule: KeptRule) -> None:
        """Note it, in place of what was noted."""
        values = {
            "guild_id": rule.guild_id,
            "rule_id": rule.rule_id,
            "health": rule.health,
            "checked_at": rule.checked_at,
        }
        await self._session.execute(upsert(self._session, LinkRuleRow, values, key=["guild_id"]))

    async def forget(self, guild_id: GuildId) -> None:
        """Nobody wants it any more."""
        await self._session.execute(delete(LinkRuleRow).where(LinkRuleRow.guild_id == guild_id))

    async def wanted(self) -> Sequence[GuildId]:
        """Every community that wants one."""
        found = await self._session.scalars(select(LinkRuleRow.guild_id).order_by(LinkRuleRow.guild_id))
        return [GuildId(guild_id) for guild_id in found]

    async def note_try(self, tried: BlockedTry) -> None:
        """A message was blocked. The same one noted twice is one."""
        values = {
            "guild_id": tried.guild_id,
            "at": tried.at,
            "member_id": tried.member_id,
            "channel_id": tried.channel_id,
        }
        await self._session.execute(insert_into(self._session, BlockedTryRow).values(values).on_conflict_do_nothing())

    async def tries(self, guild_id: GuildId, since: datetime, until: datetime) -> Sequence[BlockedTry]:
        """Those of [since, until), oldest first."""
        wanted = select(BlockedTryRow).where(
            BlockedTryRow.guild_id == guild_id, BlockedTryRow.at >= since, BlockedTryRow.at < until
        )
        rows = await self._session.scalars(wanted.order_by(BlockedTryRow.at, BlockedTryRow.member_id))
        return [BlockedTry(guild_id, MemberId(row.member_id), ChannelId(row.channel_id), row.at) for row in rows]

    async def forget_tries(self, before: datetime) -> None:
        """Who tried before then is forgotten."""
        await self._session.execute(delete(BlockedTryRow).where(BlockedTryRow.at < before))
