"""Settings of communities."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.store.repositories.statements import upsert
from bot.adapters.store.tables import CommunityRoleRow, CommunityRow, RoleKind
from bot.domain.community import Community
from bot.domain.values import ChannelId, GuildId, RoleId


class SqlCommunities:
    """Implements `bot.ports.Communities`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, guild_id: GuildId) -> Community:
        """The community's settings; the defaults if nobody changed any."""
        row = await self._session.get(CommunityRow, guild_id)
        if row is None:
            return Community(guild_id)
        roles = await self._session.scalars(select(CommunityRoleRow).where(CommunityRoleRow.guild_id == guild_id))
        return _community(row, roles.all())

    async def save(self, community: Community) -> None:
        """Keep all settings, the new for the old."""
        guild_id = community.guild_id
        # The row comes first: on PostgreSQL its lock makes two who save at once take turns.
        await self._session.execute(upsert(self._session, CommunityRow, _columns(community), key=["guild_id"]))
        await self._session.execute(delete(CommunityRoleRow).where(CommunityRoleRow.guild_id == guild_id))
        if roles := _roles(community):
            await self._session.execute(insert(CommunityRoleRow), roles)


def _columns(community: Community) -> dict[str, object]:
    return {
        "guild_id": community.guild_id,
        "on_call_role": community.on_call_role,
        "moderators_channel": community.moderators_channel,
        "announcement_channel": community.announcement_channel,
        "timezone": community.timezone,
        "country": community.country,
        "min_account_age": community.min_account_age,
        "min_membership_age": community.min_membership_age,
        "open_door_min_account_age": community.open_door_min_account_age,
        "link_release": community.link_release,
        "reminder": community.reminder,
        "retention": community.retention,
    }


def _roles(community: Community) -> list[dict[str, object]]:
    named = {
        RoleKind.VERIFIED: community.verified_roles,
        RoleKind.ORGANISER: community.organiser_roles,
        RoleKind.MODERATOR: community.moderator_roles,
    }
    return [
        {"guild_id": community.guild_id, "kind": kind, "role_id": role_id}
        for kind, role_ids in named.items()
        for role_id in sorted(role_ids)
    ]


def _community(row: CommunityRow, roles: Iterable[CommunityRoleRow]) -> Community:
    named: dict[RoleKind, set[RoleId]] = {kind: set() for kind in RoleKind}
    for role in roles:
        named[role.kind].add(RoleId(role.role_id))
    return Community(
        guild_id=GuildId(row.guild_id),
        verified_roles=frozenset(named[RoleKind.VERIFIED]),
        organiser_roles=frozenset(named[RoleKind.ORGANISER]),
        moderator_roles=frozenset(named[RoleKind.MODERATOR]),
        on_call_role=None if row.on_call_role is None else RoleId(row.on_call_role),
        moderators_channel=None if row.moderators_channel is None else ChannelId(row.moderators_channel),
        announcement_channel=None if row.announcement_channel is None else ChannelId(row.announcement_channel),
        timezone=row.timezone,
        country=row.country,
        min_account_age=row.min_account_age,
        min_membership_age=row.min_membership_age,
        open_door_min_account_age=row.open_door_min_account_age,
        link_release=row.link_release,
        reminder=row.reminder,
        retention=row.retention,
    )
