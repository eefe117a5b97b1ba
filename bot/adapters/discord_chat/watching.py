"""What Discord says by itself about members: lost roles, time-outs, kicks and bans from the audit log, and who left where that may be heard.

The audit log needs the non-privileged `moderation` intent and VIEW_AUDIT_LOG (https://docs.discord.com/developers/events/gateway-events#guild-audit-log-entry-create);
leaving needs the privileged members intent (https://docs.discord.com/developers/events/gateway-events#guild-member-remove).
"""

from __future__ import annotations

import discord
import structlog

from bot.domain.values import GuildId, MemberId
from bot.services.departures import Departures
from bot.services.following import Following

_ABOUT_ONE = frozenset(
    {
        discord.AuditLogAction.member_role_update,
        discord.AuditLogAction.member_update,
        discord.AuditLogAction.kick,
        discord.AuditLogAction.ban,
    }
)
_PUT_OUT = frozenset({discord.AuditLogAction.kick, discord.AuditLogAction.ban})
_ABOUT_MANY = frozenset({discord.AuditLogAction.member_prune, discord.AuditLogAction.role_delete})

_log = structlog.get_logger("vestibule.discord")


def watch(client: discord.Client, following: Following, departures: Departures | None = None) -> None:
    """Pass on what concerns members. What is missed while nobody listens is found by the next round."""

    async def on_audit_log_entry_create(entry: discord.AuditLogEntry) -> None:
        guild_id = GuildId(entry.guild.id)
        if entry.action in _ABOUT_ONE and entry.target is not None:
            member_id = MemberId(int(entry.target.id))
            _log.info("discord.member_changed", guild_id=guild_id, member_id=member_id, action=entry.action.name)
            await following.member_changed(guild_id, member_id)
            if departures is not None and entry.action in _PUT_OUT:
                await departures.member_left(guild_id, member_id)
        elif entry.action in _ABOUT_MANY:
            _log.info("discord.members_changed", guild_id=guild_id, action=entry.action.name)
            await following.many_changed(guild_id)

    async def on_raw_member_remove(payload: discord.RawMemberRemoveEvent) -> None:
        _log.info("discord.member_left", guild_id=payload.guild_id, member_id=payload.user.id)
        guild_id, member_id = GuildId(payload.guild_id), MemberId(payload.user.id)
        await following.member_changed(guild_id, member_id)
        if departures is not None:
            await departures.member_left(guild_id, member_id)

    async def on_member_join(member: discord.Member) -> None:
        if departures is not None:
            await departures.member_back(GuildId(member.guild.id), MemberId(member.id))

    client.event(on_audit_log_entry_create)
    client.event(on_raw_member_remove)
    client.event(on_member_join)
